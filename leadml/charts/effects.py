"""What a scorer has learned: how much each feature matters, and which way each of its values pulls."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
from altair.typing import ChartType

from leadml.charts.text import distinct
from leadml.charts.theme import FAINT, INK, LOWERS, RAISES, WIDTH, themed, values

MOST_BARS = 12
_FACTORS = "'×' + format(exp(datum.value), exp(datum.value) < 0.1 ? '.1~g' : '.2~f')"


@dataclass(frozen=True)
class Shape:
    """One feature's score table beside the rows it was learned from; each list has one entry per code.

    `texts` say what each code means, `log_odds` what it adds to the score, `rows` how many rows had it.
    `kind` is the feature's: "category", or an ordered one ("number", "month", "weekday", "hour").
    """

    feature: str
    label: str
    group: str
    kind: str
    texts: list[str]
    log_odds: list[float]
    rows: list[int]

    def __post_init__(self) -> None:
        """Refuse lists that do not describe the same codes."""
        if not len(self.texts) == len(self.log_odds) == len(self.rows):
            raise ValueError(
                f"The shape of {self.feature!r} needs one text, one log-odds and one row count per code, "
                f"got {len(self.texts)}, {len(self.log_odds)} and {len(self.rows)}."
            )

    @property
    def seen(self) -> list[int]:
        """Codes that at least one row had, in order."""
        return [code for code, rows in enumerate(self.rows) if rows > 0]

    @property
    def drawn(self) -> list[int]:
        """Codes that the chart shows: of a category the most frequent, from the strongest pull down."""
        if self.kind != "category":
            return self.seen
        common = sorted(self.seen, key=lambda code: (-self.rows[code], code))[:MOST_BARS]
        return sorted(common, key=lambda code: (-self.log_odds[code], code))


def shape(shape: Shape) -> ChartType:
    """Effect of each value on the odds, and how many rows had it; values that no row had are left out.

    A category shows at most `MOST_BARS` values, those with the most rows; an ordered feature with more codes
    than that is drawn along a horizontal axis.
    """
    if shape.kind != "category" and len(shape.seen) > MOST_BARS:
        return _along(shape)
    return _stacked(shape)


def drivers(drivers: Sequence[Mapping[str, Any]]) -> ChartType:
    """Features by their mean absolute effect on the log-odds: mappings with `label` and `importance`."""
    labels = distinct((driver["label"] for driver in drivers), 34)
    rows: list[dict[str, object]] = [
        {"label": label, "importance": driver["importance"]} for label, driver in zip(labels, drivers, strict=True)
    ]
    y = alt.Y("label:N", sort=None, title=None, axis=_label_axis(190))
    top = max((float(driver["importance"]) for driver in drivers), default=0.0) or 1.0
    x = alt.X("importance:Q", axis=None, scale=alt.Scale(domain=[0, top * 1.5], nice=False))
    base = alt.Chart(values(rows)).encode(x=x, y=y)
    bars = base.mark_bar(color=RAISES, height=12, cornerRadiusEnd=2)
    amounts = (
        base.transform_calculate(factor="'×' + format(exp(datum.importance), '.2f')")
        .mark_text(align="left", dx=5, color=INK, fontSize=12)
        .encode(text="factor:N")
    )
    return themed(alt.layer(bars, amounts).properties(width=WIDTH - 218, height=alt.Step(24)))


def losses(drivers: Sequence[Mapping[str, Any]]) -> ChartType:
    """What would be lost without each feature, with its interval: mappings with `label`, `lost`, `low` and `high`.

    All are shares of what the scorer gains; below 0 the scorer would be better without.
    """
    labels = distinct((driver["label"] for driver in drivers), 34)
    keys = ("lost", "low", "high")
    rows: list[dict[str, object]] = [
        {"label": label, **{key: driver[key] for key in keys}} for label, driver in zip(labels, drivers, strict=True)
    ]
    ends = [float(driver[key]) for driver in drivers for key in keys]
    low, high = min([0.0, *ends]), max([0.01, *ends])
    y = alt.Y("label:N", sort=None, title=None, axis=_label_axis(170))
    axis = alt.Axis(tickCount=3, format="~%", labelFlush=True)
    x = alt.X("lost:Q", axis=axis, scale=alt.Scale(domain=[low, high], nice=True), title=None)
    base = alt.Chart(values(rows)).encode(y=y)
    bars = base.mark_bar(color=RAISES, height=12, cornerRadiusEnd=2, opacity=0.8).encode(x=x)
    whiskers = base.mark_rule(color=INK, strokeWidth=1.5).encode(x=alt.X("low:Q"), x2="high:Q")
    return themed(alt.layer(bars, whiskers).properties(width=WIDTH - 212, height=alt.Step(24)))


def _stacked(shape: Shape) -> ChartType:
    rows = _bars(shape)
    y = alt.Y("text:N", sort=None, title=None, axis=_label_axis(128))
    x = alt.X("log_odds:Q", axis=_effect_axis(shape, most=4), scale=_effect_scale(shape), title="effect on the odds")
    height = alt.Step(24)
    effect = alt.Chart(values(rows)).mark_bar(height=12).encode(x=x, y=y, color=_direction())
    density = (
        alt.Chart(values(rows))
        .mark_bar(height=12, color=FAINT)
        .encode(x=alt.X("rows:Q", title="how many", axis=_rows_axis()), y=y.copy().axis(None))
    )
    panels = effect.properties(width=134, height=height), density.properties(width=56, height=height)
    return themed(alt.hconcat(*panels, spacing=16))


def _along(shape: Shape) -> ChartType:
    rows = _bars(shape)
    marked = [str(rows[round(i * (len(rows) - 1) / 4)]["text"]) for i in range(5)]
    below = alt.Axis(values=marked, labelAngle=-30, labelLimit=110, labelOverlap=False, grid=False)
    x = alt.X("text:N", sort=None, title=None, axis=None, scale=alt.Scale(paddingInner=0.08))
    y = alt.Y("log_odds:Q", axis=_effect_axis(shape, most=5), scale=_effect_scale(shape), title="effect on the odds")
    effect = alt.Chart(values(rows)).mark_bar().encode(x=x, y=y, color=_direction())
    density = (
        alt.Chart(values(rows))
        .mark_bar(color=FAINT)
        .encode(x=x.copy().axis(below), y=alt.Y("rows:Q", title="how many", axis=_rows_axis()))
    )
    width = WIDTH - 80
    panels = effect.properties(width=width, height=150), density.properties(width=width, height=46)
    return themed(alt.vconcat(*panels, spacing=10))


def _bars(shape: Shape) -> list[dict[str, object]]:
    labels = distinct((shape.texts[code] for code in shape.drawn), 24)
    return [
        {"text": label, "log_odds": shape.log_odds[code], "rows": shape.rows[code]}
        for label, code in zip(labels, shape.drawn, strict=True)
    ]


def _direction() -> Any:
    return alt.condition("datum.log_odds >= 0", alt.value(RAISES), alt.value(LOWERS))


def _effect_scale(shape: Shape) -> alt.Scale:
    reach = _reach(shape)
    effects = [shape.log_odds[code] for code in shape.drawn]
    low, high = min(effects, default=0.0), max(effects, default=0.0)
    return alt.Scale(domain=[min(low, -reach / 6), max(high, reach / 6)], nice=False)


def _label_axis(limit: int) -> alt.Axis:
    # Browsers' fonts differ from the one that text is measured with: labels get less room than is kept for them.
    return alt.Axis(grid=False, labelLimit=limit, minExtent=limit + 18, maxExtent=limit + 18)


def _effect_axis(shape: Shape, most: int) -> alt.Axis:
    """Ticks at factors a person would name (half, double), as many as there is room for."""
    reach = _reach(shape)
    steps = [math.log(factor) for factor in (1.05, 1.1, 1.25, 1.5, 2, 4, 10, 100, 10_000)]
    step = next((step for step in steps if 2 * reach / step <= most), steps[-1])
    count = min(int(reach / step), most)
    return alt.Axis(values=[step * i for i in range(-count, count + 1)], labelExpr=_FACTORS)


def _rows_axis() -> alt.Axis:
    return alt.Axis(tickCount=2, grid=False, labelExpr="format(datum.value, '~s')", labelFlush=True)


def _reach(shape: Shape) -> float:
    """Largest effect in either direction, never so small that noise would fill the chart."""
    return max([0.05, *(abs(shape.log_odds[code]) for code in shape.drawn)])
