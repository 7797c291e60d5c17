"""Readings: the texts behind a number, one place at a time, before anybody renders them.

Enters: what a visitor chose. Leaves: a `Reading` for `views/reader` to show: the choices there are, where the visitor
is, the steps from here, and the texts. Texts are untrusted: a part says what they are, the renderer makes them safe.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Selection = Mapping[str, str]
"""Name of a choice to the value chosen: what the address of a reading holds."""
Role = Literal["prompt", "answer", "reference", "verdict", "note"]
Side = Literal["both", "a", "b"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One value of a choice; `hint` is a short figure beside it, such as a score."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something a visitor chooses, such as the category, the question or a model; `value` is what is chosen now."""

    name: str
    label: str
    options: tuple[Option, ...]
    value: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """One text of a reading.

    `side` is the column it stands in; neighbouring parts of sides a and b share a row. `facts` are short pairs of
    label and value above the text. `mark` is a warning in words ("inconsistent"), `link` its evidence. A part that is
    `withheld` has no text: the visitor asks for it by the selection `show=<key>`.
    """

    key: str
    role: Role
    title: str
    text: str = ""
    markup: Literal["markdown", "plain"] = "markdown"
    side: Side = "both"
    facts: tuple[tuple[str, str], ...] = ()
    mark: str = ""
    link: str = ""
    folded: bool = False
    withheld: bool = False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a visitor reads at one place.

    `origin` says where the texts come from; `steps` maps a label ("Previous question", "Next question", "Next
    disagreement") to the selection it leads to; `at` is 1-based and `of` the number of places, both 0 when there are
    none. `empty` says why there is nothing to read and what to do.
    """

    title: str
    origin: str
    choices: tuple[Choice, ...] = ()
    parts: tuple[Part, ...] = ()
    steps: Mapping[str, Selection] = field(default_factory=dict)
    at: int = 0
    of: int = 0
    empty: str = ""
