"""How many leads the next weeks bring, as forecast when the cutoffs were chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from leadml import charts
from leadml.charts import plain
from leadml.report.formats import UNKNOWN, day, number, per_week, percent, records

_SEEN = ("leads",)
_EXPECTED = ("expected", "low", "high")


@dataclass(frozen=True)
class Forecast:
    """One stage's next weeks: rows of (first day, expected, interval) as printed, and a sentence.

    `too_little` says why there is no forecast; there are no rows then.
    """

    stage: str
    level: str
    sentence: str
    weeks: list[tuple[str, str, str]]
    chart: Markup | None
    too_little: str


def forecasts(facts: Mapping[str, Any]) -> list[Forecast]:
    """The forecast of each stage, in the order of the facts; none without a signal."""
    told = facts.get("forecast")
    if not isinstance(told, Mapping) or facts.get("signal") is False:
        return []
    stages = [(stage, one) for stage, one in told.items() if isinstance(one, Mapping)]
    found = [_forecast(place, plain(stage, 24), one) for place, (stage, one) in enumerate(stages, start=1)]
    return [one for one in found if one.weeks or one.too_little]


def _forecast(place: int, stage: str, told: Mapping[str, Any]) -> Forecast:
    why = told.get("too_little")
    too_little = plain(why, 300) if isinstance(why, str) else ""
    weeks = [] if too_little else _dated(told.get("weeks"), _EXPECTED)
    level = number(told.get("level")) or 0.9
    rows = [(day(w["from"]), per_week(w["expected"]), _between(w)) for w in weeks]
    return Forecast(
        stage=stage,
        level=percent(level, 0),
        sentence=_sentence(stage, rows, percent(level, 0)) if rows else "",
        weeks=rows,
        chart=_chart(place, stage, told, weeks) if weeks else None,
        too_little=too_little,
    )


def _sentence(stage: str, rows: list[tuple[str, str, str]], level: str) -> str:
    first, expected, between = rows[0]
    return f"{expected} new {stage}s are expected in the week from {first}; {between} with {level} probability."


def _between(week: Mapping[str, Any]) -> str:
    return f"{per_week(week['low'])} to {per_week(week['high'])}"


def _dated(rows: object, keys: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """Weeks with a first day that can be read and every figure."""
    return [
        row
        for row in records(rows)
        if day(row.get("from")) != UNKNOWN and all(number(row.get(key)) is not None for key in keys)
    ]


def _chart(place: int, stage: str, told: Mapping[str, Any], weeks: list[Mapping[str, Any]]) -> Markup:
    seen = _dated(told.get("seen"), _SEEN)
    said = "; ".join(f"week from {day(w['from'])}: {per_week(w['expected'])}, {_between(w)}" for w in weeks)
    newest = f" Newest weeks: {', '.join(per_week(w['leads']) for w in seen[-4:])}." if seen else ""
    description = f"New {stage}s a week, seen and expected.{newest} {said}."
    drawn = charts.weekly(_days(seen), _days(weeks))
    # to_svg serialises a parsed tree, so that every text and attribute in it is escaped.
    return Markup(charts.to_svg(drawn, name=f"weeks-{place}", description=description))  # noqa: S704


def _days(rows: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "from": day(row["from"])} for row in rows]
