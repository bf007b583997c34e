"""The table of scoring runs: one row per run, from its start on; it says how far a run came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.project import Project
from leadml.operations.published import is_published, read_published, refuse_others, target_name
from leadml.operations.scoring.counts import COUNTED, RunCounts
from leadml.sources.source import Transaction

Which = Literal["open", "all", "changed"]
State = Literal["running", "done", "abandoned"]
Closed = Literal["left out", "asked for", "none is open"]

RUNS_TABLE = "scoring_runs"
RUN_ROWS = pa.schema(
    [
        ("run_id", pa.string()),
        ("state", pa.string()),
        ("started_at", pa.timestamp("us")),
        ("finished_at", pa.timestamp("us")),
        ("as_of", pa.timestamp("us")),
        ("bundle", pa.string()),
        ("which", pa.string()),
        ("closed", pa.string()),
        *((name, pa.int64()) for name in COUNTED),
        ("parts", pa.int64()),
        ("parts_done", pa.int64()),
        ("seen", pa.string()),
    ]
)
"""A run's row. Counts and `finished_at` are null until it is done. "closed" says why closed leads were scored or left
out; "seen" is JSON text: what a later run must know of the data of this one to tell what has changed."""


@dataclass(frozen=True)
class ScoringRecord:
    """A row of `scoring_runs`, as the columns of `RUN_ROWS`; times are UTC, `as_of` is None without dates."""

    run_id: str
    state: State
    started_at: datetime
    finished_at: datetime | None
    as_of: datetime | None
    bundle: str
    which: Which
    closed: Closed
    counts: RunCounts | None
    parts: int
    parts_done: int
    seen: str | None = None

    def write(self, project: Project, changes: Transaction) -> None:
        """Put this row in the place of the run's row before."""
        row: dict[str, Any] = asdict(self)
        row |= row.pop("counts") or dict.fromkeys(COUNTED)
        changes.upsert(runs_table(project), pa.Table.from_pylist([row], schema=RUN_ROWS), key=["run_id"])


def runs_table(project: Project) -> str:
    """The table of scoring runs."""
    return target_name(project, RUNS_TABLE)


def recorded_runs(project: Project) -> list[ScoringRecord]:
    """Every scoring run on record, the oldest first; none where nothing was ever scored.

    Raises:
        SourceError: the table cannot be read, or is something else.
    """
    if not is_published(project, runs_table(project)):
        return []
    refuse_others(project, runs_table(project), RUN_ROWS.names)
    rows = read_published(project, runs_table(project), RUN_ROWS).to_pylist()
    return sorted(map(_record, rows), key=lambda run: (run.started_at, run.run_id))


def newest_finished(project: Project) -> ScoringRecord | None:
    """The run that the published scores are of: that which was finished last; None where none was.

    Raises:
        SourceError: as `recorded_runs`.
    """
    done = [run for run in recorded_runs(project) if run.state == "done"]
    return max(done, key=lambda run: (run.finished_at or run.started_at, run.run_id), default=None)


def moment_of(project: Project, rows: pa.Table) -> datetime | None:
    """As of when published scores speak: that of the newest finished run, as a row keeps that at which it last changed.

    Where no run is on record, the newest "as_of" of the rows; None where leads have no dates.

    Raises:
        SourceError: as `recorded_runs`.
    """
    run = newest_finished(project)
    newest: datetime | None = pc.max(rows["as_of"]).as_py()
    return newest if run is None else run.as_of


def unfinished(project: Project) -> Iterator[ScoringRecord]:
    """Give the runs that were started and neither finished nor abandoned, the oldest first."""
    return (run for run in recorded_runs(project) if run.state == "running")


def _record(row: Mapping[str, Any]) -> ScoringRecord:
    counts = None if row["read"] is None else RunCounts(**{name: row[name] for name in COUNTED})
    others = {name: value for name, value in row.items() if name not in COUNTED}
    return ScoringRecord(counts=counts, **others)
