"""The leads of a run part by part, and beside each part what leadml has written about its leads before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from leadml.operations.accounts import ACCOUNT_ROWS
from leadml.operations.lifecycle_tables import (
    DECISION_ROWS,
    STAGE_ROWS,
    STAGES_TABLE,
    TRANSITION_ROWS,
    TRANSITIONS_TABLE,
    checked_decisions,
)
from leadml.operations.published import as_published, beside
from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.whole import WholeTables
from leadml.schema import LeadTables
from leadml.sources import read_raw
from leadml.sources.events import CheckedEvents
from leadml.sources.raw import Raw

SCORE_ROWS = pa.schema(
    [
        ("lead_id", pa.string()),
        ("probability", pa.float64()),
        ("grade", pa.string()),
        ("stage", pa.string()),
        ("segment", pa.string()),
        ("stopped_by", pa.list_(pa.string())),
        ("bundle", pa.string()),
    ]
)
"""What a run needs of the score rows before."""


@dataclass(frozen=True)
class RunParts:
    """The leads of a run in parts of whole accounts; rows of leads that are gone are in some part, too.

    `before` names the tables of leadml's that were there when the leads were read.
    """

    asked: Asked
    leads: WholeTables
    before: Collection[str]

    @property
    def count(self) -> int:
        """How many parts there are."""
        return self.leads.count

    def read(self, number: int) -> LeadTables:
        """The leads of a part."""
        return self.leads.read(number)

    def scores(self, number: int) -> pa.Table:
        """The score rows of a part's leads, as they are published: the columns of `SCORE_ROWS` that there are."""
        return self._published(number, self.asked.targets.scores, SCORE_ROWS)

    def accounts(self, number: int) -> pa.Table:
        """The published scores of a part's accounts."""
        return self._published(number, str(self.asked.targets.accounts), ACCOUNT_ROWS)

    def moves(self, number: int) -> pa.Table:
        """Every move that a part's leads ever made."""
        return self._lifecycle(number, TRANSITIONS_TABLE, self.asked.targets.moves, TRANSITION_ROWS)

    def stages(self, number: int) -> pa.Table:
        """Where a part's leads are, as last written."""
        return self._lifecycle(number, STAGES_TABLE, self.asked.targets.stages, STAGE_ROWS)

    def decisions(self, number: int, lead_ids: pa.ChunkedArray, now: datetime) -> CheckedEvents | None:
        """What people decided about a part's leads, checked; None where nobody has decided anything yet."""
        if self.asked.targets.decisions not in self.before:
            return None
        rows = self.leads.others(number, self.asked.targets.decisions)
        return checked_decisions(Raw(rows, np.arange(1, rows.num_rows + 1), []), lead_ids, now)

    def _lifecycle(self, number: int, table: str, name: str, schema: pa.Schema) -> pa.Table:
        if name not in self.before:
            return schema.empty_table()
        return self.asked.lifecycle.tables.as_written(table, self.leads.others(number, name), schema)

    def _published(self, number: int, name: str, schema: pa.Schema) -> pa.Table:
        if name not in self.before:
            return schema.empty_table()
        rows = self.leads.others(number, name)
        held = pa.schema([field for field in schema if field.name in rows.column_names])
        return as_published(self.asked.project, name, rows, held)


def read_parts(asked: Asked, folder: Path, *, leads_per_part: int) -> RunParts:
    """Read all leads, and what was written about them before, to a folder.

    Raises:
        SourceError: a table cannot be read, or the folder not be written.
    """
    del folder  # STAND-IN: no spool yet
    project, source = asked.project, beside(asked.project)
    tables = project.read({attribute.name: attribute.kind for attribute in asked.plan.attributes})
    there = set(source.tables())
    further = {}
    for name, columns in _columns(asked).items():
        if name in there:
            held = source.columns(name)
            further[name] = read_raw(source, name, [column for column in columns if column in held]).table
    return RunParts(asked, WholeTables(tables, further, leads_per_part), further.keys())


def opened_parts(asked: Asked, folder: Path) -> RunParts | None:
    """The parts that a run before has read to a folder; None where they are not whole."""
    del asked, folder  # STAND-IN: no spool yet
    return None


def _columns(asked: Asked) -> dict[str, list[str]]:
    """The tables that leadml has written about leads before, and their columns that are needed."""
    targets = asked.targets
    wanted = {
        targets.scores: SCORE_ROWS,
        targets.accounts: ACCOUNT_ROWS,
        targets.moves: TRANSITION_ROWS,
        targets.stages: STAGE_ROWS,
        targets.decisions: DECISION_ROWS,
    }
    return {name: schema.names for name, schema in wanted.items() if name is not None}
