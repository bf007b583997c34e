"""The curves of a cutoff's figures: paths on a square of 100 by 100 that the page stretches to the width it has.

A position's distance from the left is its place among the rows, which are spread evenly over the weekly volume: the
slider below the curves, which moves from row to row, then stands exactly under what it shows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from leadml.report.cutoff_figures import Figure
from leadml.report.formats import percent
from leadml.report.moving.rows import WhatIf

_Y = TypeVar("_Y")

_DRAWN = ("precision", "recall", "value_per_week")
_TICKS = 4


@dataclass(frozen=True)
class Curve:
    """One figure's curve: paths of its line and band, the ends of its axis as printed, and its height at each row."""

    figure: Figure
    line: str
    band: str
    zero: float
    top: str
    bottom: str
    heights: list[float | None]


def curves(moved: WhatIf) -> dict[str, Curve]:
    """By key, the figures that are worth a curve: volume falls evenly by construction, missed wins mirror recall."""
    return {figure.key: _curve(moved, figure) for figure in moved.figures if figure.key in _DRAWN}


def across(moved: WhatIf, place: int) -> float:
    """How far from the left a row stands, 0 to 100."""
    return round(100 * place / (len(moved.rows) - 1), 2)


def ticks(moved: WhatIf) -> list[int]:
    """Places of the rows that the axis names, evenly from the first to the last."""
    return sorted({round(i * (len(moved.rows) - 1) / _TICKS) for i in range(_TICKS + 1)})


def _curve(moved: WhatIf, figure: Figure) -> Curve:
    triples = [row.figures[figure.key] for row in moved.rows]
    known = [value for value, _, _ in triples if value is not None]
    # The whole band where the slider stands at first; at the far ends, with few leads, bands know no bounds.
    known += [end for end in triples[moved.start] if end is not None]
    low, high = 0.0 - _nice(-min(0.0, *known)), _nice(max(0.0, *known))
    span = (high - low) or 1.0

    def height(value: float) -> float:
        return round(100 * (high - min(max(value, low), high)) / span, 2)

    heights = [None if value is None else height(value) for value, _, _ in triples]
    ends = [None if a is None or b is None else (height(a), height(b)) for _, a, b in triples]
    places = [across(moved, place) for place in range(len(triples))]
    return Curve(
        figure=figure,
        line=" ".join(_path([(places[i], y) for i, y in run]) for run in _runs(heights)),
        band=" ".join(_outline([(places[i], *y) for i, y in run]) for run in _runs(ends)),
        zero=height(0.0),
        top=_end(figure, high),
        bottom=_end(figure, low),
        heights=heights,
    )


def _end(figure: Figure, value: float) -> str:
    """An end of an axis, which is a round number, without the decimals of the figures."""
    return f"{100 * value:g}\u202f%" if figure.show is percent else figure.show(value)


def _nice(value: float) -> float:
    """The next round number at or above `value`: 1, 1.5, 2, 3, 4, 5, 6 or 8 times a power of ten."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if step * power >= value * (1 - 1e-9))


def _runs(known: Sequence[_Y | None]) -> Iterator[list[tuple[int, _Y]]]:
    """Rows side by side that have a figure, each with its place."""
    run: list[tuple[int, _Y]] = []
    for place, entry in enumerate([*known, None]):
        if entry is not None:
            run.append((place, entry))
        elif run:
            yield run
            run = []


def _path(points: Sequence[tuple[float, float]]) -> str:
    # A point alone is a line of no length, which round ends make visible.
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in [*points, *points[-1:]])


def _outline(points: Sequence[tuple[float, float, float]]) -> str:
    there = [(x, upper) for x, _, upper in points]
    back = [(x, lower) for x, lower, _ in reversed(points)]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in [*there, *back]) + "Z"
