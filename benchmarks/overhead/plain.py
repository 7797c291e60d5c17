"""lm-eval with as little around it as possible: one call, one task indexed. `plain.py MODEL TASKS BATCH OUT`."""

import json
import sys
from pathlib import Path

from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager


def main() -> None:
    model, tasks, batch_size, out = sys.argv[1:]
    results = simple_evaluate(
        model="hf", model_args={"pretrained": model, "dtype": "bfloat16"}, tasks=["overhead_arc"],
        task_manager=TaskManager(include_path=tasks, include_defaults=False), batch_size=int(batch_size), device="cpu",
    )  # fmt: skip
    Path(out, "results.json").write_text(json.dumps(results, default=str), encoding="utf-8")


if __name__ == "__main__":
    main()
