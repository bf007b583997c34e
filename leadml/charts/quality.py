"""How good a scorer is: what it promised against what happened, and how early the wins are found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.typing import ChartType

from leadml.charts.theme import FAINT, LOWERS, PERCENT, RAISES, WIDTH, themed, values

Points = Sequence[Mapping[str, Any]]

SCORER, RULES, RANDOM = "this scorer", "rules alone", "random order"


def reliability(points: Points) -> ChartType:
    """Observed share of wins against the predicted probability, per band of leads.

    `points`: mappings with `predicted`, `observed`, `low`, `high` (shares from 0 to 1; low and high bound the
    observed share) and `rows` (how many there are in the band). On the dashed diagonal a promise is kept exactly.
    """
    rows = [{key: point[key] for key in ("predicted", "observed", "low", "high", "rows")} for point in points]
    top = _round_up(max((max(row["predicted"], row["high"]) for row in rows), default=1.0))
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(labelExpr=PERCENT, tickCount=5)
    x = alt.X("predicted:Q", scale=scale, axis=axis, title="predicted probability")
    base = alt.Chart(values(rows)).encode(x=x)
    diagonal = (
        alt.Chart(values([{"at": 0.0}, {"at": top}]))
        .mark_line(color=FAINT, strokeDash=[4, 4], strokeWidth=1.5)
        .encode(x=alt.X("at:Q", scale=scale), y=alt.Y("at:Q", scale=scale))
    )
    ranges = base.mark_rule(color=RAISES, strokeWidth=2, opacity=0.45).encode(
        y=alt.Y("low:Q", scale=scale, axis=axis, title="won in fact"), y2="high:Q"
    )
    dots = base.mark_circle(color=RAISES, opacity=1).encode(
        y=alt.Y("observed:Q", scale=scale),
        size=alt.Size("rows:Q", legend=None, scale=alt.Scale(domainMin=0, range=[16, 100])),
    )
    return themed(alt.layer(diagonal, ranges, dots).properties(width=WIDTH - 70, height=250))


def gain(points: Points) -> ChartType:
    """Share of all wins found against the share of leads called, best score first.

    `points`: mappings with `share`, `captured` and `rules` (the same for the rules alone, or None), each
    from 0 to 1.
    """
    rows = _gain_rows(points)
    names = [name for name in (SCORER, RULES, RANDOM) if any(row["order"] == name for row in rows)]
    axis = alt.Axis(labelExpr=PERCENT, values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    lines = (
        alt.Chart(values(rows))
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("share:Q", axis=axis, scale=alt.Scale(domain=[0, 1]), title="leads called, best score first"),
            y=alt.Y("captured:Q", axis=axis, scale=alt.Scale(domain=[0, 1]), title="wins reached"),
            color=alt.Color("order:N", scale=_scale(names, {SCORER: RAISES, RULES: LOWERS, RANDOM: FAINT})),
            strokeDash=alt.StrokeDash("order:N", scale=_scale(names, {SCORER: [1, 0], RULES: [6, 3], RANDOM: [2, 3]})),
        )
    )
    return themed(alt.layer(lines).properties(width=WIDTH - 70, height=230))


def _gain_rows(points: Points) -> list[dict[str, object]]:
    columns = {SCORER: "captured", RULES: "rules"}
    drawn: list[dict[str, object]] = [
        {"share": point["share"], "captured": point[key], "order": name}
        for name, key in columns.items()
        for point in points
        if point.get(key) is not None
    ]
    return drawn + [{"share": end, "captured": end, "order": RANDOM} for end in (0, 1)]


def _scale(names: list[str], look: Mapping[str, Any]) -> alt.Scale:
    return alt.Scale(domain=names, range=[look[name] for name in names])


def _round_up(share: float) -> float:
    """The next tick at or above `share`, so that neither axis ends in the middle of a step."""
    step = 0.02 if share <= 0.1 else 0.1
    return min(1.0, max(step, math.ceil(share / step - 1e-9) * step))
