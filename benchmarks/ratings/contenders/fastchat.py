"""FastChat's own rating code (PyPI fschat, serve/monitor/elo_analysis.py), without the models it also imports."""

import sys
import types
from typing import Any

from benchmarks.ratings.contenders.stopwatch import Job, main, read_frame

UNUSED = {
    "fastchat.model": (),
    "fastchat.model.model_registry": ("get_model_info",),
    "fastchat.serve.monitor.basic_stats": ("get_log_files",),
    "fastchat.serve.monitor.clean_battle_data": ("clean_battle_data",),
}
"""Modules that `elo_analysis` imports for its report and logs; loading them would need torch and a tokenizer."""


def _elo_analysis() -> Any:
    for name, functions in UNUSED.items():
        module = types.ModuleType(name)
        module.__dict__.update(dict.fromkeys(functions))
        sys.modules[name] = module
    from fastchat.serve.monitor import elo_analysis

    return elo_analysis


CODE = _elo_analysis()


def _read(path: str) -> Any:
    frame = read_frame(path)
    return frame.replace({"winner": {"both_bad": "tie (bothbad)"}})


def _bootstrap(method: Any, frame: Any, rounds: int) -> dict[str, float]:
    return dict(CODE.get_bootstrap_result(frame, method, num_round=rounds).median())


JOBS = {
    "point": Job(_read, lambda frame, _: dict(CODE.compute_elo_mle_with_tie(frame))),
    "bootstrap": Job(_read, lambda frame, rounds: _bootstrap(CODE.compute_elo_mle_with_tie, frame, rounds)),
    "elo_point": Job(_read, lambda frame, _: CODE.compute_elo(frame, K=32)),
    "elo_bootstrap": Job(
        _read, lambda frame, rounds: _bootstrap(lambda battles: CODE.compute_elo(battles, K=32), frame, rounds)
    ),
}

if __name__ == "__main__":
    sys.exit(main(JOBS, ["fschat", "scikit-learn", "numpy", "pandas"]))
