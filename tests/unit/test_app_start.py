"""Starting the app: importing it does nothing, serving it warms the compiled loops beside the pages."""

import subprocess
import sys
import threading
from types import SimpleNamespace

import uvicorn

import app
from leaderboard.ratings import compiling
from leaderboard.settings import ROOT, Settings


def test_importing_the_app_starts_no_thread_and_imports_no_compiler():
    code = (
        "import sys, threading, app\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert 'numba' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_serving_warms_the_compiled_loops_and_the_first_boards_in_a_daemon_thread(monkeypatch, tmp_path):
    warmed, made, served = threading.Event(), threading.Event(), []
    library = SimpleNamespace(warm=made.set)
    start = compiling.warm_in_background
    monkeypatch.setattr(compiling, "warm", warmed.set)
    monkeypatch.setattr(compiling, "warm_in_background", lambda after_seconds, then: start(after_seconds / 100, then))
    monkeypatch.setattr(app, "create", lambda *_: (library, "the app"))

    def run(application, **_):
        served.append(application)
        assert warmed.wait(20), "the thread works while the app serves"
        assert made.wait(20), "and then makes the first boards"

    monkeypatch.setattr(uvicorn, "run", run)
    app.serve(Settings(state=tmp_path))
    assert served == ["the app"]


def test_the_entry_point_stays_short():
    assert len((ROOT / "app.py").read_text(encoding="utf-8").splitlines()) < 60
