"""Calibration as the page says it: the correction of the level, the gate, and segments where the word is not kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadml.charts import plain
from leadml.report.formats import UNKNOWN, count, day, factor, number, percent, records, triple
from leadml.report.story import part, unit


@dataclass(frozen=True)
class Segment:
    """One value of a column as printed; `off` where its interval does not hold what was predicted."""

    name: str
    rows: str
    predicted: str
    observed: str
    interval: str
    off: bool


@dataclass(frozen=True)
class Calibration:
    """The section: what the level was corrected by, whether the gate was passed, how it was bent, and the segments."""

    correction: str
    gate: str
    map: str
    segments: list[Segment]
    off: int


def section(facts: Mapping[str, Any]) -> Calibration | None:
    """The section on calibration, None where the facts say nothing of it."""
    if not isinstance(facts.get("calibration"), Mapping):
        return None
    segments = [_segment(one) for one in records(part(facts, "calibration", "segments"))]
    return Calibration(_correction(facts), _gate(facts), _map(facts), segments, sum(one.off for one in segments))


def recalibrated(facts: Mapping[str, Any]) -> str:
    """That figures are older than the probabilities, where `leadml recalibrate` has moved those; "" otherwise."""
    if part(facts, "calibration", "correction", "source") != "recalibrate":
        return ""
    on = day(part(facts, "calibration", "correction", "at"))
    since = "the last correction" if on == UNKNOWN else f"the correction of {on}"
    return (
        f"Figures are of before {since}: it moved every probability, and no cutoff or grade bound. "
        "Run leadml train to work them out anew."
    )


def _correction(facts: Mapping[str, Any]) -> str:
    by = number(part(facts, "calibration", "correction", "by"))
    if by is None:
        return "The newest known outcomes show no clear move of the base rate: nothing was corrected."
    _, low, high = triple(part(facts, "calibration", "correction", "moved"))
    rows = count(part(facts, "calibration", "correction", "rows"))
    moved = f"odds {factor(low)} to {factor(high)} of what"
    if part(facts, "calibration", "correction", "source") == "recalibrate":
        return (
            f"Since this model was trained, {rows} {unit(facts)} have matured, and they show that the base rate moved "
            f"({moved} was predicted, 95\u202f% interval). All odds of this model were corrected by {factor(by)}."
        )
    # The scorer that was judged is the rehearsal's, which had seen none of them.
    return (
        f"The newest {rows} {unit(facts)} with a known outcome show that the base rate has moved ({moved} a scorer of "
        "older ones alone predicted, 95\u202f% interval). This model has learned from them, too, and with that part "
        f"of the move; to make up for the rest, all its odds were corrected by {factor(by)}."
    )


def _map(facts: Mapping[str, Any]) -> str:
    """That the probabilities are bent, where they are."""
    if part(facts, "calibration", "map") != "monotone":
        return ""
    return (
        "A straight line on the log-odds was clearly worse out of time, so a curve that never falls makes "
        "probabilities of scores; what it adds stands among the reasons as “Calibration”."
    )


def _gate(facts: Mapping[str, Any]) -> str:
    value, low, high = triple(part(facts, "calibration", "gate", "error"))
    if value is None:
        return ""
    limit = number(part(facts, "calibration", "gate", "limit"))
    rows = count(part(facts, "calibration", "gate", "rows"))
    allowed = "" if limit is None else f"{100 * limit:.6g}"
    digits = max(1, len(allowed.partition(".")[2]))  # no fewer than the limit has: 0.0 % says nothing beside 0.01 %
    off, between = percent(value, digits), f"{percent(low, digits)} to {percent(high, digits)}"
    found = (
        f"Beyond chance, probabilities were off by {off} on average ({between}; {rows} {unit(facts)} that the model "
        "had not seen)"
    )
    if limit is None:
        return f"{found}. No limit was set for publishing."
    passed = part(facts, "calibration", "gate", "passed") is True
    return f"{found}: {'within' if passed else 'above'} the {allowed}\u202f% that is allowed for publishing."


def _segment(one: Mapping[str, Any]) -> Segment:
    value = one.get("value")
    low, high = percent(one.get("low")), percent(one.get("high"))
    return Segment(
        name=f"{plain(one.get('column', ''), 40)}: {'not known' if value is None else plain(value, 60)}",
        rows=count(one.get("rows")),
        predicted=percent(one.get("predicted")),
        observed=percent(one.get("observed")),
        interval=f"{low} to {high}",
        off=one.get("off") is True,
    )
