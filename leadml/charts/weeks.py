"""Counts by week, as seen and as expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.typing import ChartType

from leadml.charts.text import plain
from leadml.charts.theme import FAINT, RAISES, WIDTH, themed, values

MOST_WEEKS = 26
_LABELS = 5


def weekly(seen: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]]) -> ChartType:
    """Bars of leads in past weeks, then what is expected of the next ones, each with its interval.

    `seen`: mappings with `from` (the week's first day, such as "2025-01-06") and `leads`, in the order of time, of
    which the newest `MOST_WEEKS` are drawn; `expected`: mappings with `from`, `expected`, `low` and `high`.
    """
    past: list[dict[str, object]] = [
        {"week": plain(week["from"], 10), "leads": week["leads"]} for week in seen[-MOST_WEEKS:]
    ]
    next_ones: list[dict[str, object]] = [
        {"week": plain(week["from"], 10), **{key: week[key] for key in ("expected", "low", "high")}}
        for week in expected
    ]
    weeks = [str(row["week"]) for row in (*past, *next_ones)]
    x = alt.X("week:O", title="week from", scale=alt.Scale(domain=weeks), axis=_axis(weeks))
    bars = alt.Chart(values(past)).mark_bar(color=FAINT).encode(x=x, y=_y("leads"))
    base = alt.Chart(values(next_ones)).encode(x=x)
    spans = base.mark_bar(color=RAISES, opacity=0.3).encode(y=_y("low"), y2="high:Q")
    ticks = base.mark_tick(color=RAISES, thickness=3, bandSize=12).encode(y=_y("expected"))
    return themed(alt.layer(bars, spans, ticks).properties(width=WIDTH - 70, height=170))


def _y(field: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title="new leads", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4, format=",d"))


def _axis(weeks: Sequence[str]) -> alt.Axis:
    """As many of the weeks as there is room for, counted back from the last."""
    step = max(1, -(-len(weeks) // _LABELS))
    return alt.Axis(values=list(weeks[::-1][::step]), labelAngle=-30, labelOverlap=False, grid=False)
