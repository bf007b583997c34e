"""The leads of a run part by part, and beside each part what leadml has written about its leads before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

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
from leadml.schema import LeadTables
from leadml.sources.events import CheckedEvents
from leadml.sources.parts import Further, LeadParts, open_spool, spool_leads
from leadml.training.clock import Progress

SCORE_ROWS = pa.schema(
    [
        ("lead_id", pa.string()),
        ("probability", pa.float64()),
        ("grade", pa.string()),
        ("stage", pa.string()),
        ("segment", pa.string()),
        ("stopped_by", pa.list_(pa.string())),
        ("bundle", pa.string()),
        ("valid_until", pa.timestamp("us")),
        ("account_id", pa.string()),
    ]
)
"""What a run needs of the score rows before."""


@dataclass(frozen=True)
class RunParts:
    """The leads of a run in parts of whole accounts; rows of leads that are gone are in some part, too."""

    asked: Asked
    leads: LeadParts

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

    @property
    def decided(self) -> bool:
        """Whether anybody has decided anything yet."""
        return self.asked.targets.decisions in self.leads.further

    def decisions(self, number: int, lead_ids: pa.ChunkedArray, now: datetime) -> CheckedEvents | None:
        """What people decided about a part's leads, checked; None where nobody has decided anything yet."""
        if not self.decided:
            return None
        return checked_decisions(self.leads.numbered_others(number, self.asked.targets.decisions), lead_ids, now)

    def _lifecycle(self, number: int, table: str, name: str, schema: pa.Schema) -> pa.Table:
        if name not in self.leads.further:
            return schema.empty_table()
        return self.asked.lifecycle.tables.as_written(table, self.leads.others(number, name), schema)

    def _published(self, number: int, name: str, schema: pa.Schema) -> pa.Table:
        if name not in self.leads.further:
            return schema.empty_table()
        rows = self.leads.others(number, name)
        held = pa.schema([field for field in schema if field.name in rows.column_names])
        return as_published(self.asked.project, name, rows, held)


def read_parts(
    asked: Asked,
    folder: Path,
    *,
    accounts: pa.Array | None,
    leads_per_part: int,
    now: datetime,
    progress: Progress,
) -> RunParts:
    """Read leads, all or those of some accounts, and what was written about them before, to a folder.

    Raises:
        SourceError: a table cannot be read, or the folder not be written.
    """
    project, place = asked.project, beside(asked.project)
    there = set(place.tables())
    before = {name: schema for name, schema in _before(asked).items() if name in there}
    leads = spool_leads(
        project.source,
        folder,
        project.wanted({attribute.name: attribute.kind for attribute in asked.plan.attributes}, now),
        further={name: _further(schema, place.columns(name)) for name, schema in before.items()},
        beside=place,
        accounts=accounts,
        leads_per_part=leads_per_part,
        progress=progress,
    )
    return RunParts(asked, leads)


def opened_parts(asked: Asked, folder: Path) -> RunParts | None:
    """The parts that a run before has read to a folder; None where they are not whole."""
    leads = open_spool(folder)
    return None if leads is None else RunParts(asked, leads)


def _before(asked: Asked) -> dict[str, pa.Schema]:
    """The tables that leadml has written about leads before, and their columns that are needed, as they are read.

    Decisions come first: one that is read has made its move by then, so that its move is read, too. The other way round
    the run would make that move a second time.
    """
    targets = asked.targets
    wanted = {
        targets.decisions: DECISION_ROWS,
        targets.scores: SCORE_ROWS,
        targets.accounts: ACCOUNT_ROWS,
        targets.moves: TRANSITION_ROWS,
        targets.stages: STAGE_ROWS,
    }
    return {name: schema for name, schema in wanted.items() if name is not None}


def _further(schema: pa.Schema, held: Collection[str]) -> Further:
    """How a table is read: the columns that there are, by the lead or the account that a row is of."""
    columns = tuple(column for column in schema.names if column in held)
    of_accounts = "lead_id" not in schema.names
    return Further("account_id" if of_accounts else "lead_id", columns, of_accounts=of_accounts)
