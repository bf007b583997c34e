"""Buying committees, held against an independent SQL and against the law that nothing counts from the moment on."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from leadml.features import Attribute, FeaturePlan
from leadml.operations.accounts.committee import Committee, committees, contacts_before, needed_roles
from leadml.schema import LeadTables

TIME = pa.timestamp("us")
START = datetime(2024, 1, 1)  # noqa: DTZ001
MOMENT = START + timedelta(days=150)


def plan(*, history: bool = False) -> FeaturePlan:
    return FeaturePlan(calendar=True, attributes=(Attribute("role", "category", "fit", "Role", history=history),))


def company(seed: int, *, history: bool = False) -> LeadTables:
    """Thirty leads of eight accounts in steps of half a day, so that moments often coincide with the one looked at."""
    rng = np.random.default_rng(seed)

    def at(days: int) -> datetime:
        return START + timedelta(days=int(rng.integers(0, 2 * days)) / 2)

    ids = [f"L{n}" for n in rng.permutation(30)]
    roles: list[Any] = [[None, "CTO", "CFO", "Buyer"][i] for i in rng.integers(0, 4, 30)]
    created = [MOMENT if rng.random() < 0.1 else at(200) for _ in ids]
    leads = {
        "lead_id": pa.array(ids),
        "account_id": pa.array([f"A{i}" for i in rng.integers(0, 8, 30)]),
        "created_at": pa.array(created, TIME),
        "role": pa.array(roles, pa.string()),
    }
    moments = [MOMENT if rng.random() < 0.05 else at(250) for _ in range(60)]
    moments += [MOMENT - timedelta(days=90)] * 3
    activities = {
        "lead_id": pa.array([str(rng.choice(ids)) for _ in moments]),
        "occurred_at": pa.array(moments, TIME),
        "type": pa.array(["page"] * len(moments)),
        "value": pa.array([1.0] * len(moments)),
    }
    changed = [MOMENT if rng.random() < 0.1 else at(200) for _ in range(40)]
    changes = {
        "lead_id": pa.array([str(rng.choice(ids)) for _ in changed]),
        "field": pa.array(["role"] * len(changed)),
        "value": pa.array([["CTO", "CFO", None][i] for i in rng.integers(0, 3, len(changed))], pa.string()),
        "changed_at": pa.array([c + timedelta(microseconds=i) for i, c in enumerate(changed)], TIME),
    }
    return LeadTables(
        leads=pa.table(leads),
        attributes=("role",),
        answers={},
        activities=pa.table(activities),
        history=pa.table(changes) if history else None,
        rejects=pa.table({}),
        counts={},
    )


def found(tables: LeadTables, *, history: bool = False, moment: datetime = MOMENT) -> dict[str, Committee]:
    contacts = contacts_before(tables, plan(history=history), moment)
    return committees(contacts, needed_roles(contacts))


ORACLE = """
with known as (select * from leads where created_at < :moment),
roles as (
    select account_id, case when :history then (
        select value from history h where h.lead_id = known.lead_id and h.changed_at < :moment
        order by changed_at desc limit 1) else role end as role
    from known),
engaged as (
    select distinct k.account_id, k.lead_id from known k join activities a using (lead_id)
    where a.occurred_at >= :first and a.occurred_at < :moment)
select k.account_id, count(*), (select count(*) from engaged e where e.account_id = k.account_id),
       (select group_concat(role, '|') from (select distinct role from roles r
                                             where r.account_id = k.account_id and role is not null order by role)),
       (select count(distinct role) from roles)
