"""What the history holds of a lead, and when each row of it was written."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from leadml.errors import SourceError
from leadml.operations.project import Project
from leadml.operations.published import as_published, beside, found_name
from leadml.operations.scoring.history import HISTORY_ROWS, history_table
from leadml.operations.scoring.runs import recorded_runs
from leadml.sources import Among

__all__ = ["Writing", "moment_text", "writings_of"]

_BEGUN = "%Y%m%dT%H%M%S"  # as the id of a run begins


@dataclass(frozen=True)
class Writing:
    """A row of the history; its run began at `began` and was `over` when it finished or the next one began.

    Times are UTC without a zone; `over` is None where the run has done neither. The row was written in between.
    """

    row: Mapping[str, Any]
    began: datetime
    over: datetime | None

    @property
    def as_of(self) -> datetime | None:
        """As of when it speaks; None where leads have no dates."""
        moment: datetime | None = self.row["as_of"]
        return moment


def writings_of(project: Project, lead_id: str) -> list[Writing]:
    """The rows of a lead in the history of scores, the oldest first.

    Raises:
        SourceError: there is no history, none of this lead, or a run of which nothing is known.
    """
    rows = _history_of(project, lead_id)
    times = _times(project, {row["run_id"] for row in rows})
    found = [Writing(row, *times(row["run_id"])) for row in rows]
    return sorted(found, key=lambda one: (one.began, one.row["run_id"]))


def moment_text(moment: datetime | None) -> str:
    """A moment as people read it, with seconds where it has some."""
    if moment is None:
        return "no date"
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"


def _history_of(project: Project, lead_id: str) -> list[dict[str, Any]]:
    source, name = beside(project), found_name(project, history_table(project))
    if name not in source.tables():
        raise SourceError(f"{source.where}: there is no table '{name}' yet. Run `leadml score` first.")
    among = Among("lead_id", pa.array([lead_id.strip()], pa.string()))
    batches = list(source.stream(name, HISTORY_ROWS.names, rows=among))
    rows: list[dict[str, Any]] = []
    if batches:
        rows = as_published(project, name, pa.Table.from_batches(batches), HISTORY_ROWS).to_pylist()
    if not rows:
        raise SourceError(
            f"{source.place(name)} has no score of lead {lead_id!r}. Mend the id, or run `leadml score` first."
        )
    return rows


def _times(project: Project, named: Collection[str]) -> Callable[[str], tuple[datetime, datetime | None]]:
    """Tell of every run, those named among them, when it began and was over."""
    runs = {run.run_id: run for run in recorded_runs(project)}
    began = {run_id: run.started_at for run_id, run in runs.items()}
    began |= {run_id: _begun(run_id) for run_id in named if run_id not in runs}
    starts = sorted(began.values())

    def times(run_id: str) -> tuple[datetime, datetime | None]:
        after = bisect_right(starts, began[run_id])
        finished = runs[run_id].finished_at if run_id in runs else None
        return began[run_id], finished or (starts[after] if after < len(starts) else None)

    return times


def _begun(run_id: str) -> datetime:
    """When a run began whose row is gone from the table of runs."""
    try:
        return datetime.strptime(run_id[:15], _BEGUN)  # noqa: DTZ007 - leadml's times are naive UTC
    except ValueError:
        raise SourceError(
            f"The history of scores names a run {run_id!r} that is not among the scoring runs, so nobody knows when it "
            "was. Restore its row in scoring_runs."
        ) from None
