"""Cells of a downloaded CSV beside computed values."""

import pytest


def number(cell: str) -> float | str:
    """The number a cell holds, or its text."""
    try:
        return float(cell)
    except ValueError:
        return cell


def approx(value: float | str):
    """Numbers to what two processes with different threads agree on."""
    return pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
