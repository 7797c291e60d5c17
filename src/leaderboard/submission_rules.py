"""The rules of submissions, one small function each: what a field may hold and what a suite needs.

Enters: raw values, suites. Leaves: parsed values, or texts that say what is wrong with which value, what was expected
and what to do. What a model must offer is in `model_rules`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeVar
from urllib.parse import unquote

from leaderboard.errors import Problem
from leaderboard.records import MODEL_ID_PATTERN, QUANTISED, Precision
from leaderboard.settings import Settings
from leaderboard.suites import REWARD_METRIC, Suite, judge_identity

MODEL_ID = re.compile(MODEL_ID_PATTERN, re.ASCII)
REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*", re.ASCII)
MODEL_PAGE = re.compile(
    rf"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?P<model>{MODEL_ID_PATTERN})"
    r"(?:/(?:tree|commit)/(?P<revision>[^/?#\s]+))?/?(?:[?#]\S*)?",
    re.ASCII,
)
LONGEST_ID = 193
LONGEST_REVISION = 100
LONGEST_ADDRESS = 1_000
LONGEST_SENDER = 100
RESERVED = ("api", "datasets", "models", "spaces")
WIDEST = 4
"""Bytes of a parameter in the widest precision."""

Choice = TypeVar("Choice", bound=str)


class Refused(ValueError):
    """A raw value that a field cannot hold; its text is the problem's message."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a submission may cost.

    `max_weight_bytes` bounds the real size of the weight files, `memory_bytes` is what an evaluation may use,
    `retry_pause_seconds` must pass between a failure and its retry. `has_judge`, `has_baseline` and `has_files` tell
    whether suites can be accepted that need them; `judge` and `prompts` are what a submission is identified by that is
    judged, or asked the prompts of this place.
    """

    max_params: int
    max_open_per_sender: int
    max_weight_bytes: int
    memory_bytes: int
    retry_pause_seconds: float = 60.0
    has_judge: bool = False
    judge: str | None = None
    has_baseline: bool = False
    has_files: bool = False
    prompts: str | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        """The configured limits; weights may be as large as the largest model in the widest precision."""
        return cls(
            max_params=settings.max_params,
            max_open_per_sender=settings.max_open_per_sender,
            max_weight_bytes=settings.max_params * WIDEST,
            memory_bytes=int(settings.memory_limit_gb * 2**30),
            has_judge=settings.judge_model is not None,
            judge=None if settings.judge_model is None else judge_identity(settings.judge_model),
            has_baseline=settings.judge_baseline is not None,
            has_files=settings.task_files is not None,
            prompts=settings.red_prompts and prompts_identity(settings.red_prompts),
        )


def prompts_identity(address: str) -> str:
    """How prompts are named in a submission: a Hub address as it is, a file or folder by its name."""
    return address if "://" in address else PurePath(address).name or address


def shown(value: object) -> str:
    """A value as it may stand in a message: escaped, on one line, cut to 60 characters."""
    if not isinstance(value, str):
        return f"a value of type {type(value).__name__}"
    text = ascii(value[:60])
    return f"{text} … ({len(value)} characters)" if len(value) > 60 else text


def parse_text(value: object) -> str:
    """A string without the ordinary spaces around it; tabs, line breaks and other blanks stay and are refused later.

    Raises Refused for anything but a string.
    """
    if not isinstance(value, str):
        raise Refused(f"Found {shown(value)}; expected text.")
    return value.strip(" ")


def split_page(model: object, revision: object) -> tuple[object, object]:
    """Model and revision where `model` is the address of a model's page on the Hub; both unchanged otherwise.

    The revision of the address counts unless another one is given beside it.
    """
    page = MODEL_PAGE.fullmatch(model.strip(" ")) if isinstance(model, str) and len(model) <= LONGEST_ADDRESS else None
    if page is None:
        return model, revision
    named = unquote(page["revision"] or "")
    is_default = isinstance(revision, str) and revision.strip(" ") in ("", "main")
    return page["model"], (named if named and is_default else revision)


def parse_model(value: object) -> str:
    """A model id, `org/name`, in the form the Hub allows.

    Raises Refused.
    """
    text = parse_text(value)
    if not text:
        raise Refused("No model is named; expected an id such as org/name.")
    if len(text) > LONGEST_ID or not MODEL_ID.fullmatch(text):
        raise Refused(
            f"{shown(text)} is not a model id; expected org/name with at most 96 ASCII letters, digits, '.', '_' or "
            "'-' on each side, each side starting with a letter or digit. Copy the id from the model's page."
        )
    if text.split("/")[0].lower() in RESERVED:
        raise Refused(f"{shown(text)} does not name a model: {text.split('/')[0]!r} is no organisation. Name a model.")
    if "--" in text or ".." in text or any(part.endswith((".", "-", ".git")) for part in text.split("/")):
        raise Refused(
            f"{shown(text)} is not a model id; the Hub allows neither '--' nor '..' nor a part that ends in '.', '-' "
            "or '.git'. Copy the id from the model's page."
        )
    return text


def parse_revision(value: object) -> str:
    """A branch, tag or commit; main when empty.

    Raises Refused, also for pull requests: anybody can open one on anybody's model.
    """
    text = parse_text(value) or "main"
    if text.startswith("refs/"):
        raise Refused(f"{shown(text)} is a reference such as a pull request; expected a branch, tag or commit.")
    if (
        len(text) > LONGEST_REVISION
        or not REVISION.fullmatch(text)
        or ".." in text
        or any(part.endswith((".", ".lock")) for part in text.split("/"))
    ):
        raise Refused(f"{shown(text)} is not a revision; expected main, a branch, a tag or a 40-digit commit sha.")
    return text


def one_of(choices: Sequence[Choice]) -> Callable[[object], Choice]:
    """A parser that accepts exactly these words."""

    def parse(value: object) -> Choice:
        text = parse_text(value)
        for choice in choices:
            if text == choice:
                return choice
        raise Refused(f"{shown(text)} is not known; choose one of {', '.join(choices)}.")

    return parse


def parse_flag(value: object) -> bool:
    """True or False.

    Raises Refused for anything else, also for 0, 1 and 'true'.
    """
    if not isinstance(value, bool):
        raise Refused(f"Found {shown(value)}; expected true or false.")
    return value


def parse_sender(value: object) -> str:
    """A name to count submissions by.

    Raises Refused.
    """
    text = parse_text(value)
    if not text or len(text) > LONGEST_SENDER or not text.isprintable():
        raise Refused(f"{shown(text)} is not a sender; expected 1 to {LONGEST_SENDER} printable characters.")
    return text


def suite_problems(
    suite: Suite | None, *, chat_template: bool, limits: Limits, precision: Precision = "bfloat16"
) -> list[Problem]:
    """Why a suite cannot be run here, known before anything is fetched or generated."""
    if suite is None:
        return []
    problems = [Problem(field="suite", message=text) for text in missing_for(suite, limits)]
    if precision in QUANTISED and suite.tasks[0].metric != REWARD_METRIC:
        message = f"{precision} is offered for reward models alone; {suite.name} takes bfloat16, float16 or float32."
        problems.append(Problem(field="precision", message=message))
    if suite.needs_chat and not chat_template:
        message = f"{suite.name} asks in a chat; expected the chat template to be on. Switch it on."
        problems.append(Problem(field="chat_template", message=message))
    return problems


def missing_for(suite: Suite, limits: Limits) -> list[str]:
    """What a suite needs of this place and does not have, with what whoever runs it can do."""
    found = []
    if suite.judging and not suite.judge_optional and not limits.has_judge:
        found.append(
            f"{suite.name} needs a judge, and none is configured here. Choose another suite; whoever runs this board "
            "can set LEADERBOARD_JUDGE_MODEL and LEADERBOARD_JUDGE_URL."
        )
    if suite.needs_baseline and not limits.has_baseline:
        found.append(
            f"{suite.name} compares with a baseline's answers, and none are configured here. Choose another suite; "
            "whoever runs this board can set LEADERBOARD_JUDGE_BASELINE."
        )
    if suite.needs_files and not limits.has_files:
        found.append(
            f"{suite.name} needs preference pairs of others, and none are configured here. Choose another suite; "
            "whoever runs this board can set LEADERBOARD_TASK_FILES."
        )
    if suite.needs_prompts and limits.prompts is None:
        found.append(
            f"{suite.name} needs prompts, and none are configured here. Choose another suite; whoever runs this board "
            "can set LEADERBOARD_RED_PROMPTS."
        )
    return found
