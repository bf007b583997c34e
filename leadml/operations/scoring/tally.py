"""What became of the leads of a part, small enough to keep one for every part of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.lifecycle import LifecycleTally, added
from leadml.operations.scoring.counts import RunCounts
from leadml.operations.scoring.writing import Differences
from leadml.schema import Counts

_BEST = 10
_UNTOLD = ("inputs", "valid_until", "account_id")


@dataclass(frozen=True)
class Tally:
    """Of some leads: how many were kept, scored and written, their grades and stages, the best of them.

    `best` holds score rows, the most probable first; `rejects` are rows of decisions that cannot be used.
    """

    kept: int
    scored: int
    added: int
    changed: int
    removed: int
    grades: dict[str, int]
    stages: dict[str, int]
    best: list[dict[str, Any]]
    lifecycle: LifecycleTally
    rejects: list[dict[str, Any]]

    def plus(self, other: Tally) -> Tally:
        """What became of these leads and of others."""
        return Tally(
            kept=self.kept + other.kept,
            scored=self.scored + other.scored,
            added=self.added + other.added,
            changed=self.changed + other.changed,
            removed=self.removed + other.removed,
            grades=added(self.grades, other.grades),
            stages=added(self.stages, other.stages),
            best=_best([*self.best, *other.best]),
            lifecycle=self.lifecycle.plus(other.lifecycle),
            rejects=[*self.rejects, *other.rejects],
        )

    def counts(self, leads: Counts) -> RunCounts:
        """The counts of a run that read these leads."""
        return RunCounts(
            read=leads.read,
            rejected=leads.rejected,
            kept=self.kept,
            scored=self.scored,
            not_scored=self.kept - self.scored,
            added=self.added,
            changed=self.changed,
            unchanged=self.scored - self.added - self.changed,
            removed=self.removed,
        )

    @classmethod
    def restored(cls, given: Mapping[str, Any]) -> Tally:
        """Make one of what `dataclasses.asdict` gave of it.

        Raises:
            KeyError, TypeError: it is something else.
        """
        lifecycle = given["lifecycle"]
        decisions, seen = Counts(**lifecycle["decisions"]), tuple(lifecycle["seen"])
        return cls(**{**given, "lifecycle": LifecycleTally(**{**lifecycle, "decisions": decisions, "seen": seen})})


def tallied(kept: int, scores: pa.Table, found: Differences, lifecycle: LifecycleTally, rejects: pa.Table) -> Tally:
    """Tally one part: how many leads it has, their scores as they stand, and what of them is written."""
    top = pc.sort_indices(scores, [("probability", "descending"), ("lead_id", "ascending")])
    return Tally(
        kept=kept,
        scored=scores.num_rows,
        added=int(found.added.sum()),
        changed=int(found.changed.sum()),
        removed=len(found.removed),
        grades=_counted(scores["grade"]),
        stages=_counted(scores["stage"]),
        best=scores.drop_columns([name for name in _UNTOLD if name in scores.column_names])
        .take(top[:_BEST])
        .to_pylist(),
        lifecycle=lifecycle,
        rejects=rejects.to_pylist(),
    )


def together(tallies: Iterable[Tally]) -> Tally:
    """The tally of several parts, at least one."""
    return reduce(Tally.plus, tallies)


def _best(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most probable rows; ties go to the smaller lead id."""
    return sorted(rows, key=lambda row: (-row["probability"], row["lead_id"]))[:_BEST]


def _counted(values: pa.ChunkedArray) -> dict[str, int]:
    tally = Counter(
        {entry["values"] or "none": entry["counts"] for entry in pc.value_counts(values.cast(pa.string())).to_pylist()}
    )
    return dict(tally.most_common())
