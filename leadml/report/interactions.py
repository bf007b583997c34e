"""Pairs of features as heat maps, each with its strongest cells in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from leadml import charts
from leadml.charts import Interaction, plain
from leadml.report.figures import drawn
from leadml.report.formats import count, factor

MOST_CELLS = 8


@dataclass(frozen=True)
class Cell:
    """One cell of a pair's table: what it says of a lead, what it does to the odds, and how many had it."""

    left: str
    right: str
    odds: str
    rows: str


@dataclass(frozen=True)
class Pairing:
    """A heat map with its title and its strongest cells; `left` are the lines and `right` the columns."""

    left: str
    right: str
    svg: Markup
    cells: list[Cell]


@dataclass(frozen=True)
class Interactions:
    """Heat maps of one scale; `raises` and `lowers` are what their full colours stand for."""

    pairings: list[Pairing]
    raises: str
    lowers: str


def interactions(pairs: Sequence[Interaction]) -> Interactions | None:
    """Heat maps of pairs, in the order given; a pair that no row has is left out. None where none is left."""
    seen = [pair for pair in pairs if pair.left_drawn]
    if not seen:
        return None
    full = charts.full_colour(seen)
    pairings = [_pairing(pair, place, full) for place, pair in enumerate(seen, start=1)]
    return Interactions(pairings, factor(full), factor(-full))


def _pairing(pair: Interaction, place: int, full: float) -> Pairing:
    cells = [
        (pair.log_odds[i][j], pair.rows[i][j], pair.left_texts[i], pair.right_texts[j])
        for i in pair.left_drawn
        for j in pair.right_drawn
        if pair.rows[i][j]
    ]
    # An effect on many leads says more than a strong one on a single lead.
    strongest = sorted(cells, key=lambda cell: -abs(cell[0]) * cell[1] ** 0.5)[:MOST_CELLS]
    said = [Cell(plain(left, 60), plain(right, 60), factor(odds), count(rows)) for odds, rows, left, right in strongest]
    left, right = plain(pair.left, 60), plain(pair.right, 60)
    words = "; ".join(f"{cell.left} with {cell.right} {cell.odds}" for cell in said[:4])
    svg = drawn(
        charts.interaction(pair, full=full), f"pair-{place}", f"Effect of {left} with {right} on the odds. {words}."
    )
    return Pairing(left, right, svg, said)
