"""Names mean the same model only by evidence: rules, traps, and what a further table may never change."""

import string

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.boards.model_names import own_address
from leaderboard.sources import catalogue, mentions
from leaderboard.sources.identity import Mention, hub_id_of_link, parts
from leaderboard.sources.listed_models import LISTED, NAMESPACES, REFERENCES

HELM = pd.DataFrame(
    [
        ("openai/gpt-4-0314", "GPT-4 (0314)", "OpenAI"),
        ("openai/gpt-4-0613", "GPT-4 (0613)", "OpenAI"),
        ("lmsys/vicuna-13b-v1.3", "Vicuna v1.3 (13B)", "LMSYS"),
        ("meta/llama-2-7b", "Llama 2 (7B)", "Meta"),
        ("meta/llama-3.1-8b-instruct", "Llama 3.1 Instruct (8B)", "Meta"),
        ("google/gemini-2.0-flash-lite-001", "Gemini 2.0 Flash Lite", "Google"),
        ("google/text-bison@001", "PaLM-2 (Bison)", "Google"),
        ("google/text-bison@002", "PaLM-2 (Bison)", "Google"),
        ("alephalpha/luminous-base", "Luminous Base (13B)", "Aleph Alpha"),
    ],
    columns=["model", "name", "organization"],
)
REFERENCE_ROWS = [
    ("arena_leaderboard", "GPT-4", "OpenAI", "https://openai.com/research/gpt-4"),
    ("arena_leaderboard", "GPT-4-0314", "OpenAI", None),
    ("arena_leaderboard", "Vicuna-13B", "LMSYS", "https://huggingface.co/lmsys/vicuna-13b-v1.5"),
    ("arena_leaderboard", "Llama-2-7b-chat", "Meta", "https://huggingface.co/meta-llama/Llama-2-7b-chat-hf"),
    ("arena_leaderboard", "Guanaco-33B", "UW", "https://huggingface.co/timdettmers/guanaco-33b-merged"),
    ("arena_scores", "Llama-2-7B-chat", "Meta", None),
    ("alpaca_eval_2", "Guanaco 33B", None, "https://huggingface.co/timdettmers/guanaco-33b"),
]


def told(rows):
    frame = pd.DataFrame(rows, columns=["table", "spelling", "organization", "link"]).astype("string")
    return frame.reindex(columns=list(mentions.COLUMNS))


@pytest.fixture(scope="module")
def resolver():
    return catalogue.resolver_of(HELM, told(REFERENCE_ROWS))


def means(resolver, table, spelling, organization=None, link=None):
    return resolver.resolve(Mention(table=table, spelling=spelling, organization=organization, link=link))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LLaMA2 Chat (7B)", "llama-2-7b-chat"), ("Vicuna v1.3 (13B)", "vicuna-13b-v1.3"), ("gpt4", "GPT-4"),
        ("GPT-4 (0314)", "gpt_4:0314"), ("QWen-Chat-14B", "Qwen-14B-Chat"), ("Ｇｐｔ－４", "gpt-4"),
    ],
)  # fmt: skip
def test_case_punctuation_and_the_place_of_the_size_make_no_other_name(one, other):
    assert parts(one) == parts(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpt-4", "gpt-4-0314"), ("gpt-4-0314", "gpt-4-0613"), ("llama-2-7b", "llama-2-7b-chat"),
        ("llama-2-7b", "llama-27b"), ("vicuna-13b", "vicuna-13b-v1.3"), ("vicuna-13b-v1.1", "vicuna-13b-v1.3"),
        ("vicuna-13b-v1.3", "vicuna-13b-v1.5"), ("vicuna-13b-v1.3", "vicuna-13b-v13"), ("wizardlm-13b", "wizardlm-7b"),
        ("WizardLM-13B-V1.1", "WizardLM-13B-V1.2"), ("claude-2", "claude-2.0"), ("command-r", "command-r+"),
        ("mixtral-8x7b", "mixtral-8x22b"), ("gpt-4", "gpt-4o"), ("claude-3-5", "claude-5-3"),
    ],
)  # fmt: skip
def test_versions_sizes_and_words_make_another_name(one, other):
    assert parts(one) != parts(other)


def test_each_rule_gives_its_model_and_says_why(resolver):
    cases = [
        (("open_llm_v1", "lmsys/Vicuna-13B-v1.3"), "lmsys/vicuna-13b-v1.3", "hub_id", "Hub id"),
        (("open_llm_v1", "meta-llama/Llama-3.1-8B-Instruct"), "meta/llama-3.1-8b-instruct", "hub_id", "HELM"),
        (("open_llm_v1", "meta-llama/Llama-2-7b-hf"), "meta/llama-2-7b", "hub_id", "model card|card of the Hub"),
        (("h4_human", "dolly-12b"), "databricks/dolly-v2-12b", "listed", "dolly-v2-12b"),
        (("rm_bench", "Vicuna 13B v1.3", None, "https://huggingface.co/lmsys/vicuna-13b-v1.3"),
         "lmsys/vicuna-13b-v1.3", "link", "huggingface.co/lmsys/vicuna-13b-v1.3"),
        (("other", "GPT-4 0314", "OpenAI"), "openai/gpt-4-0314", "organisation", "OpenAI"),
        (("arena_20230522", "gpt-4"), "lmsys:gpt-4", "publisher", "LMSYS"),
        (("llmfao", "Vicuna v1.3 (13B)"), "lmsys/vicuna-13b-v1.3", "name", "no organisation"),
    ]  # fmt: skip
    for asked, model, rule, words in cases:
        found = means(resolver, *asked)
        assert (found.model, found.rule) == (model, rule), asked
        assert any(word in found.evidence for word in words.split("|")), (asked, found.evidence)


