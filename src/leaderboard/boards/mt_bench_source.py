"""Where the parts of an MT-Bench table are read: files of the data, or runs made here.

Enters: a shelf and a card. Leaves: checked frames. `Asked` is a table by what its content depends on, for caches.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from leaderboard.boards.shelf import Shelf
from leaderboard.sources.mt_bench_tables import PARTS, MtBenchCard, read_part, read_scores


@dataclass(frozen=True)
class Asked:
    """A table of one revision of the data, judged by one judge."""

    folder: str
    revision: str
    name: str
    judge: str
    shelf: Shelf = field(compare=False, repr=False)

    @property
    def card(self) -> MtBenchCard:
        """The table's card."""
        return next(card for card in self.shelf.mt_bench if card.name == self.name)

    def scores(self) -> pd.DataFrame:
        """Scores of all judges. Raises BadRecord for unreadable files."""
        live = self.shelf.judged.get(self.name)
        return read_scores(self.shelf.snapshot.folder, self.card) if live is None else live.table.scores

    def parts(self) -> Mapping[str, pd.DataFrame]:
        """Further parts that there are. Raises BadRecord for unreadable files."""
        if (live := self.shelf.judged.get(self.name)) is not None:
            return live.table.parts
        found = {part: read_part(self.shelf.snapshot.folder, self.card, part) for part in PARTS}
        return {part: frame for part, frame in found.items() if frame is not None}


def asked(shelf: Shelf, card: MtBenchCard, judge: str) -> Asked:
    """A table of a shelf; one of the data stays the same when only runs are added."""
    revision = shelf.revision if card.name in shelf.judged else shelf.snapshot.revision
    return Asked(str(shelf.snapshot.folder), revision, card.name, judge, shelf)
