"""GPT-4's scores of 28 models from public forks of FastChat, and the published means -> an MT-Bench and a rating table.

The texts of questions, answers and judgments stay out: figures only. `leaderboard import mt-bench` reads them.
"""

from pathlib import Path

import pandas as pd

from leaderboard.sources.battle_tables import JudgeCard
from leaderboard.sources.mt_bench_files import dirt, read_mt_bench
from leaderboard.sources.mt_bench_tables import ModelNote, MtBenchCard, MtBenchTable
from leaderboard.sources.rating_tables import FigureCard, RatingCard
from leaderboard.sources.tables import Finding
from scripts.snapshot.made import AnyTable, Tables, day

FOLDER = "mt_bench/gpt4_single_judgments_forks.parquet"
FORK_LICENSE = "Apache-2.0"
PUBLISHED = "chatbot_arena/leaderboard_tables_all.parquet"
COLUMNS = {
    "Model": "model", "MT-bench (score)": "score", "License": "license", "Organization": "organization", "Link": "link",
}  # fmt: skip


def tables(data: Path) -> Tables:
    """The tables `gpt4_forks` and `mt_bench_published`."""
    yield _scores((data / FOLDER).parent)
    yield _published(data / PUBLISHED)


def _scores(folder: Path) -> AnyTable:
    """Scores, verdicts and votes of the folder, without a text. Comparisons in forks have no clear licence."""
    read, _ = read_mt_bench(folder, "gpt4_forks", day("2026-11-23"))
    sources = pd.read_parquet(folder / Path(FOLDER).name, columns=["model", "source"])
    by_model = sources.drop_duplicates("model").set_index("model")["source"]
    notes = tuple(
        ModelNote(model=str(model), source=f"github.com/{source}", license=FORK_LICENSE)
        for model, source in sorted(by_model.items())
    )
    published = read.parts["pairs"]["inconsistent"].notna()
    pairs = read.parts["pairs"][published].drop(columns=["g1_text", "g2_text", "tstamp"])
    card = read.card.model_copy(update={"models": notes} | _words(by_model, read.scores))
    parts = {"pairs": pairs, "votes": read.parts["votes"]}
    return card, MtBenchTable(card=MtBenchCard.model_validate(card.model_dump()), scores=read.scores, parts=parts)


def _words(by_model: "pd.Series[str]", scores: pd.DataFrame) -> dict[str, object]:
    forks = ", ".join(sorted(set(by_model)))
    return {
        "label": "GPT-4, from public forks", "order": 20,
        "title": "MT-Bench: GPT-4's scores of 28 models, collected from public forks of FastChat (2023-24)",
        "about": "Models and names are those of the forks' owners, who ran their own evaluations; GPT-4's version may "
        "differ between them. The comparisons and people's votes are those of the MT-Bench paper, on six other models.",
        "source": f"Scores: github.com/{forks.replace(', ', ', github.com/')} (forks of FastChat). Votes and joined "
        "verdicts: lmsys/mt_bench_human_judgments (CC BY 4.0).",
        "license": f"{FORK_LICENSE} (scores); CC BY 4.0 (LMSYS: votes and verdicts)", "texts": "", "rejected": (),
        "judges": (JudgeCard(name="gpt-4", label="GPT-4", kind="model", model="gpt-4", sides="both"),),
        "findings": tuple(dirt(scores)),
    }  # fmt: skip


def _published(path: Path) -> AnyTable:
    """The last published mean of every model of LMSYS's leaderboard."""
    history = pd.read_parquet(path).rename(columns=COLUMNS).sort_values("date", kind="stable")
    history["score"] = pd.to_numeric(history["score"], errors="coerce")
    known = history[history["score"].notna()]
    changed = known.groupby("model")["score"].nunique().gt(1)
    last = known.groupby("model", as_index=False).last()
    newest = str(known["date"].max())
    frame = last[list(COLUMNS.values())].replace({"-": None, "": None})
    frame["link"] = frame["link"].where(frame["link"].astype("string").str.fullmatch(r"https?://[^\s\"'<>]+"), None)
    card = RatingCard(
        name="mt_bench_published", label="Published means", order=60,
        title="MT-Bench means published with the Chatbot Arena leaderboard",
        about="GPT-4's mean score as LMSYS published it, the last figure of every model. Published without the single "
        "judgments: no intervals, and so no ranks.",
        source="Hugging Face Space lmsys/chatbot-arena-leaderboard (Apache-2.0) via github.com/utterstep/"
        "chatbot-arena-leaderbord-vis @ 3e3c08187d2a730f5cac9e11889fab3840696afc.",
        license=FORK_LICENSE, as_of=day(f"{newest[:4]}-{newest[4:6]}-{newest[6:]}"), tabs=("mt_bench",),
        figures=(FigureCard(name="score", label="Average", unit="score", decimals=2, info="Mean from 1 to 10."),),
        findings=(
            Finding(what="Models without a mean ('-').", rows=int(history["model"].nunique() - len(last)),
                    treatment="Left out."),
            *([Finding(what="Models whose published mean changed.", rows=int(changed.sum()),
                       treatment="The newest figure.", examples=tuple(changed[changed].index[:5]))]
              if changed.any() else []),
        ),
    )  # fmt: skip
    return card, frame