from known k group by k.account_id
"""


def by_sql(tables: LeadTables, *, history: bool) -> dict[str, tuple[int, int, tuple[str, ...], int]]:
    with sqlite3.connect(":memory:") as db:
        for name in ("leads", "activities", "history"):
            rows: Any = getattr(tables, name)
            if rows is None:
                db.execute("create table history (lead_id, field, value, changed_at)")
                continue
            db.execute(f"create table {name} ({', '.join(rows.column_names)})")
            marks = ", ".join("?" * rows.num_columns)
            cells = [[str(c) if isinstance(c, datetime) else c for c in r.values()] for r in rows.to_pylist()]
            # One way to write every moment, so that texts compare like moments.
            cells = [
                [datetime.fromisoformat(c).isoformat(timespec="microseconds") if _dated(c) else c for c in r]
                for r in cells
            ]
            db.executemany(f"insert into {name} values ({marks})", cells)
        moments = {"moment": MOMENT, "first": MOMENT - timedelta(days=90)}
        given = {name: at.isoformat(timespec="microseconds") for name, at in moments.items()} | {"history": history}
        return {
            account: (contacts, engaged, tuple((roles or "").split("|")) if roles else (), every)
            for account, contacts, engaged, roles, every in db.execute(ORACLE, given)
        }


def _dated(cell: Any) -> bool:
    return isinstance(cell, str) and cell.startswith("20")


@pytest.mark.parametrize("history", [False, True], ids=["roles as they are", "roles with a history"])
@pytest.mark.parametrize("seed", range(12))
def test_contacts_engaged_contacts_and_roles_are_what_sql_counts(seed: int, history: bool) -> None:
    tables = company(seed, history=history)
    ours = found(tables, history=history)
    theirs = by_sql(tables, history=history)
    assert {
        account: (c.contacts, c.engaged, c.seen, len(c.seen) + len(c.lacking)) for account, c in ours.items()
    } == theirs
    assert any(c.engaged for c in ours.values())


@pytest.mark.parametrize("seed", range(6))
def test_nothing_from_the_moment_on_counts(seed: int) -> None:
    tables = company(seed, history=True)
    moment = pa.scalar(MOMENT, TIME)

    def before(rows: Any, column: str) -> Any:
        return rows.filter(pc.less(rows[column], moment))

    then = replace(
        tables,
        leads=before(tables.leads, "created_at"),
        activities=before(tables.activities, "occurred_at"),
        history=before(tables.history, "changed_at"),
    )
    assert then.leads.num_rows < tables.leads.num_rows
    assert found(tables, history=True) == found(then, history=True)


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    tables, rng = company(seed, history=True), np.random.default_rng(seed)

    def shuffled(rows: Any) -> Any:
        return rows.take(pa.array(rng.permutation(rows.num_rows)))

    mixed = replace(
        tables,
        leads=shuffled(tables.leads),
        activities=shuffled(tables.activities),
        history=shuffled(tables.history),
    )
    assert found(tables, history=True) == found(mixed, history=True)


def contacts(*people: tuple[str, str, str | None, bool | None]) -> pa.Table:
    lead_id, account_id, role, engaged = zip(*people, strict=True)
    return pa.table(
        {
            "lead_id": pa.array(lead_id),
            "account_id": pa.array(account_id),
            "role": pa.array(role, pa.string()),
            "engaged": pa.array(engaged, pa.bool_()),
        }
    )


PEOPLE = contacts(("1", "a", "cto ", True), ("2", "a", None, False), ("3", "b", "Buyer", True), ("4", "b", "CTO", True))


def test_roles_stated_are_compared_without_regard_to_case_and_blanks_and_kept_in_their_order() -> None:
    needed = needed_roles(PEOPLE, ["Legal", "CTO", "buyer", "legal"])
    assert list(needed.values()) == ["Legal", "CTO", "buyer"]
    assert committees(PEOPLE, needed) == {
        "a": Committee(2, 1, seen=("CTO",), lacking=("Legal", "buyer")),
        "b": Committee(2, 2, seen=("CTO", "buyer"), lacking=("Legal",)),
    }


def test_without_a_statement_every_role_that_some_contact_has_is_needed() -> None:
    assert list(needed_roles(PEOPLE).values()) == ["Buyer", "CTO"]
    assert committees(PEOPLE, needed_roles(PEOPLE))["a"].coverage == 0.5


def test_where_nobody_has_a_role_nothing_is_covered_or_lacking() -> None:
    people = contacts(("1", "a", None, None))
    committee = committees(people, needed_roles(people))["a"]
    assert (committee.coverage, committee.engaged, committee.seen, committee.lacking) == (None, None, (), ())


def test_without_dates_every_lead_is_a_contact_and_nobody_is_known_to_be_engaged() -> None:
    tables = company(0)
    undated = replace(tables, leads=tables.leads.drop_columns(["created_at"]), activities=None)
    people = contacts_before(undated, FeaturePlan(calendar=False, attributes=plan().attributes), None)
    assert people.num_rows == tables.leads.num_rows
    assert people["engaged"].null_count == people.num_rows
    assert people["role"].null_count < people.num_rows
