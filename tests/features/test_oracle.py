"""Features against the same features asked of SQLite, one correlated subquery each."""

from __future__ import annotations

import math
import sqlite3
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.features import FeaturePlan, build_snapshots, snapshots_at
from leadml.schema import LeadTables

START = datetime.fromisoformat("2024-01-01")
DAY = 86_400_000_000
OWN = "a.lead_id = s.lead_id"
OF_ACCOUNT = "a.lead_id in (select lead_id from leads where account_id = s.account_id)"


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_training_features_equal_those_that_sqlite_gives(company, seed: int) -> None:
    tables = company(seed)
    snapshots = build_snapshots(tables, horizon_days=20)
    assert_equals_oracle(tables, snapshots)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), half_days=st.integers(120, 400))
def test_scoring_features_equal_those_that_sqlite_gives(company, seed: int, half_days: int) -> None:
    tables = company(seed)
    snapshots = snapshots_at(tables, START + timedelta(days=half_days / 2), open_only=False)
    assert_equals_oracle(tables, snapshots)


def assert_equals_oracle(tables: LeadTables, snapshots: Any) -> None:
    assert snapshots.features.num_rows > 0
    expected = oracle(tables, snapshots.lead_id, snapshots.as_of, snapshots.plan)
    assert sorted(expected) == sorted(snapshots.features.column_names)
    for name, values in expected.items():
        got = snapshots.features[name].to_pylist()
        assert all(same(g, v) for g, v in zip(got, values, strict=True)), (name, got, values)


def same(got: Any, expected: Any) -> bool:
    """Points are rounded to millionths each; everything else is exact up to the last digits."""
    if isinstance(got, float) and expected is not None:
        return math.isclose(got, expected, rel_tol=1e-9, abs_tol=1e-4)
    return bool(got == expected)


def oracle(tables: LeadTables, ids: pa.Array, as_of: pa.Array, plan: FeaturePlan) -> dict[str, list[Any]]:
    con = sqlite3.connect(":memory:")
    con.create_function("ln", 1, math.log)
    con.create_function("half_life", 1, lambda age: 0.5 ** (age / (30 * DAY)))
    load(con, "leads", tables.leads)
    load(con, "activities", tables.activities)
    load(con, "history", tables.history)
    spine = pa.table({"row": pa.array(range(len(ids))), "lead_id": ids, "t": as_of.cast(pa.int64())})
    load(con, "spine", spine)
    con.execute("create table intent as select ? as type where false", [""])
    con.executemany("insert into intent values (?)", [[kind] for kind in plan.intent_types])
    con.execute("create view s as select spine.*, account_id, created_at from spine join leads using (lead_id)")

    def ask(expression: str, *values: Any) -> list[Any]:
        return [row[0] for row in con.execute(f"select {expression} from s order by row", values)]

    return {
        **attributes(ask, plan),
        **own_activities(ask, plan),
        **over_all_types(ask),
        **of_the_account(ask, plan),
        "lead age days": ask(f"(t - created_at) * 1.0 / {DAY}"),
        "month": ask("cast(strftime('%m', t / 1000000, 'unixepoch') as integer)"),
    }


def load(con: sqlite3.Connection, name: str, table: pa.Table) -> None:
    marks = ", ".join("?" for _ in table.column_names)
    # SQLite does not tell "select" from "Select": the leads' attributes go by number.
    names = [f"c{i}" if column not in PLAIN else column for i, column in enumerate(table.column_names)]
    con.execute(f"create table {name} ({', '.join(names)})")
    columns = [c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c for c in table.columns]
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    con.executemany(f"insert into {name} values ({marks})", rows)
    if name == "leads":
        COLUMN_OF.update(zip(table.column_names, names, strict=True))


PLAIN = {
    *("lead_id", "account_id", "created_at", "role", "row", "t"),
    *("occurred_at", "type", "value", "field", "changed_at", "known_from"),
}
KNOWN = "(select coalesce(known_from < t, false) from leads k where k.lead_id = {}.lead_id)"
COLUMN_OF: dict[str, str] = {}


