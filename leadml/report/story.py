"""What the facts say, in plain words: the sentences of the first screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadml.report.formats import count, day, factor, number, per_week, percent, records, triple
from leadml.report.measures import OURS

BINDING = {
    "capacity": "Set by sales capacity.",
    "minimum precision": "Set by the minimum precision.",
    "minimum recall": "Set by the minimum recall.",
    "target volume": "Set by the target volume.",
    "expected value": "Set by expected value.",
    "F-beta": "Set by the highest F-beta.",
    "base rate": "Nothing is asked for.",
    "manual": "Set by hand.",
}
SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True)
class Card:
    """One figure of the first screen."""

    title: str
    value: str
    note: str


@dataclass(frozen=True)
class Reach:
    """What calling a share of the leads, best score first, reaches."""

    share: float
    captured: float
    lift: float
    rules: float | None


def part(facts: Mapping[str, Any], *path: str) -> Any:
    """The fact at `path`, or None where any step of it is missing."""
    found: Any = facts
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def claim(facts: Mapping[str, Any]) -> str:
    """The one sentence to remember."""
    if by_rules(facts):
        return "Leads are scored by the rules: nothing better has been learned yet."
    if facts.get("signal") is False:
        return "No signal: these data do not tell which leads will be won."
    top = top_share(facts)
    if top is None:
        return "This scorer has not been measured on leads with a known outcome."
    return f"Calling the top 20\u202f% of leads reaches {percent(top, 0)} of all wins."


def by_rules(facts: Mapping[str, Any]) -> bool:
    """Whether the rules alone are served without proof from the data."""
    return facts.get("signal") is False and facts.get("served") == "rules"


def lede(facts: Mapping[str, Any]) -> str:
    """What the scorer is, what it learned from and on what it was measured."""
    said = f"This scorer gives every lead the probability that it is won{within(facts)}."
    leads, won = part(facts, "population", "leads"), part(facts, "population", "won")
    measured = part(facts, "evaluation", "rows")
    if number(leads) and not (by_rules(facts) and measured is None):
        said += f" It learned from {count(leads)} leads, {count(won)} of them won."
    if number(measured):
        each = ", each a lead as it stood on one day," if within(facts) else ""
        said += f" It was tested on {count(measured)} {unit(facts)}{each} that it had not seen."
    return f"{said} {_parts(facts)}".rstrip()


def _parts(facts: Mapping[str, Any]) -> str:
    """How much of the score the rules are, and how much was learned."""
    rules, learned = number(part(facts, "spread", "rules")), number(part(facts, "spread", "learned"))
    if not rules or not learned:
        return ""
    return f"The rules typically move its odds by {factor(rules)}, what was learned beside them by {factor(learned)}."


def within(facts: Mapping[str, Any]) -> str:
    """Say " within 90 days" where the facts state a horizon, else ""."""
    horizon = number(facts.get("horizon_days"))
    return f" within {horizon:g} days" if horizon else ""


def judged_on(facts: Mapping[str, Any]) -> str:
    """Which leads were judged, and by whom: without time the part that tests is drawn by lot."""
    tested = part(facts, "evaluation", "part")
    if isinstance(tested, str) and "by lot" in tested:
        return "On leads that were set aside by lot, by a scorer that had not seen them."
    return "On the newest part, by a scorer that had not seen that time."


def unit(facts: Mapping[str, Any]) -> str:
    """What one row is: with a horizon, a lead is looked at more than once."""
    return "snapshots" if number(facts.get("horizon_days")) else "leads"


def top_share(facts: Mapping[str, Any]) -> float | None:
    """Share of all wins among the fifth of leads with the best score."""
    measured = triple(part(facts, "evaluation", "models", OURS, "top_20"))[0]
    return measured if measured is not None else _at(_curve(facts, "captured"), 0.2)


def reaches(facts: Mapping[str, Any]) -> list[Reach]:
    """The gain curve as a short table."""
    ours, rules = _curve(facts, "captured"), _curve(facts, "rules")
    found = [(share, _at(ours, share), _at(rules, share)) for share in SHARES]
    return [Reach(share, got, got / share, by_rules) for share, got, by_rules in found if got is not None]


def cards(facts: Mapping[str, Any]) -> list[Card]:
    """The figures of the first screen; those that were not measured are left out."""
    base = number(part(facts, "evaluation", "base_rate")) or number(part(facts, "population", "base_rate"))
    shown = [
        _lift_card(facts),
        _calibration_card(facts),
        *map(_cutoff_card, (c for c in cutoffs(facts) if not c.get("segment"))),
    ]
    if base is not None:
        shown.insert(0, Card("Base rate", percent(base), f"of {unit(facts)} are won{within(facts)}"))
    return [card for card in shown if card is not None]


def cutoffs(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The cutoffs in the order given; none without a signal, whatever the facts hold."""
    return [] if facts.get("signal") is False else records(facts.get("cutoffs"))


def _lift_card(facts: Mapping[str, Any]) -> Card | None:
    best, low, high = triple(part(facts, "evaluation", "models", OURS, "top_20"))
    if best is None or facts.get("signal") is False:
        return None
    note = "as many wins per call in the top 20\u202f% as in random order"
    if low is not None and high is not None:
        note += f" ({low / 0.2:.1f} to {high / 0.2:.1f})"
    return Card("Lift", f"{best / 0.2:.1f}\u202f×", note)


def _calibration_card(facts: Mapping[str, Any]) -> Card | None:
    error = triple(part(facts, "evaluation", "models", OURS, "ece"))[0]
    if error is None:
        return None
    return Card("Calibration", f"±\u202f{percent(error)}", "average gap between the stated and the observed rate")


def _cutoff_card(cutoff: Mapping[str, Any]) -> Card | None:
    probability = number(cutoff.get("probability"))
    if probability is None:
        return None
    weekly = triple(cutoff.get("per_week"))[0]
    volume = f"about {per_week(weekly)} leads a week" if weekly is not None else "no weekly volume without dates"
    return Card(f"{cutoff.get('stage', '')} from", percent(probability), volume)


def period(facts: Mapping[str, Any]) -> str:
    """The days the training data spans, or "" without dates."""
    first, last = part(facts, "population", "from"), part(facts, "population", "until")
    return f"{day(first)} to {day(last)}" if first and last else ""


def _curve(facts: Mapping[str, Any], key: str) -> list[tuple[float, float]]:
    points = [(number(p.get("share")), number(p.get(key))) for p in records(part(facts, "evaluation", "gain"))]
    return sorted((x, y) for x, y in points if x is not None and y is not None)


def _at(curve: list[tuple[float, float]], share: float) -> float | None:
    """The curve at `share`, straight between its points; None outside them."""
    previous = (0.0, 0.0)
    for x, y in curve:
        if x >= share:
            span = x - previous[0]
            return y if span <= 0 else previous[1] + (y - previous[1]) * (share - previous[0]) / span
        previous = (x, y)
    return None
