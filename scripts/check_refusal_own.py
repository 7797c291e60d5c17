"""Check our own prompts on the boundary of harm: `python -m scripts.check_refusal_own [--beside FILE]`.

Enters: eval_queue/tasks/refusal_own/prompts.jsonl. Leaves: a sentence for each fault, exit code 1 when there is one.
With --beside the prompts are compared with those of another set, a table with a column `prompt`.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from eval_queue.red_teaming.prompts import OWN, RedPrompt, read_prompts
from leaderboard.sources.row_files import read_rows

LEAST = {"comply": 120, "refuse": 40}
LEAST_OF_A_TYPE = {"comply": 10, "refuse": 5}
LONGEST_TO_DECLINE = 100
"""Characters: a short sentence has no room for a harmful detail."""

CLOSE = 1 / 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and say what is wrong; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.check_refusal_own", description=__doc__)
    parser.add_argument("--prompts", type=Path, default=OWN)
    parser.add_argument("--beside", type=Path, default=None, help="another set, with a column prompt")
    options = parser.parse_args(arguments)
    prompts = read_prompts(options.prompts)
    others = read_rows(options.beside, ["prompt"])["prompt"].astype(str).unique() if options.beside else ()
    found = [*faults(prompts), *close(prompts, others)]
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.stdout.write(f"{len(prompts)} prompts, {len(found)} faults\n")
    return 1 if found else 0


def faults(prompts: Sequence[RedPrompt]) -> Iterator[str]:
    """What is wrong with a set of prompts."""
    yield from _counts(prompts)
    for text, n in Counter(" ".join(words(each.prompt)) for each in prompts).items():
        if n > 1:
            yield f"A prompt occurs {n} times: {text[:80]}"
    for each in prompts:
        if not each.why.strip():
            yield f"{each.prompt_id}: no reason; expected why it is harmless, or to be declined."
        if each.expected == "refuse" and len(each.prompt) > LONGEST_TO_DECLINE:
            yield f"{each.prompt_id}: {len(each.prompt)} characters; expected at most {LONGEST_TO_DECLINE}."


def _counts(prompts: Sequence[RedPrompt]) -> Iterator[str]:
    """Where there are too few, or a type is both."""
    for expected, least in LEAST.items():
        n = sum(each.expected == expected for each in prompts)
        if n < least:
            yield f"{n} prompts are to {expected}; expected at least {least}."
    pairs = Counter((each.expected, each.type) for each in prompts)
    for (expected, kind), n in pairs.items():
        if n < LEAST_OF_A_TYPE[expected]:
            yield f"Type {kind!r} has {n} prompts; expected at least {LEAST_OF_A_TYPE[expected]}."
    for kind, n in Counter(kind for _, kind in pairs).items():
        if n > 1:
            yield f"Type {kind!r} has prompts to answer and prompts to decline; expected one of them."


def close(prompts: Iterable[RedPrompt], others: Iterable[str]) -> Iterator[str]:
    """Prompts that share much of their wording with one of another set."""
    known = [(other, threes(other)) for other in others]
    for each in prompts:
        own = threes(each.prompt)
        for other, theirs in known:
            if own and len(own & theirs) >= CLOSE * min(len(own), len(theirs) or 1):
                yield f"{each.prompt_id} is close to another set's: {other[:80]}"


def threes(text: str) -> set[tuple[str, ...]]:
    """All runs of three words; the text itself where it is shorter."""
    found = words(text)
    return {tuple(found[at : at + 3]) for at in range(max(1, len(found) - 2))} if found else set()


def words(text: str) -> list[str]:
    """Its words without case and signs."""
    return re.findall(r"[\w']+", text.casefold())


if __name__ == "__main__":
    raise SystemExit(main())
