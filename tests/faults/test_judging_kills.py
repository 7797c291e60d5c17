"""A judged run killed at random moments ends with the same files, and no verdict is paid for twice."""

import json
import subprocess
import sys
from pathlib import Path

from tests.models import tiny_model
from tests.stub_judge import StubJudge

ROOT = Path(__file__).resolve().parents[2]
N_KILLS = 20
N_CALLS = 16


def outcome(work: Path) -> dict[str, object]:
    """Everything a run leaves, but for the times of its clock and the order in which replies came."""
    header, *answers = (work / "answers.jsonl").read_text().splitlines()
    result = json.loads((work / "result.json").read_text())
    replies = [json.loads(line) for line in (work / "judging" / "replies.jsonl").read_text().splitlines()]
    return {
        "answers": answers, "conditions": json.loads(header)["conditions"],
        "questions": (work / "questions.jsonl").read_bytes(),
        "result": {k: v for k, v in result.items() if k not in ("started_at", "finished_at")},
        "replies": sorted((reply["key"], reply["reply"]["text"]) for reply in replies),
        "samples": {path.name: path.read_bytes() for path in sorted((work / "samples").glob("[!.]*"))},
    }  # fmt: skip


def test_a_run_killed_anywhere_leaves_the_same_files_and_pays_for_nothing_twice(tmp_path):
    model = tiny_model(tmp_path / "model")
    with StubJudge(latency=0.02) as stub:
        arguments = [str(model), str(tmp_path / "runs"), stub.url, str(N_KILLS)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.judging_process", *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        told = json.loads(done.stdout)
        answered = sum(stub.answered.values())
    assert told["kills"] == N_KILLS
    whole, *resumed = (outcome(tmp_path / "runs" / str(at)) for at in range(told["runs"]))
    assert resumed
    assert len(whole["replies"]) == N_CALLS
    for each in resumed:
        assert each == whole
    needed = N_CALLS * told["runs"]
    assert needed <= answered <= needed + told["in_flight"] * N_KILLS
