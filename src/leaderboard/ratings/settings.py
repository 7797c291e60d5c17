"""Checking the parameters of rating methods, with one form of message."""

from leaderboard.errors import BadSetting


def expect(name: str, value: object, good: bool, wanted: str) -> None:
    """Raise BadSetting unless `good`, saying which parameter has which value and what was expected."""
    if not good:
        raise BadSetting(f"Setting {name} is {value!r}; expected {wanted}.")
