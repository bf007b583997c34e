"""Counts by month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.typing import ChartType

from leadml.charts.text import distinct
from leadml.charts.theme import RAISES, WIDTH, themed, values


def monthly(points: Sequence[Mapping[str, Any]]) -> ChartType:
    """Bars of leads by month.

    `points`: mappings with `month` (such as "2025-01") and `leads`, in the order of time.
    """
    months = distinct((point["month"] for point in points), 10)
    rows: list[dict[str, object]] = [
        {"month": month, "leads": point["leads"]} for month, point in zip(months, points, strict=True)
    ]
    x = alt.X("month:O", sort=None, title=None, axis=alt.Axis(labelAngle=-90 if len(rows) > 6 else 0, grid=False))
    y = alt.Y("leads:Q", title="leads", axis=alt.Axis(tickCount=4, format=",d"))
    bars = alt.Chart(values(rows)).mark_bar(color=RAISES).encode(x=x, y=y)
    return themed(alt.layer(bars).properties(width=WIDTH - 70, height=170))
