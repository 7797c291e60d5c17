"""A board full of what goes wrong in tables: markup, formulas, blanks, ties, odd letters, endless numbers."""

import random
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from leaderboard.boards.board import Board
from leaderboard.boards.columns import Column

NAMES = (
    "org/Alpha", "org/alpha", "ORG/beta-7B", "ünï/Çödé", "ΣΊΣΥΦΟΣ/Σ", "İstanbul/ı", "emoji/🦙-7b", "ﬀ/ligature", "",
    "<img src=x onerror=alert(1)>", "<script>alert(2)</script>", '"><b>bold</b>', "javascript:alert(3)", "a;b",
    "@type:merge",     "=cmd|' /C calc'!A0", "+1", "-1", "@sum", "＝1", "\ttab", " lead", "50%", "a.*b", "[x]", "C:\\x",
    "zero\u200bwidth", "\ufb01ne",
)  # fmt: skip
TYPES = ("chat", "merge", "pretrained", "<i>odd</i>", "", None)
LICENSES = ("mit", "apache-2.0", "MIT", None)

COLUMNS = (
    Column(key="rank", label="Rank", kind="rank", best="low", info="The range of ranks the interval allows."),
    Column(key="model", label="Model", kind="text", sticky=True, searchable=True, href="url"),
    Column(key="score", label="Score", kind="number", unit="%", factor=100, decimals=1, wire_decimals=2, filter="range",
           half_width="score_half", info="Mean of all tasks."),
    Column(key="delta", label="Delta", kind="number", decimals=2, info="May be negative."),
    Column(key="params", label="Params", kind="number", unit="B", factor=1e-9, decimals=1, wire_decimals=3,
           filter="range", filter_label="Size"),
    Column(key="type", label="Type", kind="category", filter="choices"),
    Column(key="license", label="Licence", kind="category", filter="choices"),
    Column(key="date", label="Date", kind="date", shown=False),
    Column(key="comment", label="Comment", kind="text", shown=False),
    Column(key="revision", label="Revision", kind="text", shown=False, wire_length=7),
    Column(key="merged", label="Merged", kind="flag", shown=False, filter="hide", filter_label="merged models"),
)  # fmt: skip


def nasty_frame(n: int = 160, seed: int = 7) -> pd.DataFrame:
    """`n` rows made of the worst of every kind, the same for a seed; two of them pinned."""
    rng = random.Random(seed)
    rows = [_row(rng, number) for number in range(n)]
    frame = pd.DataFrame(rows)
    frame["pinned"] = [number in (0, 5) for number in range(n)]
    frame["band"] = [number // 4 for number in range(n)]
    return frame


def _row(rng: random.Random, number: int) -> dict[str, object]:
    low = rng.choice([None, *range(1, 9)])
    model = rng.choice(NAMES)
    return {
        "id": f"r{number}",
        "model": model if model else None,
        "url": rng.choice([None, "https://example.org/x", "javascript:alert(4)", "//evil.example", "data:text/html,x"]),
        "score": rng.choice([None, float("nan"), float("inf"), 0.0, 1.0, 0.123449, 0.5, -0.25, rng.random()]),
        "score_half": rng.choice([None, 0.01, 0.05, 0.2]),
        "delta": rng.choice([None, -1.005, -0.004, 0.0, 0.004, 1.005, rng.uniform(-9, 9)]),
        "params": rng.choice([None, 1.25e8, 7e9, 7.24e9, 13e9, 180e9]),
        "type": rng.choice(TYPES),
        "license": rng.choice(LICENSES),
        "date": rng.choice([None, "2023-05-01", "2024-11-30"]),
        "comment": rng.choice([None, "", "<b>x</b>", "fine; really", f"note {number}"]),
        "revision": f"{rng.getrandbits(160):040x}",
        "merged": rng.random() < 0.3,
        "rank_lower": low,
        "rank_upper": None if low is None else low + rng.randrange(4),
    }


def nasty_board(view: str = "all", n: int = 160, seed: int = 7, revision: str = "r1") -> Board:
    """The board of `nasty_frame`."""
    return Board(
        name="nasty", view=view, title=f"Nasty {view}", columns=COLUMNS, frame=nasty_frame(n, seed),
        default_sort="-score", as_of=datetime(2026, 1, 2, tzinfo=UTC), revision=revision, source="made up",
    )  # fmt: skip


def random_query(rng: random.Random) -> list[tuple[str, str]]:
    """Parameters that the nasty board understands, any combination of them."""
    out: list[tuple[str, str]] = []
    if rng.random() < 0.6:
        terms = ["alpha", "Σ", "i", "İ", "<", "7b", "@type:merge", "@licence:mit", "@LICENSE: apache", "@nothing:x",
                 "a.*b", " ", "@type:", "%", "🦙", "ﬁ", "\u00a0", "@comment:note", "\\", "org beta",
                 "7b org", "@comment: 1 note", "x \t y",
                 "org @type:chat", "a @nothing:x @license:mit"]  # fmt: skip
        out.append(("q", ";".join(rng.choices(terms, k=rng.randint(1, 3)))))
    if rng.random() < 0.8:
        out.append(("sort", rng.choice(["", "-"]) + rng.choice([column.key for column in COLUMNS])))
    out += [("type", str(value)) for value in rng.sample([*TYPES[:4], "", "gone"], k=rng.choice([0, 0, 1, 3]))]
    if rng.random() < 0.3:
        out.append(("license", rng.choice(["mit", "MIT", ""])))
    for key, bounds in (
        ("score", ["0..50", "-25..", "12.34..12.35", "..0"]),
        ("params", ["7..", "7.24..13", "..0.125", "13..7"]),
    ):
        if rng.random() < 0.3:
            out += [(key, rng.choice(bounds)), (f"{key}.missing", rng.choice("01"))]
    if rng.random() < 0.3:
        out.append(("hide", "merged"))
    return out


def as_json_number(value: float) -> float | None:
    """NaN and None alike as None."""
    return None if value is None or not np.isfinite(value) else float(value)
