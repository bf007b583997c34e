"""Small companies made by chance, with moments that often coincide and names that try to break a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from leadml.schema import LeadTables

TIME = pa.timestamp("us")
START = datetime.fromisoformat("2024-01-01")  # a Monday, on the grid of moments
TYPES = ("page", "pricing_page", "x'); DROP TABLE leads;--", "select", '🦄 "demo"', "other activities")

LEAD_TYPES = {
    "lead_id": pa.string(),
    "account_id": pa.string(),
    "created_at": TIME,
    "closed_at": TIME,
    "outcome": pa.string(),
    "role": pa.string(),
}
ACTIVITY_TYPES = {"lead_id": pa.string(), "occurred_at": TIME, "type": pa.string(), "value": pa.float64()}
HISTORY_TYPES = {"lead_id": pa.string(), "field": pa.string(), "value": pa.string(), "changed_at": TIME}


def table(columns: Mapping[str, Any], types: Mapping[str, pa.DataType]) -> pa.Table:
    return pa.table({name: pa.array(values, types.get(name)) for name, values in columns.items()})


def make_tables(
    leads: Mapping[str, Any],
    activities: list[tuple[Any, ...]] | None = None,
    history: list[tuple[Any, ...]] | None = None,
    answers: Mapping[str, str] | None = None,
    known_at: Mapping[str, str | None] | None = None,
) -> LeadTables:
    """Give checked tables; `leads` by column, activities as (lead, at, type[, value]), history as the schema has it."""
    columns = {"account_id": leads["lead_id"], **leads}
    counted = [(*row, 1.0)[:4] for row in activities or []]
    known = {*LEAD_TYPES, "owner", "deal_value", "order", *(known_at or {}).values()} - {"role"}
    return LeadTables(
        leads=table(columns, LEAD_TYPES),
        attributes=tuple(name for name in columns if name not in known),
        answers=answers or {},
        activities=None if activities is None else rows_table(counted, ACTIVITY_TYPES),
        history=None if history is None else rows_table(history, HISTORY_TYPES),
        rejects=pa.table({}),
        counts={},
        known_at=known_at or {},
    )


def rows_table(rows: list[tuple[Any, ...]], types: Mapping[str, pa.DataType]) -> pa.Table:
    values = list(zip(*rows, strict=True)) or [()] * len(types)
    return table(dict(zip(types, values, strict=True)), types)


def make_company(seed: int) -> LeadTables:
    """Eight leads of three accounts over half a year, in steps of half a day.

    Odd companies have a history of roles; in every other pair of them some values are known only from a date on.
    """
    rng = np.random.default_rng(seed)
    n = 8

    def moment(days: int) -> datetime:
        return START + timedelta(days=int(rng.integers(0, 2 * days)) / 2)

    def maybe(value: Any) -> Any:
        return value if rng.random() < 0.8 else None

    ids = [f"lead {i}" for i in rng.permutation(n)]
    created = [moment(60) for _ in ids]
    outcome = [str(rng.choice(["won", "lost", ""])) or None for _ in ids]
    closed = [
        c + timedelta(days=int(rng.integers(1, 300)) / 2) if o else None for c, o in zip(created, outcome, strict=True)
    ]
    leads = {
        "lead_id": ids,
        "account_id": [f"account {i}" for i in rng.integers(0, 3, n)],
        "created_at": created,
        "closed_at": closed,
        "outcome": outcome,
        "role": [maybe(str(rng.choice(["cto", "cfo"]))) for _ in ids],
        "size": [maybe(float(rng.integers(0, 9))) for _ in ids],
        "x'); DROP TABLE leads;--": [maybe(str(rng.choice(["a", "b'"]))) for _ in ids],
        "select": [maybe("y") for _ in ids],
        "renewal": [maybe(moment(300)) for _ in ids],
        "any activity 7d": [float(i) for i in range(n)],
        "Select": [float(i) for i in range(n)],
        "known_from": [maybe(moment(180)) for _ in ids],
    }
    leads |= {"known_from": pa.array(leads["known_from"], TIME)}
    dated = ("role", "size", "select", "renewal") if seed % 4 > 1 else ()
    activities = [
        (str(rng.choice(ids)), moment(180), str(rng.choice(TYPES)), float(rng.choice([0.1, 1, 3]))) for _ in range(80)
    ]
    values = {"size": ["1", "2", "much"], "need; --": ["yes", "no", None], "role": ["cto", "ceo", None]}
    fields = list(values) if seed % 2 else ["size", "need; --"]
    history = []
    for _ in range(30):
        field = str(rng.choice(fields))
        history.append((str(rng.choice(ids)), field, values[field][rng.integers(0, 3)], moment(180)))
    return make_tables(
        leads,
        activities,
        history,
        answers={"need": "need; --"},
        known_at=dict.fromkeys(dated, "known_from") | {"Select": None},
    )


def shuffle_tables(tables: LeadTables, seed: int) -> LeadTables:
    rng = np.random.default_rng(seed)

    def shuffled(rows: pa.Table | None) -> pa.Table | None:
        return rows and rows.take(pa.array(rng.permutation(rows.num_rows)))

    return replace(
        tables,
        leads=shuffled(tables.leads),
        activities=shuffled(tables.activities),
        history=shuffled(tables.history),
    )


@pytest.fixture(scope="session")
def company() -> Callable[[int], LeadTables]:
    return make_company


@pytest.fixture(scope="session")
def tables_of() -> Callable[..., LeadTables]:
    return make_tables


@pytest.fixture(scope="session")
def shuffle() -> Callable[[LeadTables, int], LeadTables]:
    return shuffle_tables
