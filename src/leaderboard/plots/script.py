"""The plotly.js of the installed plotly package: this site serves it itself, nothing is fetched from elsewhere."""

from pathlib import Path

import plotly

NAME = "plotly.min.js"
VERSION: str = plotly.__version__
URL = f"ui/{NAME}?v={VERSION}"
"""Where the page finds it; another version has another address."""


def read() -> bytes:
    """The script, 4.8 MB."""
    return (Path(plotly.__file__).parent / "package_data" / NAME).read_bytes()
