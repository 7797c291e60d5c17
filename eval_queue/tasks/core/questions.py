"""Reads the questions beside it; named by the task files, so that plain lm-eval can run them from any folder.

`lm_eval --model hf --model_args pretrained=... --include_path eval_queue/tasks/core --tasks core_arithmetic`
"""

import json
from pathlib import Path

from datasets import Dataset, DatasetDict

FOLDER = Path(__file__).parent


def load(*, file: str, **_: object) -> DatasetDict:
    """The questions of one file as the split `test`; further keywords (lm-eval's metadata) have no meaning here."""
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    return DatasetDict({"test": Dataset.from_list([json.loads(line) for line in lines])})
