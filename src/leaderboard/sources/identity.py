"""Which model a name means: many spellings, one model, and for each the evidence; never a guess.

Enters: mentions (a table wrote this name) and the reference catalogues. Leaves: a `Resolution` for each. It depends on
the mention and the references only, so that a further table never changes what other names mean. Rules, the first one
that holds:

    listed        a person listed it in `listed_models`, with the document that says so
    hub_id        it is a Hub id; the Hub takes Org/M and org/m for one repository
    link          the table links a Hub page with the same name
    organisation  a reference has the same name, and both name the same organisation
    publisher     the publisher of the table has the same name in its own reference table
    name          exactly one reference has the same name; the table names no organisation
    none          nothing holds: the name stands for itself

"Same name" is `parts`: the same words, versions and sizes, whatever the case and punctuation. A name without a version
is never one with a version: their parts differ.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from leaderboard.sources.listed_models import (
    FORKS,
    LISTED,
    NAMESPACES,
    PUBLISHERS,
    Listed,
)

Rule = Literal["catalogue", "listed", "hub_id", "link", "organisation", "publisher", "name", "none"]
Parts = tuple[str, ...]

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.:@-]+")
HUB_LINK = re.compile(r"https?://huggingface\.co/([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)/?(?:[?#].*|(?:tree|blob)/.*)?")
SEPARATORS = re.compile(r"[\s_:/@,()\[\]\"'-]+")
LETTER_DIGIT = re.compile(r"(?<=[a-z])(?=\d)")
UNSAFE = re.compile(r"[^\w.-]")
SIZE = re.compile(r"\d+(?:\.\d+)?(?:x\d+(?:\.\d+)?)?[bm]")


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A name in a table; organisation and link where the table gives them."""

    table: str
    spelling: str
    organization: str | None = None
    link: str | None = None


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """The model a mention means, by which rule, and the evidence in words; `hint` says what was not enough."""

    model: str
    rule: Rule
    evidence: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A name of a reference catalogue and the model it means, and why, where that is not its own.

    `source` is how people call the catalogue, `table` the table of the name where it is one.
    """

    name: str
    model: str
    source: str
    publisher: str
    organization: str | None = None
    evidence: str = ""
    table: str = ""


def parts(name: str) -> Parts:
    """Words and versions of a name in their order, then its sizes: what two spellings of one name share.

    "LLaMA2 Chat (7B)" and "llama-2-7b-chat" have the same parts, "vicuna-13b" and "vicuna-13b-v1.3" have not.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    words = [word for piece in SEPARATORS.split(text) for word in LETTER_DIGIT.split(piece) if word]
    sizes = [word for word in words if SIZE.fullmatch(word)]
    return (*(word for word in words if not SIZE.fullmatch(word)), *sizes)


def _without_format(hub_name: str) -> Parts:
    """Parts of the end of a Hub id; a last "-hf" only says in which format its files are."""
    return parts(re.sub(r"[-_]hf$", "", hub_name, flags=re.IGNORECASE))


def numbers(name: str) -> frozenset[str]:
    """Versions, dates and sizes in a name, "3.5" as 3 and 5."""
    return frozenset(re.findall(r"\d+", name))


def publisher_of(table: str) -> str:
    """Who chose the names of a table; a table that nobody listed is its own publisher."""
    return PUBLISHERS.get(table, table)


def namespaces_of(organization: str | None) -> frozenset[str]:
    """Namespaces that an organisation's models have in ids; its own name without punctuation is one of them."""
    if not organization:
        return frozenset()
    plain = "".join(letter for letter in organization.casefold() if letter.isalnum())
    return NAMESPACES.get(plain, frozenset()) | {plain}


def hub_id_of_link(link: str | None) -> str | None:
    """The Hub id that a link leads to, None for any other page; the blog and data sets are no models."""
    found = HUB_LINK.fullmatch(link or "")
    if found is None or found[1].split("/")[0] in ("blog", "datasets", "spaces", "papers", "docs"):
        return None
    return found[1]


