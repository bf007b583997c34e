"""The three tables of the lifecycle beside the leads: what people decided, every move ever made, where leads are now.

`lead_decisions` and `lead_transitions` only grow. The moves are the truth: `lead_lifecycle` is what they come to, and
is written in the same transaction.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.lifecycle.stages import DECISIONS, FIRST, OUTCOMES, STAGES
from leadml.lifecycle.walk import STATES, TIME
from leadml.lifecycle.walk import TRANSITIONS as MOVES
from leadml.schema import Counts
from leadml.sources import Among, Source, check_decisions, read_raw
from leadml.sources.events import CheckedEvents
from leadml.sources.files import FileSource
from leadml.sources.quarantine import REJECTS_SCHEMA
from leadml.sources.raw import Raw
from leadml.sources.source import Transaction

DECISIONS_TABLE, TRANSITIONS_TABLE, STAGES_TABLE = "lead_decisions", "lead_transitions", "lead_lifecycle"

DECISION_ROWS = pa.schema(
    [
        ("lead_id", pa.string()),
        ("decision", pa.string()),
        ("reason", pa.string()),
        ("decided_by", pa.string()),
        ("decided_at", TIME),
    ]
)
TRANSITION_ROWS = MOVES.append(pa.field("bundle", pa.string()))
STAGE_ROWS = pa.schema(
    [
        ("lead_id", pa.string()),
        ("stage", pa.string()),
        ("since", TIME),
        ("by", pa.string()),
        ("reason", pa.string()),
        ("proposal", pa.string()),
    ]
)
_NEEDED = {
    DECISIONS_TABLE: ("lead_id", "decision", "decided_at"),
    TRANSITIONS_TABLE: TRANSITION_ROWS.names,
    STAGES_TABLE: STAGE_ROWS.names,
}
_CLOCKS_APART = timedelta(days=1)


class LifecycleTables:
    """The tables of one project; opening them refuses tables of other content under their names.

    Raises:
        SourceError: a table of one of these names lacks a column, or cannot be read.
    """

    def __init__(self, source: Source) -> None:
        is_files = isinstance(source, FileSource)
        # What leadml writes beside one file, or beside files with other delimiters, is read as leadml writes it.
        self._source: Source = FileSource(source.folder) if isinstance(source, FileSource) else source
        self._ending = ".csv" if is_files else ""
        for table, needed in _NEEDED.items():
            lacking = [column for column in needed if column not in (self.columns(table) or needed)]
            if lacking:
                raise SourceError(
                    f"{self.place(table)} is there already and has no column {', '.join(map(repr, lacking))}. Add the "
                    "column, or rename the table if it is something else: leadml keeps the lifecycle there."
                )

    def place(self, table: str) -> str:
        """Say where a table is."""
        return self._source.place(f"{table}{self._ending}")

    def name(self, table: str) -> str:
        """The name that a table has there, or will have."""
        return self._found(table) or f"{table}{self._ending}"

    def columns(self, table: str) -> dict[str, str]:
        """The columns of a table; none where it is not there yet."""
        found = self._found(table)
        return self._source.columns(found) if found else {}

    def transitions(self) -> pa.Table:
        """Every move ever made, in the order in which it was written."""
        return self._read(TRANSITIONS_TABLE, TRANSITION_ROWS)

    def moves_of(self, lead_id: str) -> int:
        """How many moves of a lead are on record; as the table only grows, none is new where there are as many."""
        found = self._found(TRANSITIONS_TABLE)
        return 0 if found is None else self._source.count(found, Among("lead_id", pa.array([lead_id], pa.string())))

    def stages(self) -> pa.Table:
        """Where leads are, as last written."""
        return self._read(STAGES_TABLE, STAGE_ROWS)

    def decisions(self, lead_ids: pa.ChunkedArray, now: datetime) -> CheckedEvents | None:
        """What people decided, checked; None where nobody has decided anything yet."""
        found = self._found(DECISIONS_TABLE)
        if found is None:
            return None
        columns = [name for name in DECISION_ROWS.names if name in self._source.columns(found)]
        return checked_decisions(read_raw(self._source, found, columns), lead_ids, now)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Change these tables at once."""
        return self._source.transaction()

    def scores(self, table: str) -> pa.Table | None:
        """Of the published scores what the lifecycle needs; None where there are none."""
        if not any(name == table for name in self._source.tables()):
            return None
        columns = ["lead_id", "probability", "stage", "bundle"]
        columns += ["stopped_by"] if "stopped_by" in self._source.columns(table) else []
        rows = read_raw(self._source, table, columns).table
        gates = (
            [json.loads(gate) if isinstance(gate, str) else gate for gate in rows["stopped_by"].to_pylist()]
            if ("stopped_by" in columns)
            else [None] * rows.num_rows
        )
        return pa.table(
            {
                "lead_id": rows["lead_id"].cast(pa.string()),
                "probability": rows["probability"].cast(pa.float64()),
                "stage": rows["stage"].cast(pa.string()),
                "bundle": rows["bundle"].cast(pa.string()),
                "stopped_by": pa.array(gates, pa.list_(pa.string())),
            }
        )

    def _found(self, table: str) -> str | None:
        wanted = f"{table}{self._ending}".casefold()  # a database compares names without regard to case
        return next((name for name in self._source.tables() if name.casefold() == wanted), None)

    def _read(self, table: str, schema: pa.Schema) -> pa.Table:
        found = self._found(table)
        if found is None:
            return schema.empty_table()
        return self.as_written(table, read_raw(self._source, found, schema.names).table, schema)

    def as_written(self, table: str, rows: pa.Table, schema: pa.Schema) -> pa.Table:
        """Rows of a table as leadml wrote them, whatever the place made of their types.

        Raises:
            SourceError: they are not what leadml writes.
        """
        try:
            read = rows.select(schema.names).cast(schema)
        except pa.ArrowInvalid as error:
            raise SourceError(f"{self.place(table)} holds what leadml did not write ({error}). Restore it.") from None
        stages = [name for name in schema.names if "stage" in name]
        foreign = [value for name in stages for value in pc.unique(read[name]).to_pylist() if value not in STAGES]
        if foreign:
            raise SourceError(f"{self.place(table)} names a stage {foreign[0]!r}, which is none. Restore the table.")
        return read


