"""How a value that cannot be counted is refused: by the row, counted from 1, the column, and the value itself.

Enters: a frame and which of its rows are wrong. Leaves: nothing, or `BadBattle`.
"""

import numpy as np
import pandas as pd

from leaderboard.errors import BadBattle


def refuse_values(
    frame: pd.DataFrame, wrong: "pd.Series[bool]", column: str, wanted: str, *, row_name: str = "Battle"
) -> None:
    """Raise BadBattle for the first row, counted from 1, that is `wrong`; `wanted` says what was expected there."""
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy()))
        raise BadBattle(f"{row_name} {row + 1}: {column} is {_shown(frame[column].iloc[row])}; expected {wanted}.")


def _shown(value: object) -> str:
    return "missing" if pd.isna(value) else repr(value.item() if isinstance(value, np.generic) else value)[:60]  # type: ignore[call-overload]