def attributes(ask: Any, plan: FeaturePlan) -> dict[str, list[Any]]:
    given = {}
    for attribute in plan.attributes:
        name = attribute.name
        if attribute.history:
            values = ask(
                "(select value from history h where h.lead_id = s.lead_id and field = ? and changed_at < t"
                " order by changed_at desc, value desc limit 1)",
                name,
            )
        else:
            values = ask(f"(select {COLUMN_OF[name]} from leads l where l.lead_id = s.lead_id)")
        if attribute.known_at is not None:
            values = [v if v is not None and k else None for v, k in zip(values, ask(KNOWN.format("s")), strict=True)]
        if name in ("renewal", "known_from"):
            moments = ask("t")
            pairs = zip(moments, values, strict=True)
            values = [None if v is None or v >= t else (t - v) / DAY for t, v in pairs]
        if name == "size":
            values = [None if v in (None, "much") else float(v) for v in values]
        given[name] = values
    return given


def window(what: str, days: int, whose: str = OWN, more: str = "true") -> str:
    return (
        f"(select {what} from activities a where {whose} and occurred_at < t"
        f" and occurred_at >= t - {days * DAY} and {more})"
    )


def since(whose: str = OWN, more: str = "true") -> str:
    return (
        f"(select (t - max(occurred_at)) * 1.0 / {DAY} from activities a where {whose} and occurred_at < t and {more})"
    )


def own_activities(ask: Any, plan: FeaturePlan) -> dict[str, list[Any]]:
    given = {}
    for kind in plan.activity_types:
        for days in (7, 30, 90):
            given[f"{kind} {days}d"] = ask(window("coalesce(sum(value), 0)", days, more="type = ?"), kind)
        given[f"days since {kind}"] = ask(since(more="type = ?"), kind)
    return given


def over_all_types(ask: Any) -> dict[str, list[Any]]:
    points = "sum(value * (case when type in (select type from intent) then 5 else 1 end) * half_life(t - occurred_at))"
    last, both = window("coalesce(sum(value), 0)", 30), window("coalesce(sum(value), 0)", 60)
    return {
        # The company has an attribute of this name, which it keeps.
        "any activity 7d (2)": ask(window("coalesce(sum(value), 0)", 7)),
        "any activity 30d": ask(last),
        "any activity 90d": ask(window("coalesce(sum(value), 0)", 90)),
        "days since any activity": ask(since()),
        "activity types 90d": ask(window("count(distinct type)", 90)),
        "activity trend": ask(f"ln(({last} + 1.0) / ({both} - {last} + 1.0))"),
        "engagement points": ask(window(f"coalesce({points}, 0)", 10_000)),
    }


def of_the_account(ask: Any, plan: FeaturePlan) -> dict[str, list[Any]]:
    colleagues = f"{OF_ACCOUNT} and a.lead_id <> s.lead_id"
    role_then = (
        "(select value from history h where h.lead_id = a.lead_id and field = 'role' and changed_at < t"
        " order by changed_at desc, value desc limit 1)"
    )
    role_now = "(select role from leads l where l.lead_id = a.lead_id)"
    role = next(attribute for attribute in plan.attributes if attribute.name == "role")
    role_seen = role_then if role.history else role_now
    if role.known_at is not None:
        role_seen = f"(case when {KNOWN.format('a')} then {role_seen} end)"
    intent = "type in (select type from intent)"
    there = "(l.created_at < t or l.lead_id = s.lead_id)"
    known = f"(select count(*) from leads l where l.account_id = s.account_id and {there})"
    given = {
        "contacts known": ask(known),
        "contacts engaged": ask(window("count(distinct lead_id)", 90, OF_ACCOUNT)),
        "roles covered": ask(window(f"count(distinct {role_seen})", 90, OF_ACCOUNT)),
        "colleagues activity 30d": ask(window("coalesce(sum(value), 0)", 30, colleagues)),
        "days since account activity": ask(since(OF_ACCOUNT)),
    }
    for days in (30, 90):
        given[f"account intent {days}d"] = ask(window("coalesce(sum(value), 0)", days, OF_ACCOUNT, intent))
    return given
