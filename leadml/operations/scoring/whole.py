# ruff: noqa: D102
"""STAND-IN until the spool of parts lands: all tables in memory, cut into parts of whole accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import newest_moment
from leadml.features.spine import hash_numbers
from leadml.operations.scoring.scores import has_open_leads
from leadml.schema import Counts, LeadTables
from leadml.sources import write_rejects


class WholeTables:
    """What `LeadParts` is, over tables in memory."""

    def __init__(self, tables: LeadTables, further: Mapping[str, pa.Table], leads_per_part: int) -> None:
        self._tables, self._further = tables, further
        self.count: int = tables.leads.num_rows // leads_per_part + 1

    @property
    def counts(self) -> Mapping[str, Counts]:
        return self._tables.counts

    @property
    def newest(self) -> datetime | None:
        return newest_moment(self._tables) if "created_at" in self._tables.leads.column_names else None

    @property
    def any_open(self) -> bool:
        return has_open_leads(self._tables)

    def summary(self) -> str:
        return self._tables.summary()

    def read(self, number: int) -> LeadTables:
        ids = self._tables.leads["lead_id"].filter(pa.array(self._parts() == number))
        return replace(
            self._tables,
            leads=_of(self._tables.leads, ids),
            activities=None if self._tables.activities is None else _of(self._tables.activities, ids),
            history=None if self._tables.history is None else _of(self._tables.history, ids),
        )

    def others(self, number: int, table: str) -> pa.Table:
        rows = self._further[table]
        ids = rows["lead_id" if "lead_id" in rows.column_names else "best_lead"].cast(pa.string())
        at = pc.index_in(ids, value_set=self._tables.leads["lead_id"].combine_chunks()).fill_null(-1).to_numpy()
        own = hash_numbers(ids.fill_null("").combine_chunks(), 1)[:, 0] % self.count
        return rows.filter(pa.array(np.where(at >= 0, self._parts()[at], own) == number))

    def write_rejects(self, path: Path, further: pa.Table) -> None:
        write_rejects(replace(self._tables, rejects=pa.concat_tables([self._tables.rejects, further])), path)

    def _parts(self) -> np.ndarray:
        return np.asarray(hash_numbers(self._tables.leads["account_id"].combine_chunks(), 1)[:, 0] % self.count)


def _of(rows: pa.Table, ids: pa.ChunkedArray) -> pa.Table:
    return rows.filter(pc.is_in(rows["lead_id"], value_set=ids.combine_chunks()))
