"""How many leads the weeks ahead bring, as forecast when the cutoffs were chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from leadml import charts
from leadml.charts import plain
from leadml.report.figures import drawn
from leadml.report.formats import UNKNOWN, count, day, number, per_week, percent, records

_SEEN = ("leads",)
_EXPECTED = ("expected", "low", "high")


@dataclass(frozen=True)
class Forecast:
    """One stage's weeks ahead: rows of (first day, expected, interval) as printed, and a sentence.

    `under_way` says which week the first one is: it began before the data ended, when leads were last looked at.
    `seen` and `expected` are the weeks of the facts that can be drawn. `too_little` says why there is no forecast;
    there are no rows then.
    """

    stage: str
    level: str
    sentence: str
    under_way: str
    weeks: list[tuple[str, str, str]]
    too_little: str
    seen: list[dict[str, Any]]
    expected: list[dict[str, Any]]


def forecasts(facts: Mapping[str, Any]) -> list[Forecast]:
    """The forecast of each stage, in the order of the facts; none without a signal."""
    told = facts.get("forecast")
    if not isinstance(told, Mapping) or facts.get("signal") is False:
        return []
    found = [_forecast(plain(stage, 24), one) for stage, one in told.items() if isinstance(one, Mapping)]
    return [one for one in found if one.weeks or one.too_little]


def chart(one: Forecast, name: str) -> Markup | None:
    """Weeks as they were and as they are expected, None without a forecast; `name` is the chart's own on the page."""
    if not one.weeks:
        return None
    newest = ", ".join(per_week(week["leads"]) for week in one.seen[-4:])
    said = "; ".join(f"week from {first}: {expected}, {between}" for first, expected, between in one.weeks)
    description = f"New {one.stage}s a week, seen and expected. Newest weeks: {newest or 'none'}. {said}."
    return drawn(charts.weekly(one.seen, one.expected), name, description)


def _forecast(stage: str, told: Mapping[str, Any]) -> Forecast:
    why = told.get("too_little")
    too_little = plain(why, 300) if isinstance(why, str) else ""
    weeks = [] if too_little else _dated(told.get("weeks"), _EXPECTED)
    level = percent(number(told.get("level")) or 0.9, 0)
    rows = [(week["from"], per_week(week["expected"]), _between(week)) for week in weeks]
    return Forecast(
        stage=stage,
        level=level,
        sentence=_sentence(stage, rows, level) if rows else "",
        under_way=_under_way(rows[0][0], rows[1][0]) if len(rows) > 1 else "",
        weeks=rows,
        too_little=too_little,
        seen=_dated(told.get("seen"), _SEEN),
        expected=weeks,
    )


def _sentence(stage: str, rows: list[tuple[str, str, str]], level: str) -> str:
    first, expected, between = rows[0]
    return f"{expected} new {stage}s are expected in the week from {first}; {between} with {level} probability."


def _under_way(first: str, over: str) -> str:
    """Why the first week ahead begins before the data ends."""
    return (
        f"The week from {first} is the one that was under way when the data ended: leads were last looked at when it "
        f"began, and those that reached the cutoff in it are seen on {over}."
    )


def _between(week: Mapping[str, Any]) -> str:
    return f"{count(week['low'])} to {count(week['high'])}"


def _dated(rows: object, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    """Weeks whose first day can be read and that have every figure."""
    return [
        {"from": day(row.get("from")), **{key: row[key] for key in keys}}
        for row in records(rows)
        if day(row.get("from")) != UNKNOWN and all(number(row.get(key)) is not None for key in keys)
    ]
