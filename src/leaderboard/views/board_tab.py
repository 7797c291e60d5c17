"""A tab with a board: what is measured and by whom, how it is computed, the table."""

from dataclasses import dataclass

from leaderboard.boards.library import reading_tabs
from leaderboard.views import methods, pair, plots, reader, table


@dataclass(frozen=True, kw_only=True)
class BoardTab:
    """The words of a tab: its label, one line on top, and the topics of the fold about the method.

    `topics` names files in `methods/`; without any it is the one named like the tab.
    """

    name: str
    label: str
    lead: str
    topics: tuple[str, ...] = ()
    has_plots: bool = True
    has_pairs: bool = False


BOARD_TABS = (
    BoardTab(
        name="llm_benchmarks", label="LLM benchmarks", has_plots=False,
        lead="Accuracy on fixed test questions. Published figures of the Open LLM Leaderboard (2023-25), and models "
        "evaluated here by the queue.",
    ),
    BoardTab(
        name="human_gpt4", label="Human & GPT-4", topics=("ratings", "human_gpt4"), has_pairs=True,
        lead="Which of two answers people prefer, and which one GPT-4 prefers. Ratings computed here from published "
        "votes, and the figures H4 published in 2023.",
    ),
    BoardTab(
        name="arena", label="Arena", topics=("ratings", "arena"), has_pairs=True,
        lead="Visitors of the Chatbot Arena vote between two anonymous answers. Scores published day by day, and "
        "ratings computed here from published vote counts.",
    ),
    BoardTab(
        name="mt_bench", label="MT-Bench",
        lead="A judge gives every answer of a two-turn conversation 1 to 10 points: 80 questions in eight categories. "
        "Scores by turn and category, and the published means.",
    ),
    BoardTab(
        name="alpaca_eval", label="AlpacaEval",
        lead="How often a judge prefers a model's answer to a fixed baseline's on 805 instructions. Judges like long "
        "answers: read the length beside every win rate.",
    ),
    BoardTab(
        name="reward_models", label="Reward models",
        lead="How often a reward model scores the answer higher that people prefer. Figures H4 published in 2023, "
        "other boards, and accuracies computed here pair by pair.",
    ),
    BoardTab(
        name="red_teaming", label="Red-teaming",
        lead="How often attacks make models answer harmful requests, how often models refuse harmless ones, and how "
        "far people, GPT-4 and a search for words agree on what a refusal is.",
    ),
    BoardTab(
        name="judge_audit", label="Judge audit",
        lead="Can a model label like people? Agreement with people's votes, and what sways a judge besides quality: "
        "place, length, its own answers.",
    ),
    BoardTab(
        name="models", label="Models",
        lead="Every model once across all boards: who made it, how it can be used, what is public, its size and date, "
        "and every name it has in a table here, with the evidence.",
    ),
)  # fmt: skip
"""In the order of the page; the first one is open by default."""
TOPICS = {tab.name: tab.topics or (tab.name,) for tab in BOARD_TABS}
"""Which texts the fold of a tab consists of."""


def build(tab: BoardTab, *, is_first: bool = False) -> None:
    """The content of a tab."""
    methods.component(tab.name, tab.lead)
    table.component(tab.name, is_first=is_first)
    if tab.has_pairs:
        pair.component(tab.name, is_first=is_first)
    if tab.has_plots:
        plots.component(tab.name)
    if tab.name in reading_tabs():
        reader.component(tab.name, is_first=is_first)
