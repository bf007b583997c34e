"""The published cutoffs, those of segments, and what else could have been asked: the facts of each, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leadml.charts import plain
from leadml.report import story
from leadml.report.cutoff_figures import Cell, Figure, cell, figures_of
from leadml.report.formats import number, percent, records

NONE = "no cutoff"
_HELD = {True: "That held.", False: "That did not hold.", None: "Whether that held cannot be told."}


@dataclass(frozen=True)
class Published:
    """A cutoff as it serves: `cutoff` is NONE where none does, which `why` explains; `segment` is "" for all others."""

    stage: str
    segment: str
    cutoff: str
    figures: list[tuple[Figure, Cell]]
    binding: str
    why: str
    guarantee: str
    confirmation: str


@dataclass(frozen=True)
class Line:
    """A cutoff in a table: whose it is or what asks for it, what is to be said of it, and a cell for each figure."""

    name: str
    note: str
    cutoff: str
    cells: list[Cell]
    chosen: bool = False


@dataclass(frozen=True)
class Table:
    """Cutoffs one below the other, each with the same figures."""

    figures: list[Figure] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def published(facts: Mapping[str, Any]) -> list[Published]:
    """The cutoffs of the leads that belong to no segment with its own."""
    return [_published(entry) for entry in story.cutoffs(facts) if not entry.get("segment")]


def segments(facts: Mapping[str, Any]) -> Table:
    """The cutoffs of segments, with why each lies where it does."""
    own = [entry for entry in story.cutoffs(facts) if entry.get("segment")]
    return _table(own, [(_whose(entry), _text(entry, "why", 600)) for entry in own])


def alternatives(facts: Mapping[str, Any]) -> Table:
    """What other capacities or promises would give, each below what is published; empty where none was worked out."""
    others = [] if facts.get("signal") is False else records(facts.get("alternatives"))
    entries: list[Mapping[str, Any]] = []
    told: list[tuple[str, str]] = []
    for entry in story.cutoffs(facts):
        same = [one for one in others if _whose(one) == _whose(entry)]
        if same:
            entries += [entry, *same]
            told += [(f"{_whose(entry)}: as published", ""), *((_asked(one), _without(one)) for one in same)]
    return _table(entries, told)


def promise(told: object) -> str:
    """A guarantee of the facts in words, "" for none."""
    minimum = number(story.part({"told": told}, "told", "minimum_precision"))
    confidence = number(story.part({"told": told}, "told", "confidence"))
    if minimum is None or confidence is None:
        return ""
    sure = percent(confidence, 0 if round(100 * confidence, 6) % 1 == 0 else 1)
    return (
        f"Promised: {percent(minimum)} or more of these leads are won, certified at {sure} confidence for leads like "
        "those it was chosen on."
    )


def confirmed(told: object) -> str:
    """What the same policy, applied to the older weeks, did on the newer ones; "" where that was not tried."""
    if not isinstance(told, Mapping) or not told.get("asked"):
        return ""
    cutoff, got = number(told.get("cutoff")), told.get("got")
    said = f"Tried on the newer half of the weeks: asked for {_text(told, 'asked', 200)}, the older half alone gave "
    said += "no cutoff." if cutoff is None else f"a cutoff of {percent(cutoff)}."
    if isinstance(got, Mapping) and (figures := figures_of([got])):
        came_to = "; ".join(f"{_lower(f.title)} {cell(f, got.get(f.key))}" for f in figures)
        said += f" On the newer half that one came to: {came_to}."
    held = told.get("held")
    return f"{said} {_HELD[held if isinstance(held, bool) else None]}"


def _published(entry: Mapping[str, Any]) -> Published:
    return Published(
        stage=_text(entry, "stage", 24),
        segment=_text(entry, "segment"),
        cutoff=_cutoff(entry),
        figures=[(figure, cell(figure, entry.get(figure.key))) for figure in figures_of([entry])],
        binding=_binding(entry),
        why=_text(entry, "why", 600),
        guarantee=promise(entry.get("guarantee")),
        confirmation=confirmed(entry.get("confirmation")),
    )


def _table(entries: Sequence[Mapping[str, Any]], told: Sequence[tuple[str, str]]) -> Table:
    figures = figures_of(entries)
    lines = [
        Line(name, note, _cutoff(entry), [cell(figure, entry.get(figure.key)) for figure in figures])
        for entry, (name, note) in zip(entries, told, strict=True)
    ]
    return Table(figures, lines)


def _cutoff(entry: Mapping[str, Any]) -> str:
    """The cutoff as printed; published ones and alternatives call it differently."""
    at = number(entry.get("probability", entry.get("cutoff")))
    return NONE if at is None else percent(at)


def _binding(entry: Mapping[str, Any]) -> str:
    return story.BINDING.get(_text(entry, "binding", 24), "")


def _whose(entry: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, (_text(entry, "stage", 24), _text(entry, "segment"))))


def _asked(entry: Mapping[str, Any]) -> str:
    return f"{_whose(entry)}: {_text(entry, 'asked')}"


def _without(entry: Mapping[str, Any]) -> str:
    """Why there is no cutoff, where there is none."""
    return _text(entry, "why", 600) if _cutoff(entry) == NONE else ""


def _text(entry: Mapping[str, Any], key: str, longest: int = 80) -> str:
    told = entry.get(key)
    return plain(told, longest) if isinstance(told, str) else ""


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]
