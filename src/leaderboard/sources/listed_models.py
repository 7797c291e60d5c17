"""What was looked up by a person: names that documents identify, namespaces of organisations, publishers of tables.

Every entry of `LISTED` names the document. Add one only with a document that says which model was used.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The id of the model and where that is documented."""

    model: str
    evidence: str


_H4 = "H4's post 'Can foundation models label data like humans?' (2023-06-12) links huggingface.co/{model} for it."
_LLAMA_2 = "Meta's card of the Hub page: this model, converted for the Hugging Face Transformers format."


def _listed(publisher: str, spelling: str, model: str, evidence: str, **more: str) -> tuple[tuple[str, str], Listed]:
    return (publisher, spelling), Listed(model=model, evidence=evidence.format(model=model, **more))


LISTED: Mapping[tuple[str, str], Listed] = dict((
    _listed("h4", "vicuna-13b", "lmsys/vicuna-13b-delta-v1.1", _H4),
    _listed("h4", "koala-13b", "young-geng/koala", _H4),
    _listed("h4", "oasst-12b", "OpenAssistant/oasst-sft-1-pythia-12b", _H4),
    _listed("h4", "dolly-12b", "databricks/dolly-v2-12b", _H4),
    _listed("hub", "meta-llama/llama-2-7b-hf", "meta/llama-2-7b", _LLAMA_2),
    _listed("hub", "meta-llama/llama-2-13b-hf", "meta/llama-2-13b", _LLAMA_2),
    _listed("hub", "meta-llama/llama-2-70b-hf", "meta/llama-2-70b", _LLAMA_2),
))  # fmt: skip
"""(publisher, name in lower case) -> the model that a document says it is; publisher "hub" for Hub ids."""

PUBLISHERS: Mapping[str, str] = {
    "helm": "helm",
    **dict.fromkeys(
        ("arena_leaderboard", "arena_scores", "mt_bench_published", "arena_20230501", "arena_20230522",
         "arena_20240629", "arena_ratings_20230522", "arena_weekly_2023", "mt_bench"), "lmsys",
    ),
    **dict.fromkeys(("alpaca_eval_2", "alpaca_eval_claude", "alpaca_eval_talk"), "alpaca_eval"),
    **dict.fromkeys(
        (*(f"open_llm_2023_{day}" for day in ("0523", "0526", "0531", "0610", "0619", "0629", "0714")),
         "open_llm_v1", "open_llm_v2"), "open_llm",
    ),
    **dict.fromkeys(("h4_board", "h4_gpt4", "h4_gpt4_demonstrations", "h4_human"), "h4"),
}  # fmt: skip
"""Tables whose names one publisher chose, so that the same name means the same model in all of them."""

REFERENCES = ("arena_leaderboard", "arena_scores", "mt_bench_published", "alpaca_eval_2", "alpaca_eval_claude")
"""Tables whose names others are compared with, beside HELM: those of publishers who say which models they mean."""
REFERENCE_NAMES = {"helm": "HELM", "lmsys": "LMSYS's leaderboard", "alpaca_eval": "AlpacaEval's board"}

FORKS = frozenset({"gpt4_forks"})
"""Tables gathered from personal copies, whose owners named models as they liked."""

NAMESPACES: Mapping[str, frozenset[str]] = {
    name: frozenset(spaces)
    for name, spaces in {
        "01ai": ("01-ai",), "ai21labs": ("ai21", "ai21labs"), "ai2": ("allenai",), "allenai": ("allenai",),
        "alleninstituteforai": ("allenai",), "alibaba": ("qwen",), "alibabacloud": ("qwen",), "qwen": ("qwen",),
        "alibabagroup": ("qwen",), "alephalpha": ("alephalpha",), "amazon": ("amazon",), "anthropic": ("anthropic",),
        "cohere": ("cohere", "cohereforai"), "databricks": ("databricks",), "deepseek": ("deepseek-ai",),
        "deepseekai": ("deepseek-ai",), "google": ("google",), "ibm": ("ibm", "ibm-granite"),
        "ibmgranite": ("ibm", "ibm-granite"), "lmsys": ("lmsys",), "meta": ("meta", "meta-llama", "facebook"),
        "microsoft": ("microsoft",), "mistral": ("mistralai",), "mistralai": ("mistralai",),
        "moonshot": ("moonshotai",), "moonshotai": ("moonshotai",), "mosaicml": ("mosaicml",), "nvidia": ("nvidia",),
        "openai": ("openai",), "rekaai": ("reka", "rekaai"), "snowflake": ("snowflake",), "stanford": ("stanford",),
        "tiiuae": ("tiiuae",), "tii": ("tiiuae",), "upstage": ("upstage",), "upstageai": ("upstage",),
        "xai": ("xai", "xai-org"), "zai": ("zai-org",),
    }.items()
}  # fmt: skip
"""Name of an organisation, lower case without punctuation -> its namespaces in HELM and on the Hub."""
