"""AlpacaEval annotations -> rows of model, baseline, preference, len_model, annotator.

Two layouts: the project's annotations.json (generator_1 the baseline, generator_2 the model, output_1, output_2,
preference) and tables with the columns of `COLUMNS`, csv, parquet or jsonl.
"""

from pathlib import Path

import pandas as pd

from leaderboard.errors import BadRecord
from leaderboard.sources.row_files import read_rows

COLUMNS = ("model", "preference")
ORIGINAL = {"generator_2": "model", "generator_1": "baseline"}


def read_annotations(path: Path) -> pd.DataFrame:
    """The annotations of a file. Raises BadRecord naming the file and what is missing."""
    frame = read_rows(path, ["preference"])
    if "generator_2" in frame:
        frame = frame.rename(columns=ORIGINAL)
        if "output_2" in frame:
            frame["len_model"] = frame["output_2"].str.len()
    if "model" not in frame:
        raise BadRecord(
            f"{path}: column model (or generator_2) is missing; found {', '.join(map(str, frame.columns))}."
        )
    if frame["model"].isna().any():
        row = int(frame["model"].isna().to_numpy().argmax())
        raise BadRecord(f"{path}: annotation {row} names no model; expected the model whose answer was judged.")
    return frame


def only(frame: pd.DataFrame, annotator: str | None) -> pd.DataFrame:
    """The annotations of one annotator against one baseline: others must not be mixed.

    Raises BadRecord naming the annotators or baselines when the choice is open.
    """
    if annotator is not None:
        known = sorted(frame["annotator"].astype(str).unique()) if "annotator" in frame else []
        if annotator not in known:
            raise BadRecord(
                f"Annotator is {annotator!r}; expected one of {', '.join(known) or '(the file names none)'}."
            )
        frame = frame[frame["annotator"].astype(str) == annotator]
    for name, option in (("annotator", "choose one with --annotator"), ("baseline", "split the file by baseline")):
        there = sorted(frame[name].dropna().astype(str).unique()) if name in frame else []
        if len(there) > 1:
            raise BadRecord(f"The file has annotations of more than one {name} ({', '.join(there)}); {option}.")
    return frame
