"""The four sets of H4's board: read from datasets laid out as they are on the Hub, through the real client."""

import gzip
import io
import json
from functools import partial

import pandas as pd
import pytest

from eval_queue.runners.rewards import hub_sets
from eval_queue.runners.rewards.hub_sets import CONVERTED, HUB_SETS, HubSet, load_hub
from eval_queue.runners.rewards.pairs import PairSet, drawn, from_rows, messages
from eval_queue.runners.rewards.sources import find_pairs
from leaderboard.errors import PermanentFailure, TransientFailure
from leaderboard.sources.reward_files import pairs_in
from leaderboard.suites import REWARD_H4
from tests.fakehub import FakeHub

TASKS = {task.name: task for task in REWARD_H4.tasks}


def lines(rows: list[dict]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def parquet(rows: list[dict]) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame(rows).to_parquet(buffer)
    return buffer.getvalue()


def dialogue(name: str, answer: str) -> str:
    return f"\n\nHuman: What is {name}?\n\nAssistant: {answer}"


def helpful(folder: str, n: int) -> bytes:
    rows = [
        {"chosen": dialogue(f"{folder} {at}", f"It is {at}."), "rejected": dialogue(f"{folder} {at}", "No idea.")}
        for at in range(n)
    ]
    return gzip.compress(lines(rows))


def post(at: int, choice: int) -> dict:
    info = {"id": f"p{at}", "post": f"Long story {at}.", "title": f"Title {at}", "subreddit": "tifu", "article": None}
    summaries = [
        {"text": f"short {at}", "policy": "a", "note": None},
        {"text": f"bad {at}", "policy": "b", "note": None},
    ]
    return {"info": info, "summaries": summaries, "choice": choice, "worker": "w"}


def message(name: str, parent: str | None, role: str, text: str, rank: float | None = None, lang: str = "en") -> dict:
    return {"message_id": name, "parent_id": parent, "role": role, "text": text, "rank": rank, "lang": lang}


TREE = [
    message("q1", None, "prompter", "Why is the sky blue?"),
    message("a1", "q1", "assistant", "Scattering.", 0.0),
    message("a2", "q1", "assistant", "Magic.", 2.0),
    message("a3", "q1", "assistant", "It just is.", 1.0),
    message("q2", "a1", "prompter", "Of what?"),
    message("b1", "q2", "assistant", "Of light.", 1.0),
    message("b2", "q2", "assistant", "Of sunlight by air.", 0.0),
    message("f1", None, "prompter", "Pourquoi ?", lang="fr"),
    message("g1", "f1", "assistant", "Parce que.", 0.0, "fr"),
    message("g2", "f1", "assistant", "Bof.", 1.0, "fr"),
    message("q3", None, "prompter", "Alone?"),
    message("c1", "q3", "assistant", "Yes."),
]


@pytest.fixture
def hub():
    with FakeHub() as hub:
        hub.put("datasets", "Anthropic/hh-rlhf", {
            "helpful-base/test.jsonl.gz": helpful("base", 5), "helpful-online/test.jsonl.gz": helpful("online", 4),
            "helpful-base/train.jsonl.gz": helpful("train", 3), "harmless-base/test.jsonl.gz": helpful("harm", 2),
        })  # fmt: skip
        hub.put("datasets", "OpenAssistant/oasst1", {
            "data/validation-00000-of-00001-13.parquet": parquet(TREE), "data/train-00000-of-00001-b4.parquet": b"no",
        })  # fmt: skip
        ask = {"history": "How?", "human_ref_A": "Like this.", "human_ref_B": "Dunno.", "labels": 1, "score_ratio": 2.0}
        hub.put("datasets", "stanfordnlp/SHP", {
            "askbaking/test.json": lines([ask, ask | {"history": "Why?", "labels": 0}]),
            "askvet/test.json": lines([ask | {"history": "When?"}]), "askvet/train.json": b"not read",
        })  # fmt: skip
        hub.put("datasets", "openai/summarize_from_feedback", {"README.md": b"no data on main"})
        hub.branch("datasets", "openai/summarize_from_feedback", CONVERTED, {
            "comparisons/validation/0000.parquet": parquet([post(1, 0), post(2, 1)]),
            "axis/validation/0000.parquet": b"not read",
        })  # fmt: skip
        yield hub


@pytest.fixture
def fetch(hub, tmp_path):
    return partial(load_hub, endpoint=hub.endpoint, cache=tmp_path / "cache")


def test_the_sizes_are_those_of_the_board_of_2023():
    assert {name: where.n for name, where in HUB_SETS.items()} == {name: task.n for name, task in TASKS.items()}
    assert [task.n for task in REWARD_H4.tasks] == [3_000, 1_140, 11_021, 4_760]


def test_every_set_is_read_from_its_dataset_at_a_commit_that_is_told(hub, fetch):
    sizes = {}
    for name, task in TASKS.items():
        found = find_pairs(task, None, fetch)
        where = HUB_SETS[name]
        commit = hub.repo("datasets", where.dataset).commits[-1].sha
        assert found.source.startswith(f"{where.dataset}@{commit[:12]}: ")
        assert found.note == f"{len(found.pairs.pairs)} pairs where {task.n:,} were expected"
        sizes[name] = len(found.pairs.pairs)
    assert sizes == {"h4_helpful": 9, "h4_oasst": 4, "h4_shp": 3, "h4_summarize": 2}


def test_the_voted_answer_is_the_better_one(hub, fetch):
    pairs = {pair.prompt: pair for pair in fetch("h4_shp")[0].pairs}
    assert (pairs["How?"].chosen, pairs["Why?"].chosen) == ("Like this.", "Dunno.")


def test_the_chosen_summary_is_the_better_one_and_the_post_is_asked_about(hub, fetch):
    first, second = fetch("h4_summarize")[0].pairs
    assert first.prompt == "SUBREDDIT: r/tifu\nTITLE: Title 1\nPOST: Long story 1.\nTL;DR:"
    assert (first.chosen, first.rejected) == ("short 1", "bad 1")
    assert (second.chosen, second.rejected) == ("bad 2", "short 2")


def test_summaries_stored_as_an_object_of_lists_are_read_alike():
    row = post(1, 1)
    listed = row | {"summaries": {name: [each[name] for each in row["summaries"]] for name in ("text", "policy")}}
    both = [pairs_in(pd.DataFrame([each]), "x").pairs for each in (row, listed)]
    pd.testing.assert_frame_equal(*both)


def test_a_news_article_is_asked_about_where_there_is_no_post():
    row = post(1, 0)
    row["info"] |= {"post": None, "article": "It rained."}
    assert pairs_in(pd.DataFrame([row]), "x").pairs["prompt"][0] == "Article:\n\nIt rained.\n\nTL;DR:"


def test_every_two_english_answers_of_unlike_rank_are_a_pair_with_the_talk_before_them(hub, fetch):
    pairs = fetch("h4_oasst")[0].pairs
    assert {(pair.chosen, pair.rejected) for pair in pairs} == {
        ("Scattering.", "It just is."), ("Scattering.", "Magic."), ("It just is.", "Magic."),
        ("Of sunlight by air.", "Of light."),
    }  # fmt: skip
    last = next(pair for pair in pairs if pair.chosen == "Of sunlight by air.")
    assert messages(last.prompt, last.chosen) == [
        {"role": "user", "content": "Why is the sky blue?"}, {"role": "assistant", "content": "Scattering."},
        {"role": "user", "content": "Of what?"}, {"role": "assistant", "content": "Of sunlight by air."},
    ]  # fmt: skip


def test_a_draw_is_the_same_for_everybody_and_said(hub, monkeypatch, fetch):
    where = HUB_SETS["h4_helpful"]
    small = HubSet(dataset=where.dataset, files=where.files, n=4)
    monkeypatch.setattr(hub_sets, "HUB_SETS", {"h4_helpful": small})
    found = find_pairs(TASKS["h4_helpful"], None, fetch)
    assert found.note == "4 pairs where 3,000 were expected, drawn from 9"
    assert len(found.pairs.pairs) == 4


def some(n: int) -> PairSet:
    rows = [{"prompt": f"p{at}", "chosen": "a", "rejected": "b"} for at in range(n)]
    return from_rows("some", pd.DataFrame(rows))


@pytest.mark.parametrize("n", [1, 7, 19, 20, 21, None])
def test_a_draw_takes_that_many_whatever_the_order_of_the_file(n):
    pairs = some(20)
    backwards = PairSet(name="some", pairs=pairs.pairs[::-1], rejected=())
    one, other = drawn(pairs, n), drawn(backwards, n)
    assert len(one.pairs) == min(n or 20, 20)
    assert set(one.pairs) == set(other.pairs)
    places = [pairs.pairs.index(pair) for pair in one.pairs]
    assert places == sorted(places)


def test_a_local_file_of_the_set_comes_before_the_hub(hub, tmp_path, fetch):
    (tmp_path / "reward_models").mkdir()
    (tmp_path / "reward_models" / "h4_shp.jsonl").write_bytes(lines([{"prompt": "p", "chosen": "a", "rejected": "b"}]))
    found = find_pairs(TASKS["h4_shp"], tmp_path, fetch)
    assert (found.source, len(found.pairs.pairs), hub.requests) == ("h4_shp.jsonl", 1, [])


@pytest.mark.parametrize("fault", [{"status": 503, "times": 50}, {"status": 401, "times": 50}])
def test_a_hub_that_fails_is_said_with_what_to_do_and_tried_again_later(hub, fault, fetch):
    hub.fault("*", **fault)
    with pytest.raises(TransientFailure, match="LEADERBOARD_TASK_FILES"):
        fetch("h4_shp")


def test_a_dataset_without_the_files_is_final_and_names_them(hub, fetch):
    hub.put("datasets", "stanfordnlp/SHP", {"askbaking/test.json": None, "askvet/test.json": None})
    with pytest.raises(PermanentFailure, match=r"no file \*/test.json"):
        fetch("h4_shp")


def test_files_of_another_kind_are_refused_with_their_columns(hub, fetch):
    hub.put(
        "datasets", "stanfordnlp/SHP", {"askbaking/test.json": lines([{"question": "?"}]), "askvet/test.json": None}
    )
    with pytest.raises(PermanentFailure, match="columns are question"):
        find_pairs(TASKS["h4_shp"], None, fetch)
