"""The tabs of votes: Human & GPT-4, Arena. Ratings computed here from votes beside the figures that were published."""

from dataclasses import dataclass

from leaderboard.boards import live, live_charts, published
from leaderboard.boards.board import Board, View
from leaderboard.boards.charts import Chart
from leaderboard.boards.descriptions import described
from leaderboard.boards.matchup import NOTHING, Matchup, matchup
from leaderboard.boards.shelf import Shelf
from leaderboard.sources.tables import Tab


@dataclass(frozen=True)
class PreferenceTab:
    """A tab whose views are battle tables rated here and published rating tables."""

    NAME: Tab
    newest_first: bool = False
    """Whether the first published table comes before the votes: a board that is still in use."""
    describes: bool = False
    """Whether models get a line from the catalogue."""

    def views(self, shelf: Shelf) -> list[View]:
        """See `library.Tab`."""
        tables = [published.views(shelf, card) for card in published.tables(shelf, self.NAME)]
        rated = [view for name in self._votes(shelf) for view in live.views(shelf, name)]
        lead = 1 if self.newest_first else 0
        return [view for table in (*tables[:lead], rated, *tables[lead:]) for view in table]

    def board(self, shelf: Shelf, view: str) -> Board:
        """See `library.Tab`."""
        table = view.split(".")[0]
        made = (live.board if table in self._votes(shelf) else published.board)(shelf, self.NAME, view)
        return described(shelf, made, table) if self.describes else made

    def charts(self, shelf: Shelf, view: str) -> tuple[Chart, ...]:
        """See `library.Tab`."""
        make = live_charts.charts if view.split(".")[0] in self._votes(shelf) else published.charts
        return make(shelf, view)

    def matchup(self, shelf: Shelf, view: str, a: str | None, b: str | None) -> Matchup:
        """Two models of a view against each other; nothing where the figures were published without their votes."""
        return matchup(shelf, view, a, b) if view.split(".")[0] in self._votes(shelf) else NOTHING

    def _votes(self, shelf: Shelf) -> list[str]:
        return [card.name for card in shelf.battles if self.NAME in card.tabs]


HUMAN_GPT4 = PreferenceTab("human_gpt4")
ARENA = PreferenceTab("arena", newest_first=True, describes=True)
