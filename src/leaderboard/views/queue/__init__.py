"""The queue as a log: a self-contained HTML component that polls `data/queue.json` while it is seen."""

from pathlib import Path

FOLDER = Path(__file__).parent


def assets() -> dict[str, bytes]:
    """Scripts and styles to serve under assets/."""
    return {f"queue/{name}": (FOLDER / name).read_bytes() for name in ("queue.js", "queue.css")}