def checked_decisions(raw: Raw, lead_ids: pa.ChunkedArray, now: datetime) -> CheckedEvents:
    """What people decided about some leads, checked; what is dated later than a day after `now` has not happened."""
    return check_decisions(raw, lead_ids, DECISIONS, now + _CLOCKS_APART)


def rejects_of(decisions: CheckedEvents | None) -> pa.Table:
    """The decisions that cannot be used, and why."""
    return REJECTS_SCHEMA.empty_table() if decisions is None else decisions.rejects


def counts_of(decisions: CheckedEvents | None) -> Counts:
    """How many decisions were read, kept and rejected."""
    return decisions.quarantine.counts() if decisions else Counts(0, 0, 0)


def states_of(lead_ids: pa.ChunkedArray, moves: pa.Table) -> pa.Table:
    """The states that moves come to, of the leads there are and of those that ever were."""
    ids = pc.unique(pa.chunked_array([*lead_ids.chunks, *moves["lead_id"].chunks], pa.string()))
    last = moves.take(_last(moves["lead_id"], ids))
    ends = moves.filter(pc.is_in(moves["to_stage"], value_set=pa.array(OUTCOMES)))
    end = ends.take(_last(ends["lead_id"], ids))
    columns = [
        ids,
        last["to_stage"].fill_null(FIRST),
        last["at"],
        last["by"],
        last["probability"],
        end["to_stage"],
    ]
    return pa.table(columns, schema=STATES)


def stage_rows(lead_ids: pa.ChunkedArray, created: Any | None, moves: pa.Table, proposals: pa.Table) -> pa.Table:
    """The rows of `lead_lifecycle`; a lead that was never moved is raw since it was created."""
    states = states_of(lead_ids, moves)
    ids = states["lead_id"].combine_chunks()
    since = states["since"]
    if created is not None:
        since = pc.coalesce(since, pc.take(created, pc.index_in(ids, value_set=lead_ids)))
    columns = [
        ids,
        states["stage"],
        since,
        states["by"],
        moves.take(_last(moves["lead_id"], ids))["reason"],
        pc.take(proposals["proposal"], pc.index_in(ids, value_set=proposals["lead_id"])),
    ]
    return pa.table(columns, schema=STAGE_ROWS)


def _last(lead_ids: pa.ChunkedArray, ids: pa.Array) -> pa.Array:
    """The last row of each of `ids`; null where it has none."""
    last = np.full(len(ids), -1)
    found = np.asarray(pc.index_in(lead_ids, value_set=ids).fill_null(-1))
    last[found[found >= 0]] = np.flatnonzero(found >= 0)
    return pa.array(last, mask=last < 0)
