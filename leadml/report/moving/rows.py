"""What moving a cutoff would do, printed row by row: the page, the command line and the notebook show these texts.

Every figure is read from the facts of the training (how it was computed is said in `leadml.training.cutoffs`); here it
is only printed, once, so that all places show the same digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadml import charts
from leadml.charts import Offline, plain
from leadml.report.cutoff_figures import Cell, Figure, cell, figures_of
from leadml.report.formats import number, percent, records, triple
from leadml.report.story import cutoffs, part

# More positions than this no hand can tell apart, and the page must stay small.
MOST_ROWS = 200
_AROUND = 4


@dataclass(frozen=True)
class Row:
    """One position of a cutoff: its probability, and by key the figures (value, low, high) and how they are printed."""

    probability: float
    cutoff: str
    figures: dict[str, tuple[float | None, float | None, float | None]]
    cells: dict[str, Cell]

    @property
    def volume(self) -> str:
        """How many leads are handed over, in words."""
        if "per_week" in self.cells:
            return f"{self.cells['per_week'].value} leads a week"
        return f"{self.cells['leads'].value} leads in all" if "leads" in self.cells else ""

    @property
    def said(self) -> str:
        """The position in one sentence."""
        told = [f"{self.volume} from {self.cutoff} up" if self.volume else f"from {self.cutoff} up"]
        told += [f"{self.cells['precision'].value} of them won"] if "precision" in self.cells else []
        told += [f"{self.cells['recall'].value} of all wins reached"] if "recall" in self.cells else []
        return f"{', '.join(told)}."


@dataclass(frozen=True)
class WhatIf:
    """All positions of one stage's cutoff, ascending; `published` is the place of the published one, if any."""

    stage: str
    figures: list[Figure]
    rows: list[Row]
    published: int | None

    @property
    def start(self) -> int:
        """Where a slider stands at first."""
        return len(self.rows) // 2 if self.published is None else self.published

    def chart(self) -> Offline:
        """The curves with a slider, for a notebook; needs no network (`leadml.charts.what_if`)."""
        rows = [
            {
                "place": place,
                "cutoff": row.cutoff,
                "figure": figure.title,
                "text": str(row.cells[figure.key]),
                **dict(zip(("value", "low", "high"), row.figures[figure.key], strict=True)),
            }
            for figure in self.figures
            for place, row in enumerate(self.rows)
        ]
        return charts.what_if(rows, stage=self.stage, start=self.start)

    @property
    def around(self) -> list[int]:
        """Places of some rows below and above the start, further apart the more rows there are."""
        step = max(1, len(self.rows) // (4 * _AROUND))
        places = (self.start + step * away for away in range(-_AROUND, _AROUND + 1))
        return [place for place in places if 0 <= place < len(self.rows)]


def what_if(facts: Mapping[str, Any]) -> list[WhatIf]:
    """The stages whose cutoff can be moved, in the order of the facts; none without a signal."""
    stages = part(facts, "what_if")
    if not isinstance(stages, Mapping) or facts.get("signal") is False:
        return []
    found = [_stage(facts, stage, rows) for stage, rows in stages.items()]
    return [stage for stage in found if len(stage.rows) > 1 and stage.figures]


def published_at(facts: Mapping[str, Any], stage: str) -> float | None:
    """The published cutoff of a stage for leads of no segment of their own, None without one."""
    own = [entry for entry in cutoffs(facts) if entry.get("stage") == stage and not entry.get("segment")]
    return number(own[0].get("probability")) if own else None


def _stage(facts: Mapping[str, Any], stage: str, told: object) -> WhatIf:
    entries = sorted((row for row in records(told) if number(row.get("cutoff")) is not None), key=lambda r: r["cutoff"])
    chosen = _place(entries, published_at(facts, stage))
    kept = _thinned(len(entries), chosen)
    figures = figures_of(entries)
    rows = [_row(entries[place], figures) for place in kept]
    return WhatIf(plain(stage, 24), figures, rows, None if chosen is None else kept.index(chosen))


def _row(entry: Mapping[str, Any], figures: list[Figure]) -> Row:
    return Row(
        probability=float(entry["cutoff"]),
        cutoff=percent(entry["cutoff"]),
        figures={figure.key: triple(entry.get(figure.key)) for figure in figures},
        cells={figure.key: cell(figure, entry.get(figure.key)) for figure in figures},
    )


def _place(entries: list[Mapping[str, Any]], cutoff: float | None) -> int | None:
    if cutoff is None:
        return None
    same = (place for place, row in enumerate(entries) if math.isclose(row["cutoff"], cutoff, abs_tol=1e-12))
    return next(same, None)


def _thinned(size: int, chosen: int | None) -> list[int]:
    """At most `MOST_ROWS` places, evenly, with the chosen one among them."""
    if size <= MOST_ROWS:
        return list(range(size))
    evenly = {round(i * (size - 1) / (MOST_ROWS - 2)) for i in range(MOST_ROWS - 1)}
    return sorted(evenly | ({chosen} if chosen is not None else set()))
