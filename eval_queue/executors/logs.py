"""What a log may show: its last lines, without secrets and control characters."""

import re
from collections.abc import Sequence
from pathlib import Path

from leaderboard.settings import Settings

TAIL_LINES = 40
TAIL_BYTES = 16_384
_TOKEN_SHAPES = re.compile(
    r"\bhf_[A-Za-z0-9]{10,}|\bsk-[A-Za-z0-9_-]{16,}|\bgh[opsu]_[A-Za-z0-9]{20,}"
    r"|(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_ERROR_LINE = re.compile(r"[A-Za-z_][\w.]*(: .*)?$")


def secret_values(settings: Settings) -> tuple[str, ...]:
    """The values of all settings that are secret, i.e. whose field is declared with repr=False."""
    names = (name for name, field in Settings.model_fields.items() if not field.repr)
    return tuple(value for name in names if (value := getattr(settings, name)))


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """The text with the given values, and everything that looks like a token, replaced by [redacted]."""
    for secret in secrets:
        text = text.replace(secret, "[redacted]")
    return _TOKEN_SHAPES.sub("[redacted]", text)


def tail(path: Path, *, secrets: Sequence[str] = ()) -> str:
    """The last 40 lines (at most 16 kB) of a log; "" when there is no log."""
    try:
        with path.open("rb") as file:
            offset = file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
            text = file.read(TAIL_BYTES).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    if offset:  # cut inside a line: half a token would not be recognised as one
        text = text.partition("\n")[2]
    lines = [_shown(line) for line in text.split("\n")]
    text = redact("\n".join(lines).strip("\n"), secrets)
    return "\n".join(text.split("\n")[-TAIL_LINES:])


def python_error(log: str) -> str | None:
    """The line of the last traceback that names the exception, e.g. "ValueError: bad shape"; None without one."""
    _, found, rest = log.rpartition("Traceback (most recent call last):\n")
    lines = rest.split("\n") if found else []
    return next((line[:500] for line in lines if _ERROR_LINE.match(line)), None)


def _shown(line: str) -> str:
    """A line as a terminal would show it in the end: a progress bar overwrites itself."""
    return _CONTROL.sub("", _ANSI.sub("", line.rstrip("\r").rpartition("\r")[2]))
