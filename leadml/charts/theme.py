"""Colours and measures that all charts share.

Charts are drawn for a phone's width and enlarged a little on a desktop: drawn the other way round, their text
would shrink below legibility.
"""

from __future__ import annotations

import altair as alt
from altair.typing import ChartType

WIDTH = 360
INK = "#5b6470"
FAINT = "#a3abb5"
GRID = "#dde1e6"
RAISES = "#2f6bd8"
LOWERS = "#c45f1c"

PERCENT = "format(datum.value * 100, '.3~g') + '\u202f%'"


def themed(chart: ChartType) -> ChartType:
    """`chart` in the common dress: transparent ground, hairline grid, quiet axes."""
    dressed: ChartType = (
        chart.configure(background="transparent", padding=4, font="sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            domain=False, ticks=False, gridColor=GRID, labelColor=INK, titleColor=INK,
            labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelPadding=6, titlePadding=8,
        )
        .configure_legend(orient="top", title=None, labelColor=INK, labelFontSize=12, symbolStrokeWidth=2.5)
    )  # fmt: skip
    return dressed


def values(rows: list[dict[str, object]]) -> alt.InlineData:
    """Rows as inline data, under field names of this package: no user's name reaches an expression."""
    return alt.InlineData(values=rows)
