"""One lead's score as a way: from a lead like any other, term by term, to the lead's own probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import altair as alt
from altair.typing import ChartType

from leadml.charts.text import plain
from leadml.charts.theme import FAINT, GRID, INK, LOWERS, RAISES, WIDTH, themed, values

MOST_STEPS = 10
_LONGEST = 50
# Pixels of a row; in parts of it, where its sentence and its bar are.
_ROW = 46
_HEAD, _LINE, _HALF_BAR, _HALF_TEXT = 0.26, 0.7, 0.12, 0.19
_ACROSS = WIDTH - 8
_LETTER = 7.5  # pixels of a wide one
# Probabilities that a person would name; the axis shows those that there is room for.
_NAMED = (0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
_PERCENT = "format(100 / (1 + exp(-datum.value)), '.3~g') + '\u202f%'"


Rows: TypeAlias = list[dict[str, object]]


@dataclass(frozen=True)
class Step:
    """One bar: what is said of the lead, and the log-odds before and after it."""

    text: str
    start: float
    end: float


def waterfall_steps(intercept: float, reasons: Sequence[tuple[str, float]], most: int = MOST_STEPS) -> list[Step]:
    """The steps from an intercept to the sum of it and all reasons.

    `reasons` are sentences with their log-odds. The strongest `most` are steps of their own, the strongest first;
    the others are one last step, so that the last step ends at the lead's log-odds.
    """
    ordered = sorted(reasons, key=lambda reason: -abs(reason[1]))
    shown, rest = ordered[:most], ordered[most:]
    if rest:
        together = math.fsum(log_odds for _, log_odds in rest)
        count = len(rest)
        shown = [*shown, (f"{count} smaller reason{'s' * (count > 1)} together", together)]
    steps, at = [], intercept
    for text, log_odds in shown:
        steps.append(Step(text, at, at + log_odds))
        at += log_odds
    return steps


def waterfall(intercept: float, reasons: Sequence[tuple[str, float]], most: int = MOST_STEPS) -> ChartType:
    """Draw the steps of `waterfall_steps`, each sentence above its bar; the axis is log-odds, read as probabilities."""
    steps = waterfall_steps(intercept, reasons, most)
    ends = [intercept, *(step.end for step in steps)]
    low, high = _reach(ends)
    frame = _Frame(low, high, len(steps) + 2)
    bars = [_bar(place, step, middle=(low + high) / 2) for place, step in enumerate(steps, start=1)]
    points = [
        _point(0, f"A lead like any other: {_chance(intercept)}", intercept),
        _point(len(steps) + 1, f"This lead: {_chance(ends[-1])}", ends[-1]),
    ]
    below = [*(str(bar["text"]) for bar in bars), str(points[1]["text"])]
    links = [
        link
        for place, (at, text) in enumerate(zip(ends, below, strict=True))
        for link in _links(place, at, crossing=_ACROSS * (at - low) / (high - low) < _LETTER * len(text))
    ]
    colour = alt.condition("datum.raises", alt.value(RAISES), alt.value(LOWERS))
    layers = [
        frame.chart(links, y="line").mark_rule(color=FAINT, strokeDash=[2, 2]).encode(y2="bottom:Q"),
        frame.chart(bars, y="top").mark_bar(cornerRadius=1).encode(x2="end:Q", y2="bottom:Q", color=colour),
        frame.chart(points, y="line").mark_point(shape="diamond", filled=True, size=110, opacity=1, color=INK),
        frame.chart(bars, y="head")
        .mark_text(align="left", fontSize=12, color=INK)
        .encode(x=alt.value(0), text="text:N"),
        frame.chart(points, y="head")
        .mark_text(align="left", fontSize=12, fontWeight="bold", color=INK)
        .encode(x=alt.value(0), text="text:N"),
        *(_amounts(frame, bars, side) for side in ("left", "right")),
    ]
    return themed(alt.layer(*layers).properties(width=_ACROSS, height=_ROW * frame.rows))


@dataclass(frozen=True)
class _Frame:
    """The place that all layers share: log-odds from `low` to `high`, and so many rows from the top."""

    low: float
    high: float
    rows: int

    def chart(self, rows: Rows, *, y: str, x: str = "at") -> alt.Chart:
        across = alt.Scale(domain=[self.low, self.high], nice=False)
        down = alt.Scale(domain=[self.rows, 0], nice=False)
        at = alt.X(f"{x}:Q", scale=across, axis=_axis(self.low, self.high), title=None)
        return alt.Chart(values(rows)).encode(x=at, y=alt.Y(f"{y}:Q", scale=down, axis=None))


def _bar(place: int, step: Step, *, middle: float) -> dict[str, object]:
    left, right = sorted((step.start, step.end))
    # A bar in the right half has its figure on the left, where there is room.
    side = "right" if (left + right) / 2 <= middle else "left"
    return {
        "text": plain(step.text, _LONGEST),
        "at": step.start,
        "end": step.end,
        "raises": step.end >= step.start,
        "top": place + _LINE - _HALF_BAR,
        "bottom": place + _LINE + _HALF_BAR,
        "line": place + _LINE,
        "head": place + _HEAD,
        "amount": f"{step.end - step.start:+.2f}".replace("-", "−"),
        "outside": right if side == "right" else left,
        "side": side,
    }


def _links(place: int, at: float, *, crossing: bool) -> Rows:
    """From a row's bar to the next one's, but for where it would cross the next one's sentence."""
    start, head, end = place + _LINE, place + 1 + _HEAD, place + 1 + _LINE
    spans = ((start, head - _HALF_TEXT), (head + _HALF_TEXT, end)) if crossing else ((start, end),)
    return [{"at": at, "line": top, "bottom": bottom} for top, bottom in spans]


def _point(place: int, text: str, at: float) -> dict[str, object]:
    return {"text": text, "at": at, "line": place + _LINE, "head": place + _HEAD}


def _amounts(frame: _Frame, bars: Rows, side: str) -> alt.Chart:
    """The figures on one side of their bars."""
    chart = frame.chart([bar for bar in bars if bar["side"] == side], x="outside", y="line").encode(text="amount:N")
    right = side == "right"
    drawn: alt.Chart = chart.mark_text(
        align="left" if right else "right", dx=5 if right else -5, fontSize=12, color=INK
    )
    return drawn


def _reach(ends: Sequence[float]) -> tuple[float, float]:
    low, high = min(ends), max(ends)
    pad = max(0.12 * (high - low), 0.4)
    return low - pad, high + pad


def _axis(low: float, high: float) -> alt.Axis:
    """Ticks at probabilities that a person would name, none closer than a fifth of the width."""
    named = [math.log(p / (1 - p)) for p in (*_NAMED, *(1 - p for p in reversed(_NAMED[:-1])))]
    ticks: list[float] = []
    for tick in named:
        if low <= tick <= high and (not ticks or tick - ticks[-1] > (high - low) / 6):
            ticks.append(tick)
    # Lines of a grid would cross the sentences.
    return alt.Axis(
        values=ticks, labelExpr=_PERCENT, labelFlush=True, grid=False, domain=True, domainColor=GRID, ticks=True,
        tickColor=GRID,
    )  # fmt: skip


def _chance(log_odds: float) -> str:
    """A probability as a percentage, never rounded to 0 or 100."""
    share = 100 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0
    return f"{min(max(share, 0.1), 99.9):.1f}\u202f%"
