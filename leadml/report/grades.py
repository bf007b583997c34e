"""Grades as the page says them: their bounds, since when they stand, and how leads moved across them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadml.charts import plain
from leadml.report.formats import count, day, items, number, percent, records
from leadml.report.story import part

GRADES = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Grade:
    """One grade as printed: the lowest probability, the share of what was judged, and the wins among them."""

    name: str
    start: str
    share: str
    observed: str


@dataclass(frozen=True)
class Move:
    """One old grade: its leads, and as many as have each new grade; `stayed` is the place of those that kept it."""

    grade: str
    leads: str
    cells: list[str]
    stayed: int


@dataclass(frozen=True)
class Shares:
    """The grades of some leads by some model: who and by which, and the share of each grade from A to D."""

    title: str
    leads: str
    cells: list[str]


@dataclass(frozen=True)
class Grades:
    """The section on grades; `moves` is empty where no model came before, and `cannot` says why it cannot be told."""

    grades: list[Grade]
    bounds: str
    moved: str
    moves: list[Move]
    shares: list[Shares]
    cannot: str


def section(facts: Mapping[str, Any]) -> Grades | None:
    """The section on grades, None where the facts say nothing of them."""
    listed = records(facts.get("grades"))
    if not listed:
        return None
    return Grades(
        grades=[_grade(one) for one in listed],
        bounds=plain(part(facts, "grade_bounds", "why") or "", 200),
        moved=_moved(facts),
        moves=_moves(facts),
        shares=_shares(facts),
        cannot=_cannot(facts),
    )


def _grade(one: Mapping[str, Any]) -> Grade:
    name = plain(one.get("grade", ""), 8)
    return Grade(name, percent(one.get("from")), percent(one.get("share")), percent(one.get("observed")))


def _moved(facts: Mapping[str, Any]) -> str:
    """What the new model did to the grades of leads that it shares with the one before, in a sentence."""
    compared = number(part(facts, "grade_moves", "compared"))
    if not compared:
        return ""
    up, down, moved = (number(part(facts, "grade_moves", name)) or 0.0 for name in ("up", "down", "moved"))
    trained = day(part(facts, "grade_moves", "previous_trained_at"))
    which = plain(part(facts, "grade_moves", "which") or "leads", 60)
    return (
        f"Of {count(compared)} {which}, {percent(moved / compared)} have another grade than the model of {trained} "
        f"would give them today: {count(up)} a better one, {count(down)} a worse one. Both saw the same leads at the "
        "same moment, so the model moved them."
    )


def _moves(facts: Mapping[str, Any]) -> list[Move]:
    table = [_counts(row) for row in items(part(facts, "grade_moves", "table"))]
    if len(table) != len(GRADES) or not all(table):
        return []
    return [
        Move(grade, count(sum(row)), [count(cell) for cell in row], place)
        for place, (grade, row) in enumerate(zip(GRADES, table, strict=True))
    ]


def _shares(facts: Mapping[str, Any]) -> list[Shares]:
    """How the grades of open leads changed since the last model: by the leads alone, then by the model, too."""
    table = [_counts(row) for row in items(part(facts, "grade_moves", "table"))]
    then = _counts(part(facts, "grade_moves", "then", "grades"))
    if not then or len(table) != len(GRADES) or not all(table):
        return []
    old = [sum(row) for row in table]
    new = [sum(column) for column in zip(*table, strict=True)]
    before, today = day(part(facts, "grade_moves", "then", "as_of")), day(part(facts, "grade_moves", "as_of"))
    return [
        _share(f"Leads open on {before}, by the model before", then),
        _share(f"Leads open on {today}, by the model before", old),
        _share(f"Leads open on {today}, by this model", new),
    ]


def _share(title: str, counts: Sequence[float]) -> Shares:
    total = sum(counts)
    return Shares(title, count(total), [percent(one / total if total else None) for one in counts])


def _counts(row: object) -> list[float]:
    """Four counts, none where there are not four."""
    counts = [value for value in map(number, items(row)) if value is not None]
    return counts if len(counts) == len(GRADES) else []


def _cannot(facts: Mapping[str, Any]) -> str:
    """Why a model before it cannot be compared with; "" where there was none or it was."""
    before = part(facts, "grade_moves", "previous_trained_at")
    return plain(part(facts, "grade_moves", "why") or "", 300) if before else ""
