"""The figures of a cutoff, each printed in one way wherever it is shown: page, command line and notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadml.report.formats import UNKNOWN, count, decimal, number, per_week, percent, triple


@dataclass(frozen=True)
class Figure:
    """A figure of a cutoff: its key in the facts, its title, a short one for a terminal, and how it is printed."""

    key: str
    title: str
    short: str
    show: Callable[[object], str]


def whole(value: object) -> str:
    """A sum of money without decimals, never "−0"."""
    amount = number(value)
    return UNKNOWN if amount is None else decimal(round(amount) + 0.0, 0)


FIGURES = (
    Figure("per_week", "New leads a week", "a week", per_week),
    Figure("leads", "Leads in all", "leads", count),
    Figure("precision", "Of these, won", "won", percent),
    Figure("recall", "Of all wins, reached", "wins reached", percent),
    Figure("value_per_week", "Value a week", "value a week", whole),
    Figure("missed_per_week", "Missed wins a week", "missed a week", per_week),
    Figure("missed", "Missed wins in all", "missed", count),
)
# Counts in all stand in for those a week where there are no dates.
_STAND_IN = {"leads": "per_week", "missed": "missed_per_week"}


@dataclass(frozen=True)
class Cell:
    """A figure as printed, with its interval ("" where there is none)."""

    value: str
    interval: str

    def __str__(self) -> str:
        """The figure with its interval in brackets."""
        return f"{self.value} ({self.interval})" if self.interval else self.value


def cell(figure: Figure, value: object) -> Cell:
    """A figure of the facts as printed."""
    best, low, high = triple(value)
    return Cell(figure.show(best), "" if low is None or high is None else f"{figure.show(low)} to {figure.show(high)}")


def figures_of(rows: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """The figures that any of `rows` has; counts in all only where there are none a week."""
    known = {figure.key for figure in FIGURES if any(triple(row.get(figure.key))[0] is not None for row in rows)}
    return [figure for figure in FIGURES if figure.key in known and _STAND_IN.get(figure.key) not in known]