def test_a_name_without_a_version_is_no_version_even_where_its_table_links_one(resolver):
    found = means(resolver, "arena_leaderboard", "Vicuna-13B", "LMSYS", "https://huggingface.co/lmsys/vicuna-13b-v1.5")
    assert (found.model, found.rule) == ("lmsys:vicuna-13b", "none")
    assert "lmsys/vicuna-13b-v1.5, another name" in found.hint
    assert means(resolver, "peer_rank", "vicuna-13b").model == "lmsys:vicuna-13b"
    assert means(resolver, "arena_scores", "Gemini-2.0-Flash-Lite", "Google").model == "lmsys:gemini-2.0-flash-lite"


def test_one_table_gives_the_link_and_the_other_tables_of_its_publisher_follow(resolver):
    for table, spelling in (("arena_scores", "Llama-2-7B-chat"), ("arena_20230522", "llama-2-7b-chat")):
        assert means(resolver, table, spelling).model == "meta-llama/llama-2-7b-chat-hf"


def test_what_is_ambiguous_too_weak_or_under_another_organisation_stays_apart(resolver):
    guanaco = means(resolver, "llmfao", "Guanaco (33B)")
    assert (guanaco.model, guanaco.rule) == ("llmfao:guanaco-33b", "none")
    assert "lmsys:guanaco-33b, timdettmers/guanaco-33b" in guanaco.hint
    assert means(resolver, "llmfao", "PaLM-2 (Bison)").model == "llmfao:palm-2-bison"
    luminous = means(resolver, "llmfao", "Luminous Base")
    assert (luminous.model, luminous.rule) == ("llmfao:luminous-base", "none")
    assert "neither version nor size" in luminous.hint
    other = means(resolver, "mine", "GPT-4 (0314)", "Somebody Else")
    assert (other.model, other.rule) == ("mine:gpt-4-0314", "none")
    assert "another organisation: openai/gpt-4-0314" in other.hint


def test_names_of_personal_copies_are_compared_with_nothing_but_hub_ids(resolver):
    assert means(resolver, "gpt4_forks", "vicuna-13b-v1.3").model == "gpt4_forks:vicuna-v-1.3-13b"
    assert means(resolver, "gpt4_forks", "lmsys/vicuna-13b-v1.3").model == "lmsys/vicuna-13b-v1.3"


@pytest.mark.parametrize(
    ("link", "hub_id"),
    [
        ("https://huggingface.co/lmsys/vicuna-7b-v1.3", "lmsys/vicuna-7b-v1.3"),
        ("https://huggingface.co/lmsys/vicuna-7b-v1.3/tree/main", "lmsys/vicuna-7b-v1.3"),
        ("https://huggingface.co/blog/idefics", None), ("https://huggingface.co/datasets/a/b", None),
        ("https://openai.com/gpt-4", None), ("https://evil.example/huggingface.co/a/b", None), (None, None),
    ],
)  # fmt: skip
def test_only_model_pages_of_the_hub_are_ids(link, hub_id):
    assert hub_id_of_link(link) == hub_id


def test_the_lists_are_in_lower_case_and_every_entry_has_its_document():
    assert all(key == (key[0], key[1].casefold()) and entry.evidence.strip() for key, entry in LISTED.items())
    assert all(space == space.casefold() for spaces in NAMESPACES.values() for space in spaces)


NAMES = st.text(string.ascii_letters + string.digits + " -_.:/+()#é", min_size=1, max_size=24)
KNOWN = st.sampled_from([row[1] for row in REFERENCE_ROWS] + [*HELM["name"], *HELM["model"]])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["mine", "yours", "llmfao", "mt_bench", "gpt4_forks", "open_llm_v2"]),
        st.one_of(NAMES, KNOWN),
        st.one_of(st.none(), st.sampled_from(["OpenAI", "Meta", "LMSYS", "Else"])),
        st.one_of(st.none(), st.sampled_from([row[3] for row in REFERENCE_ROWS if row[3]])),
    ),
    max_size=8,
)


@settings(max_examples=60)
@given(rows=ROWS, more=ROWS)
def test_a_further_table_never_changes_what_other_names_mean(rows, more):
    before = catalogue.named(catalogue.resolver_of(HELM, told(REFERENCE_ROWS + rows)), told(rows))
    after = catalogue.named(catalogue.resolver_of(HELM, told(REFERENCE_ROWS + rows + more)), told(rows))
    assert before.equals(after)


@settings(max_examples=100)
@given(rows=ROWS)
def test_ids_can_be_written_in_an_address_and_asking_again_gives_the_same(rows):
    resolver = catalogue.resolver_of(HELM, told(REFERENCE_ROWS))
    for table, spelling, organization, link in rows:
        found = means(resolver, table, spelling, organization, link)
        assert found == means(resolver, table, spelling, organization, link)
        assert found.evidence
        address = own_address([found.model])[0]
        assert not set(address) & set(" +#&;\"'<>\\") - {"&"}


@settings(max_examples=100)
@given(name=st.one_of(NAMES, KNOWN))
def test_the_spelling_of_a_name_makes_no_difference_within_one_table(name):
    resolver = catalogue.resolver_of(HELM, told(REFERENCE_ROWS))
    other = name.upper().replace("-", "_").replace(" ", "-")
    if "/" not in name and parts(name) and parts(other) == parts(name):
        assert means(resolver, "mine", other).model == means(resolver, "mine", name).model


def test_reference_tables_are_those_of_publishers_that_say_which_models_they_mean():
    assert {row[0] for row in REFERENCE_ROWS} <= set(REFERENCES)
