"""Missed wins and false alarms as the page says them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadml.charts import plain
from leadml.report.formats import UNKNOWN, count, day, items, number, percent, records
from leadml.report.story import part, within
from leadml.training.review.traits import FEWEST

MOST_LEADS = 20


@dataclass(frozen=True)
class Lead:
    """One lead as printed."""

    lead: str
    seen: str
    probability: str
    grade: str
    happened: str
    reasons: str


@dataclass(frozen=True)
class Kind:
    """Missed wins or false alarms: how many, what they have in common (or `no_common`), and the worst of them."""

    title: str
    counts: str
    common: list[str]
    no_common: str
    why: str
    leads: list[Lead]


@dataclass(frozen=True)
class Review:
    """The section; `apart` says that the leads themselves are not at hand."""

    kinds: list[Kind]
    apart: bool


def section(facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]] | None) -> Review | None:
    """The section, None where nothing was handed over that could be wrong.

    `rows` are the leads of the file that belongs to the bundle, None where there is none.
    """
    told = facts.get("review")
    cutoffs = items(part(facts, "review", "cutoffs"))
    if not isinstance(told, Mapping) or not cutoffs or facts.get("signal") is False:
        return None  # without a signal there is no cutoff, whatever the facts hold
    cutoff = f"{percent(cutoffs[0])}, the MQL cutoff" if len(cutoffs) == 1 else "the MQL cutoff of their segment"
    missed, alarms = part(told, "missed"), part(told, "alarms")
    return Review(
        [_missed(facts, missed, cutoff, rows or ()), _alarms(facts, alarms, cutoff, rows or ())], rows is None
    )


def _missed(facts: Mapping[str, Any], told: Any, cutoff: str, rows: Sequence[Mapping[str, Any]]) -> Kind:
    gated = number(part(told, "gated"))
    counts = (
        f"Of {count(part(told, 'of'))} leads that were won{within(facts)}, {count(part(told, 'count'))} never scored "
        f"as much as {cutoff}."
    )
    counts += f" {count(gated)} more scored enough and were kept from MQL by a gate." if gated else ""
    return Kind(
        "Missed wins",
        counts,
        _common(told),
        _no_common(told),
        "Reasons against",
        _leads(rows, "missed", "reasons_against"),
    )


def _alarms(facts: Mapping[str, Any], told: Any, cutoff: str, rows: Sequence[Mapping[str, Any]]) -> Kind:
    later, in_time = number(part(told, "won_later")), within(facts)
    in_time += " of it, nor later" if in_time else ""
    counts = (
        f"Of {count(part(told, 'of'))} leads that reached {cutoff}, {count(part(told, 'count'))} were not won{in_time}."
    )
    counts += f" {count(later)} more were won only later." if later else ""
    return Kind(
        "False alarms", counts, _common(told), _no_common(told), "Reasons for", _leads(rows, "alarm", "reasons_for")
    )


def _common(told: Any) -> list[str]:
    """One sentence for each thing that they have in common."""
    return [
        f"{plain(one.get('what', UNKNOWN), 120)}: {count(one.get('count'))} of {count(one.get('of'))} leads "
        f"({percent(one.get('share'), 0)}; among others of like score {percent(one.get('among_others'), 0)})."
        for one in records(part(told, "common"))[:MOST_LEADS]
    ]


def _no_common(told: Any) -> str:
    if (number(part(told, "count")) or 0) < FEWEST:
        return f"They are fewer than {FEWEST}: what they have in common may be chance."
    return "Beyond chance they have nothing in common that other leads of like score have not."


def _leads(rows: Sequence[Mapping[str, Any]], kind: str, reasons: str) -> list[Lead]:
    return [
        Lead(
            lead=plain(row.get("lead_id", UNKNOWN), 60),
            seen=day(row.get("as_of")),
            probability=percent(row.get("probability")),
            grade=plain(row.get("grade", UNKNOWN), 8),
            happened=plain(row.get("what_happened", UNKNOWN), 60),
            reasons=plain(row.get(reasons, ""), 300),
        )
        for row in rows
        if row.get("kind") == kind
    ][:MOST_LEADS]
