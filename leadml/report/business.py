"""What the leads bring, as the page says it: sales velocity, monthly counts, and the return on what leads cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from leadml import charts
from leadml.charts import plain
from leadml.report.figures import drawn
from leadml.report.formats import UNKNOWN, count, day, decimal, items, number, percent, records, triple
from leadml.report.story import part, within

# A change from month to month that is surely smaller than this counts as none.
_STEADY = 0.05


@dataclass(frozen=True)
class Factor:
    """One part of the velocity: its title, its figure with an interval ("" without one), and what it means."""

    title: str
    value: str
    interval: str
    meaning: str


@dataclass(frozen=True)
class Velocity:
    """The section on velocity; `figure` is None where a part is missing, which `missing` says."""

    figure: str | None
    interval: str
    factors: list[Factor]
    trend: str
    chart: Markup | None
    months: list[tuple[str, str]]
    missing: list[str]


@dataclass(frozen=True)
class Source:
    """One row of the returns, as printed: (figure, interval) for the ratios."""

    name: str
    leads: str
    cost: str
    wins: str
    revenue: str
    per_cost: tuple[str, str]
    cost_per_win: tuple[str, str]


@dataclass(frozen=True)
class Returns:
    """The section on returns; the last of `rows` is the sum of all sources where there are several."""

    rows: list[Source]
    counted: str
    missing: list[str]


def velocity(facts: Mapping[str, Any]) -> Velocity | None:
    """The velocity and its parts, None where the facts say nothing of it."""
    if not isinstance(facts.get("velocity"), Mapping):
        return None
    if facts.get("signal") is False and part(facts, "velocity", "qualified") == "crossed":
        return None  # without a signal there is no cutoff, whatever the facts hold
    missing = [plain(one, 200) for one in items(part(facts, "velocity", "missing"))]
    figure, interval = _money(part(facts, "velocity", "per_day"))
    return Velocity(
        figure=None if missing or figure == UNKNOWN else figure,
        interval=interval,
        factors=_factors(facts),
        trend=_trend(facts),
        chart=_chart(facts),
        months=[(month, count(leads)) for month, leads in _months(facts)],
        missing=missing,
    )


def returns(facts: Mapping[str, Any]) -> Returns | None:
    """The return on lead cost, None where the facts say nothing of it."""
    if not isinstance(facts.get("returns"), Mapping):
        return None
    rows = records(part(facts, "returns", "rows"))
    total = part(facts, "returns", "total")
    shown = [*rows, total] if len(rows) > 1 and isinstance(total, Mapping) else rows
    young = number(part(facts, "returns", "too_young"))
    counted = f"Leads that came in by {day(part(facts, 'returns', 'created_until'))}, a horizon and a usual cycle ago"
    counted += f"; the deals of {count(young)} younger ones are still to come" if young else ""
    missing = [plain(one, 200) for one in items(part(facts, "returns", "missing"))]
    return Returns([_source(row) for row in shown], counted, missing)


def _factors(facts: Mapping[str, Any]) -> list[Factor]:
    def told(name: str) -> Any:
        return part(facts, "velocity", name)

    months, deals, valued = count(told("newest_months")), count(told("deals")), count(told("deals_valued"))
    crossed = told("qualified") == "crossed"
    qualified = "leads that came in that month"
    rate = "of leads old enough to have been decided, those won"
    if crossed:
        reached = "reached the MQL cutoff of their segment"
        if told("cutoff") is not None:
            reached = f"scored {percent(told('cutoff'))} or more (the MQL cutoff)"
        qualified = (
            f"leads that first {reached} in that month, looked at week by week by a scorer that had not seen that time"
        )
        rate = f"of these, those won{within(facts)}"
    found = [
        _factor("Qualified leads a month", told("per_month"), f"{qualified}; mean of the newest {months} months", 1),
        _factor("× win rate", told("win_rate"), rate, None),
        _factor("× deal value", told("deal_value"), f"mean of {valued} of {deals} won deals; one account, one deal", 0),
    ]
    shared = number(told("leads_per_deal"))
    if shared is not None and shared > 1:
        found.append(Factor("÷ leads per deal", decimal(shared, 2), "", "won leads of one account share its deal"))
    cycle = "median from the creation of a deal’s first lead to its close, one day at least"
    return [*found, _factor("÷ cycle length in days", told("cycle_days"), cycle, 0)]


def _factor(title: str, figures: object, meaning: str, digits: int | None) -> Factor:
    def show(value: object) -> str:
        return percent(value) if digits is None else decimal(value, digits)

    return Factor(title, *_shown(figures, show), meaning)


def _trend(facts: Mapping[str, Any]) -> str:
    change, low, high = triple(part(facts, "velocity", "change"))
    if change is None or low is None or high is None:
        return "There are too few whole months to tell whether their number grows."
    between = f"{_signed(low)} to {_signed(high)} a month, 95\u202f% interval"
    if low > 1:
        return f"Their number is growing: {_signed(change)} from month to month ({between})."
    if high < 1:
        return f"Their number is shrinking: {_signed(change)} from month to month ({between})."
    if low > 1 - _STEADY and high < 1 + _STEADY:
        return f"Their number is stable ({between})."
    return f"Whether their number grows cannot be told yet ({between})."


def _signed(change: float) -> str:
    share = percent(abs(change - 1))
    return f"{'−' if change < 1 else '+'}{share}"


def _months(facts: Mapping[str, Any]) -> list[tuple[str, float]]:
    rows = [(row.get("month"), number(row.get("leads"))) for row in records(part(facts, "velocity", "months"))]
    return [(plain(month, 10), leads) for month, leads in rows if month and leads is not None]


def _chart(facts: Mapping[str, Any]) -> Markup | None:
    months = _months(facts)
    if len(months) < 2:
        return None
    said = "; ".join(f"{month}: {count(leads)}" for month, leads in months)
    chart = charts.monthly([{"month": month, "leads": leads} for month, leads in months])
    return drawn(chart, "months", f"Qualified leads by month. {said}.")


def _source(row: Mapping[str, Any]) -> Source:
    per_cost, per_win = row.get("per_cost"), row.get("cost_per_win")
    return Source(
        name=plain(row.get("source", UNKNOWN), 60),
        leads=count(row.get("leads")),
        cost=decimal(row.get("cost"), 0),
        wins=_wins(row.get("wins")),
        revenue=decimal(row.get("revenue"), 0),
        per_cost=_shown(per_cost, lambda value: decimal(value, 1)),
        cost_per_win=_shown(per_win, lambda value: decimal(value, 0)),
    )


def _wins(value: object) -> str:
    """Deals, in parts where sources share them."""
    deals = number(value)
    return decimal(deals, 0 if deals is not None and abs(deals - round(deals)) < 0.05 else 1)


def _money(figures: object) -> tuple[str, str]:
    return _shown(figures, lambda value: decimal(value, 0))


def _shown(figures: object, show: Any) -> tuple[str, str]:
    value, low, high = triple(figures)
    return show(value), "" if low is None or high is None else f"{show(low)} to {show(high)}"
