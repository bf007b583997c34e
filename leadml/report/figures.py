"""The charts of the page, each with the words that stand for it where it cannot be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from leadml import charts
from leadml.charts import Shape, plain
from leadml.report.formats import factor, number, percent, records, share_of_gain
from leadml.report.story import Reach, part

MOST_SHAPES = 8
MOST_VALUES = 40

_TYPICAL = "Main drivers, by how much they typically move the odds, up or down."
_LOST = (
    "Main drivers: the share of what the scorer tells that would be lost without each by itself, on leads it had "
    "not seen; a whole field, with its rules and all that is derived from it, stands under What became of each field. "
    "Lines are 95\u202f% intervals; one that covers 0 may be chance."
)


@dataclass(frozen=True)
class Value:
    """One row of a shape's table."""

    text: str
    log_odds: float
    rows: int


@dataclass(frozen=True)
class DriverFigure:
    """The chart of what drives the score, and what it shows."""

    svg: Markup
    caption: str


@dataclass(frozen=True)
class ShapeFigure:
    """A shape plot with its title, its reading in one sentence and its values as a table."""

    label: str
    group: str
    importance: float | None
    reading: str
    svg: Markup
    values: list[Value]
    drawn: int
    seen: int


def reliability(facts: Mapping[str, Any]) -> Markup | None:
    """The reliability diagram, or None where it was not measured."""
    points = _complete(part(facts, "evaluation", "reliability"), ("predicted", "observed", "low", "high", "rows"))
    if not points:
        return None
    said = "; ".join(f"{percent(p['predicted'])} predicted, {percent(p['observed'])} won" for p in points)
    return drawn(charts.reliability(points), "reliability", f"Reliability diagram. {said}.")


def gain(facts: Mapping[str, Any], reaches: Sequence[Reach]) -> Markup | None:
    """The gain curve, or None where it was not measured."""
    points = _complete(part(facts, "evaluation", "gain"), ("share", "captured"))
    if not points:
        return None
    said = "; ".join(f"the top {percent(r.share, 0)} reach {percent(r.captured, 0)} of wins" for r in reaches)
    return drawn(charts.gain(points), "gain", f"Gain curve: {said}.")


def drivers(facts: Mapping[str, Any]) -> DriverFigure | None:
    """The features that matter most, or None without any: by what would be lost without them, where it was measured."""
    measured = [d for d in _complete(facts.get("drivers"), ("lost", "low", "high")) if "label" in d][:MOST_SHAPES]
    if measured:
        said = "; ".join(f"{plain(d['label'], 60)} {share_of_gain(d['lost'])}" for d in measured)
        svg = drawn(charts.losses(measured), "drivers", f"Main drivers by what would be lost without them: {said}.")
        return DriverFigure(svg, _LOST)
    rows = [d for d in _complete(facts.get("drivers"), ("importance",)) if "label" in d][:MOST_SHAPES]
    if not rows:
        return None
    said = "; ".join(f"{plain(d['label'], 60)} {factor(d['importance'])}" for d in rows)
    svg = drawn(charts.drivers(rows), "drivers", f"Main drivers by typical effect on the odds: {said}.")
    return DriverFigure(svg, _TYPICAL)


def shapes(facts: Mapping[str, Any], shapes: Sequence[Shape]) -> list[ShapeFigure]:
    """Shape plots of the main drivers, the strongest first."""
    importance = {str(d.get("feature")): number(d.get("importance")) for d in records(facts.get("drivers"))}
    rank = {feature: place for place, feature in enumerate(importance)}
    ordered = sorted(shapes, key=lambda shape: rank.get(shape.feature, len(rank)))
    drawable = [shape for shape in ordered if shape.seen][:MOST_SHAPES]
    return [_figure(shape, place, importance.get(shape.feature)) for place, shape in enumerate(drawable, start=1)]


def _figure(shape: Shape, place: int, importance: float | None) -> ShapeFigure:
    label, reading = plain(shape.label, 80), _reading(shape)
    common = sorted(shape.seen, key=lambda code: -shape.rows[code])[:MOST_VALUES]
    values = [Value(plain(shape.texts[c], 60), shape.log_odds[c], shape.rows[c]) for c in sorted(common)]
    svg = drawn(charts.shape(shape), f"shape-{place}", f"Effect of {label} on the odds. {reading}")
    return ShapeFigure(
        label, plain(shape.group, 20), importance, reading, svg, values, len(shape.drawn), len(shape.seen)
    )


def _reading(shape: Shape) -> str:
    best = max(shape.drawn, key=lambda code: shape.log_odds[code])
    worst = min(shape.drawn, key=lambda code: shape.log_odds[code])
    high, low = (f"“{plain(shape.texts[c], 40)}” ({factor(shape.log_odds[c])})" for c in (best, worst))
    return f"Best {high}, weakest {low}." if best != worst else f"Only {high} was seen."


def _complete(rows: object, keys: Sequence[str]) -> list[Mapping[str, Any]]:
    """The mappings in `rows` whose `keys` are all finite numbers: what a chart can place."""
    return [row for row in records(rows) if all(number(row.get(key)) is not None for key in keys)]


def drawn(chart: Any, name: str, description: str) -> Markup:
    """A chart as SVG for the page; `name` must be its own, and `description` is what a screen reader says."""
    # to_svg serialises a parsed tree, so that every text and attribute in it is escaped.
    return Markup(charts.to_svg(chart, name=name, description=description))  # noqa: S704
