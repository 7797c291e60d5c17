"""A target of a benchmark: what was wanted beside what was measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One line: what, the figure, its limit and whether more or less is better."""

    text: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def line(self) -> str:
        sign = "≥" if self.at_least else "≤"
        digits = 0 if self.value >= 1000 else 1 if self.value >= 10 else 2
        return (
            f"| {self.text} | {self.value:,.{digits}f}{self.unit} | {sign} {self.limit:,g}{self.unit} | "
            f"{'met' if self.met else '**missed**'} |"
        )
