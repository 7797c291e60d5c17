"""The imports of the project follow the arrows of the design; a wrong arrow fails here."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"leaderboard": ROOT / "src" / "leaderboard", "eval_queue": ROOT / "eval_queue"}

ALLOWED = {
    "errors": set(),
    "records": {"errors"},
    "settings": {"errors"},
    "suites": {"errors", "records"},
    "stores": {"errors", "records"},
    "hub_client": {"errors", "records", "settings"},
    "hub_store": {"errors", "records", "settings", "stores", "hub_client"},
    "hub_snapshots": {"errors", "stores", "hub_client"},
    "data_source": {"errors", "records", "settings", "stores", "hub_client", "hub_snapshots"},
    "model_facts": {"errors", "records"},
    "model_files": {"records"},
    "local_models": {"errors", "model_facts", "model_files"},
    "model_catalogue": {"errors", "settings", "hub_client", "local_models", "model_facts", "model_files"},
    "run_summary": {"records", "suites", "ratings"},
    "sources": {"errors", "records", "suites", "stores"},
    "ratings": {"errors", "records"},
    "metrics": {"errors", "records", "ratings"},
    "boards": {"errors", "records", "suites", "sources", "ratings", "metrics"},
    "texts": {"boards"},
    "plots": {"errors", "records", "boards"},
    "submission_rules": {"errors", "records", "settings", "suites"},
    "model_rules": {"errors", "records", "suites", "model_facts", "submission_rules"},
    "submissions": {"errors", "records", "settings", "suites", "model_facts", "submission_rules", "model_rules"},
    "submission_reports": {"errors", "submissions", "model_rules"},
    "retries": {"errors", "records", "model_facts", "submissions"},
    "guard": set(),
    "front_page": {"guard"},
    "service": {"errors", "records", "suites", "boards", "texts", "plots", "submissions", "sources"},
    "views": {"errors", "records", "suites", "texts", "sources", "ratings", "boards", "plots", "submissions", "service"}
    | {"front_page", "run_summary", "submission_reports"},
    "commands": {"errors", "records", "sources", "ratings", "metrics"},
    "cli": {"errors", "records", "settings", "boards", "sources", "data_source", "commands"},
}
"""Module or folder of `leaderboard` -> what it may import from `leaderboard`."""

ONLY_IN = {
    "gradio": {"leaderboard.views", "app"},
    "torch": {"eval_queue.runners"},
    "transformers": {"eval_queue.runners"},
    "lm_eval": {"eval_queue.runners"},
    "apscheduler": {"eval_queue.schedule"},
    "openai": {"eval_queue.judging.endpoint"},
}
"""Third-party package -> the only places that may import it."""


def python_files() -> list[tuple[str, Path]]:
    found = [("app", ROOT / "app.py")]
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            found.append((".".join((package, *(part for part in parts if part != "__init__"))), path))
    return found


def imports_of(name: str, path: Path) -> set[str]:
    """Full dotted names that a module imports, wherever in the file; relative ones resolved."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    out: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])
            out |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return out


def layer(dotted: str) -> str | None:
    parts = dotted.split(".")
    return parts[1] if parts[0] == "leaderboard" and len(parts) > 1 else None


FILES = python_files()
IDS = [name for name, _ in FILES]


@pytest.mark.parametrize(("name", "path"), FILES, ids=IDS)
def test_a_module_imports_only_from_the_layers_below_it(name, path):
    own = layer(name)
    if own is None:
        return
    assert own in ALLOWED, f"{name} is in no layer; add it to ALLOWED"
    used = {found for found in map(layer, imports_of(name, path)) if found and found != own}
    wrong = {found for found in used if found in ALLOWED and found not in ALLOWED[own]}
    assert not wrong, f"{name} imports from {sorted(wrong)}; allowed are {sorted(ALLOWED[own])}"


@pytest.mark.parametrize(("name", "path"), FILES, ids=IDS)
def test_packages_that_belong_in_one_place_are_imported_there_only(name, path):
    for package, places in ONLY_IN.items():
        if any(found.split(".")[0] == package for found in imports_of(name, path)):
            assert any(name == place or name.startswith(f"{place}.") for place in places), f"{name} imports {package}"


def test_leaderboard_never_imports_eval_queue():
    wrong = [
        n for n, p in FILES if n.startswith("leaderboard") and any(i.startswith("eval_queue") for i in imports_of(n, p))
    ]
    assert wrong == []


def test_only_settings_reads_the_environment():
    wrong = []
    for name, path in FILES:
        text = path.read_text(encoding="utf-8")
        if name != "leaderboard.settings" and re.search(r"\bos\.environ|\bgetenv|\bimport environ", text):
            wrong.append(name)
    assert wrong == []


def test_a_wrong_arrow_is_seen(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from ..boards import board\n")
    assert "leaderboard.boards.board" in imports_of("leaderboard.sources.bad", bad)
    assert layer("leaderboard.boards.board") not in ALLOWED["sources"]


SIDE_EFFECTS = """
import os, socket, sys, threading
def refuse(*a, **k): raise SystemExit("network used at import")
socket.socket.connect = refuse
socket.socket.bind = refuse
before = dict(os.environ); threads = threading.active_count()
sys.path.insert(0, "src")
for name in {names!r}.split():
    __import__(name)
assert threading.active_count() == threads, "a thread was started"
assert not [n for n in ("torch", "lm_eval", "transformers") if n in sys.modules], "an engine was imported"
assert not {gradio} or "gradio" not in sys.modules, "gradio was imported outside views"
changed = [k for k in os.environ if os.environ[k] != before.get(k)]
assert {gradio} == 0 or not changed, f"environment changed: {{changed}}"
"""


@pytest.mark.parametrize("views", [False, True], ids=["without_gradio", "with_views"])
def test_importing_has_no_side_effects(views):
    names = [n for n, _ in FILES if n != "eval_queue.__main__" and not n.startswith("eval_queue.runners")]
    chosen = [n for n in names if views == n.startswith(("leaderboard.views", "app"))]
    code = SIDE_EFFECTS.format(names=" ".join(chosen), gradio=int(not views))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr or done.stdout
