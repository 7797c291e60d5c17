"""A Python environment of its own for every contender, made on first use below benchmarks/.venvs."""

import subprocess
import venv
from importlib import metadata
from pathlib import Path

from leaderboard.settings import ROOT

FOLDER = ROOT / "benchmarks" / ".venvs"
OURS = ("numpy", "scipy", "pyarrow", "pandas")
"""What the rating engine needs, in the versions of the environment that runs the benchmark."""
NUMBA = "numba==0.68.1"
PACKAGES: dict[str, tuple[str, ...]] = {
    "evalica": ("evalica==0.4.2", "pyarrow"),
    "choix": ("choix==0.4.1", "pandas", "pyarrow"),
    "arena_rank": ("arena-rank==0.1.1",),
    "fastchat": ("pandas", "pyarrow", "scikit-learn", "tqdm", "plotly", "pytz"),
}
WITHOUT_DEPENDENCIES = {"fastchat": "fschat==0.2.36"}
"""Installed alone: what it asks for serves its chat pages, not its ratings."""


def python_of(name: str) -> Path:
    """Python of the contender's environment."""
    folder = FOLDER / f"ratings_{name}"
    python = folder / "bin" / "python"
    packages = _wanted(name)
    recipe = "\n".join(packages)
    installed = folder / ".installed"
    if not installed.exists() or installed.read_text(encoding="utf-8") != recipe:
        venv.create(folder, with_pip=True, clear=True)
        _install(python, packages)
        if name in WITHOUT_DEPENDENCIES:
            _install(python, ["--no-deps", WITHOUT_DEPENDENCIES[name]])
        installed.write_text(recipe, encoding="utf-8")
    return python


def _wanted(name: str) -> list[str]:
    if name in PACKAGES:
        return list(PACKAGES[name])
    same = [f"{package}=={metadata.version(package)}" for package in OURS]
    return [*same, NUMBA] if name == "numba" else same


def _install(python: Path, packages: list[str]) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(command, check=True)
