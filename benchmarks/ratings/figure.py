"""A small line chart as SVG, written by hand: no plotting library here can draw without a browser."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 190, 44, 52
COLOURS = ("#0969da", "#bc4c00", "#57606a")
N_TICKS = 5
Series = Sequence[tuple[float, float]]


def line_chart(title: str, x_title: str, y_title: str, lines: Mapping[str, Series], fits: Mapping[str, Series]) -> str:
    """Points and names of `lines`; `fits` are drawn dashed under the line of the same name. Both axes start at 0."""
    highest_x = max(x for line in lines.values() for x, _ in line)
    highest_y = _round_up(max(y for line in lines.values() for _, y in line))

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + x / highest_x * (WIDTH - LEFT - RIGHT)
        return round(across, 1), round(HEIGHT - BOTTOM - y / highest_y * (HEIGHT - TOP - BOTTOM), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="12" fill="#1f2328">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="15">{escape(title)}</text>',
    ]
    for number in range(N_TICKS + 1):
        x, y = highest_x * number / N_TICKS, highest_y * number / N_TICKS
        parts += _grid(place(0, y), place(highest_x, y), place(x, 0), f"{x:g}", f"{y:.3g}")
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_title)}</text>'
    )
    middle = (TOP + HEIGHT - BOTTOM) / 2
    turned = f'transform="rotate(-90 18 {middle})" text-anchor="middle"'
    parts.append(f'<text x="18" y="{middle}" {turned}>{escape(y_title)}</text>')
    for (name, line), colour in zip(lines.items(), COLOURS, strict=False):
        parts += _line([place(x, y) for x, y in line], [place(x, y) for x, y in fits.get(name, ())], name, colour)
    return "\n".join([*parts, "</svg>", ""])


def _grid(
    left: tuple[float, float], right: tuple[float, float], foot: tuple[float, float], x: str, y: str
) -> list[str]:
    return [
        f'<line x1="{left[0]}" y1="{left[1]}" x2="{right[0]}" y2="{right[1]}" stroke="#d0d7de"/>',
        f'<text x="{left[0] - 8}" y="{left[1] + 4}" text-anchor="end">{y}</text>',
        f'<text x="{foot[0]}" y="{foot[1] + 18}" text-anchor="middle">{x}</text>',
    ]


def _line(points: Series, fit: Series, name: str, colour: str) -> list[str]:
    parts = [f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>' for x, y in points]
    if fit:
        path = " ".join(f"{x},{y}" for x, y in fit)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-dasharray="6 4"/>')
    x, y = points[-1]
    return [*parts, f'<text x="{x + 10}" y="{y + 4}" fill="{colour}">{escape(name)}</text>']


def _round_up(value: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 1.0
    while power > value:
        power /= 10
    while power * 10 < value:
        power *= 10
    return next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= value)