class Resolver:
    """Answers which model a mention means, from fixed references."""

    def __init__(self, catalogue: Mapping[str, str], references: Iterable[Reference]) -> None:
        """`catalogue` maps ids of HELM, in lower case, to models; `references` are names of models."""
        self._catalogue = dict(catalogue)
        self._by_parts: defaultdict[Parts, list[Reference]] = defaultdict(list)
        for reference in references:
            self._by_parts[parts(reference.name)].append(reference)

    def resolve(self, mention: Mention) -> Resolution:
        """See the module's rules. Raises nothing: what nobody knows stands for itself."""
        listed = LISTED.get((publisher_of(mention.table), mention.spelling.casefold()))
        if listed is not None:
            return self._listed(listed)
        if HUB_ID.fullmatch(mention.spelling):
            return Resolution(
                model=self.hub_model(mention.spelling), rule="hub_id", evidence=self._hub_evidence(mention.spelling)
            )
        linked = hub_id_of_link(mention.link)
        if linked is not None and _without_format(linked.split("/")[1]) == parts(mention.spelling):
            return Resolution(
                model=self.hub_model(linked), rule="link",
                evidence=f"The table links huggingface.co/{linked}, which has the same name.",
            )  # fmt: skip
        return self._by_name(mention, "" if linked is None else f"It links huggingface.co/{linked}, another name. ")

    def hub_model(self, hub_id: str) -> str:
        """The model of a Hub id: HELM's where HELM has it under the organisation's namespace, else the id itself."""
        key = hub_id.casefold()
        namespace, _, name = key.partition("/")
        listed = LISTED.get(("hub", key))
        if listed is not None:
            return listed.model
        known = (self._catalogue.get(f"{other}/{name}") for other in (namespace, *_SAME_NAMESPACE.get(namespace, ())))
        return next((model for model in known if model is not None), key)

    def _hub_evidence(self, hub_id: str) -> str:
        model = self.hub_model(hub_id)
        if (listed := LISTED.get(("hub", hub_id.casefold()))) is not None:
            return listed.evidence
        if model != hub_id.casefold():
            return f"Hub id of the organisation that HELM calls {model.split('/')[0]}; HELM's {model}."
        return "Hub id, also HELM's name for it." if model in self._catalogue else "Hub id."

    def _listed(self, listed: Listed) -> Resolution:
        return Resolution(model=self.hub_model(listed.model), rule="listed", evidence=listed.evidence)

    def _by_name(self, mention: Mention, hint: str) -> Resolution:
        publisher = publisher_of(mention.table)
        same = self._by_parts.get(parts(mention.spelling), [])
        own = namespaces_of(mention.organization)
        by_organization = [item for item in same if own & namespaces_of(item.organization)]
        by_publisher = [item for item in same if item.publisher == publisher]
        if publisher in FORKS:
            hint += "Names of personal copies are their owners'; they are not compared with others. "
            return _itself(mention, publisher, hint)
        if any(item.table == mention.table and not item.evidence for item in by_publisher):
            return _itself(mention, publisher, hint)
        if (found := _only(by_organization)) is not None:
            evidence = f"Same name, version and size as {found.source}'s {found.name!r}; organisation " \
                       f"{mention.organization} in both."  # fmt: skip
            return _found(found, "organisation", evidence, hint)
        if (found := _only(by_publisher)) is not None:
            evidence = f"{found.source}, of the same publisher, has the name {found.name!r}."
            return _found(found, "publisher", evidence, hint)
        if mention.organization is None and not numbers(mention.spelling) and same:
            return _itself(mention, publisher, f"{hint}A name with neither version nor size is not enough. ")
        if mention.organization is None and (found := _only(same)) is not None:
            evidence = f"Same name, version and size as {found.source}'s {found.name!r}; no organisation is given here."
            return _found(found, "name", evidence, hint)
        if len({item.model for item in same}) > 1:
            hint += f"Several have this name: {', '.join(sorted({item.model for item in same})[:4])}. "
        elif same:
            hint += f"{same[0].source} has the name under another organisation: {same[0].model}. "
        return _itself(mention, publisher, hint)


def _found(reference: Reference, rule: Rule, evidence: str, hint: str) -> Resolution:
    """The model of a reference, with the reference's own evidence where it has some."""
    whole = f"{evidence} There: {reference.evidence}" if reference.evidence else evidence
    return Resolution(model=reference.model, rule=rule, evidence=whole, hint=hint.strip())


def _only(found: list[Reference]) -> Reference | None:
    """The one model that all found names mean, None for several or none."""
    return found[0] if len({item.model for item in found}) == 1 else None


def _itself(mention: Mention, publisher: str, hint: str) -> Resolution:
    words = UNSAFE.sub(_written, "-".join(parts(mention.spelling)) or mention.spelling.casefold())
    return Resolution(
        model=f"{publisher}:{words}", rule="none", evidence="Nothing says which other name means the same model.",
        hint=hint.strip(),
    )  # fmt: skip


def _written(sign: re.Match[str]) -> str:
    """A sign that an address cannot hold; no part of a name has an underscore, so that it stays unique."""
    return "_plus" if sign[0] == "+" else f"_{ord(sign[0]):x}"


def _pairs() -> dict[str, tuple[str, ...]]:
    """Other namespaces of the organisation that has a namespace."""
    out: defaultdict[str, set[str]] = defaultdict(set)
    for names in NAMESPACES.values():
        for name in names:
            out[name] |= names - {name}
    return {name: tuple(sorted(others)) for name, others in out.items()}


_SAME_NAMESPACE = _pairs()
