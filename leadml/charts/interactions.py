"""What two features say together beyond what each says alone: a heat map with the data's density."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
from altair.typing import ChartType

from leadml.charts.text import distinct
from leadml.charts.theme import INK, LOWERS, RAISES, WIDTH, themed, values

MOST_LINES = 12
# What moves the odds by less than this never looks strong, not even where nothing else moves them more.
_FULL = math.log(1.5)


@dataclass(frozen=True)
class Interaction:
    """A pair's table: `log_odds` and `rows` (how many rows had each cell) by left and right text."""

    left: str
    right: str
    left_texts: list[str]
    right_texts: list[str]
    log_odds: list[list[float]]
    rows: list[list[int]]

    def __post_init__(self) -> None:
        """Refuse tables of another shape."""
        for table in (self.log_odds, self.rows):
            if [len(line) for line in table] != [len(self.right_texts)] * len(self.left_texts):
                raise ValueError(
                    f"The interaction of {self.left!r} and {self.right!r} needs tables of {len(self.left_texts)} x "
                    f"{len(self.right_texts)}."
                )

    @property
    def left_drawn(self) -> list[int]:
        """The lines that the chart shows: those with most rows, in order."""
        return _common([sum(line) for line in self.rows])

    @property
    def right_drawn(self) -> list[int]:
        """The columns that the chart shows: those with most rows, in order."""
        return _common([sum(line[place] for line in self.rows) for place in range(len(self.right_texts))])

    @property
    def strongest(self) -> float:
        """The largest effect, up or down, that the chart shows, in log-odds."""
        shown = ((i, j) for i in self.left_drawn for j in self.right_drawn if self.rows[i][j])
        return max((abs(self.log_odds[i][j]) for i, j in shown), default=0.0)


def full_colour(pairs: Sequence[Interaction]) -> float:
    """The effect in log-odds, up or down, that full colour stands for in charts to be seen side by side."""
    return max([_FULL, *(pair.strongest for pair in pairs)])


def interaction(pair: Interaction, *, full: float) -> ChartType:
    """Each cell's effect by its colour, the stronger the fuller; the dot in it is the larger, the more rows it had.

    Full colour stands for an effect of `full` (see `full_colour`). Cells that no row had are left blank.
    """
    lefts, rights = pair.left_drawn, pair.right_drawn
    across = dict(zip(rights, distinct((pair.right_texts[place] for place in rights), 18), strict=True))
    down = dict(zip(lefts, distinct((pair.left_texts[place] for place in lefts), 18), strict=True))
    cells: list[dict[str, object]] = [
        {
            "left": down[i],
            "right": across[j],
            "strength": abs(pair.log_odds[i][j]) / full,
            "raises": pair.log_odds[i][j] >= 0,
            "rows": pair.rows[i][j],
        }
        for i in lefts
        for j in rights
        if pair.rows[i][j]
    ]
    x = alt.X("right:N", sort=list(across.values()), title=None, axis=_axis(angle=-40))
    y = alt.Y("left:N", sort=list(down.values()), title=None, axis=_axis(angle=0))
    base = alt.Chart(values(cells)).encode(x=x, y=y)
    colour = alt.condition("datum.raises", alt.value(RAISES), alt.value(LOWERS))
    strength = alt.FillOpacity("strength:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.06, 0.9]))
    tiles = base.mark_rect(cornerRadius=2).encode(color=colour, fillOpacity=strength)
    dots = base.mark_circle(color=INK, opacity=0.75).encode(
        size=alt.Size("rows:Q", legend=None, scale=alt.Scale(domainMin=0, range=[2, 110]))
    )
    layers = alt.layer(tiles, dots).properties(width=WIDTH - 128, height=alt.Step(26))
    return themed(layers)


def _axis(angle: int) -> alt.Axis:
    return alt.Axis(grid=False, labelAngle=angle, labelLimit=112, labelOverlap=False)


def _common(rows: Sequence[int]) -> list[int]:
    seen = [place for place, count in enumerate(rows) if count]
    return sorted(sorted(seen, key=lambda place: -rows[place])[:MOST_LINES])
