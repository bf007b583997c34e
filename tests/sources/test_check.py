from __future__ import annotations

import dataclasses
import datetime as dt
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadml.errors import SourceError
from leadml.features import snapshots_at
from leadml.schema import ActivityColumns, HistoryColumns, Kind, LeadColumns, LeadTables
from leadml.sources import open_source, read_leads

LEADS = LeadColumns(
    id="id",
    created_at="created",
    outcome="status",
    closed_at="closed",
    deal_value="amount",
    won=("Won",),
    lost=("Lost",),
)
GOOD = {"id": "1", "created": "2024-01-01", "status": "Won", "closed": "2024-02-01", "amount": "10", "size": "5"}
ACTIVITIES = ActivityColumns(lead="lead", occurred_at="at", type="what", value="n")
HISTORY = HistoryColumns(lead="lead", field="field", value="value", changed_at="at")


def _row(**cells: str | None) -> dict[str, str | None]:
    return {**GOOD, **cells}


def _check(folder: Path, rows: list[Any], columns: LeadColumns = LEADS, **more: Any) -> LeadTables:
    pa_csv.write_csv(pa.Table.from_pylist(rows), folder / "leads.csv")
    return read_leads(open_source(str(folder)), leads_table="leads.csv", lead_columns=columns, **more)


def _rows(count: int, **cells: str) -> list[dict[str, str | None]]:
    return [_row(id=str(number), size=str(number), **cells) for number in range(count)]


def test_good_leads_come_under_canonical_names_and_types(tmp_path: Path) -> None:
    tables = _check(tmp_path, [_row(), _row(id="2", status="talking", closed=None, amount=None, size="7")])
    assert tables.leads.to_pylist() == [
        {
            "lead_id": "1",
            "account_id": "1",
            "created_at": dt.datetime(2024, 1, 1),  # noqa: DTZ001
            "closed_at": dt.datetime(2024, 2, 1),  # noqa: DTZ001
            "outcome": "won",
            "deal_value": 10.0,
            "size": 5.0,
        },
        {
            "lead_id": "2",
            "account_id": "2",
            "created_at": dt.datetime(2024, 1, 1),  # noqa: DTZ001
            "closed_at": None,
            "outcome": None,
            "deal_value": None,
            "size": 7.0,
        },
    ]
    assert (tables.attributes, tables.activities, tables.history) == (("size",), None, None)
    assert tables.summary() == "leads: 2 read, 2 kept, 0 rejected"


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"id": None}, "id", "missing lead id"),
        ({"id": "3"}, "id", "duplicate lead id"),
        ({"created": None}, "created", "missing date"),
        ({"created": "2024-02-31"}, "created", "impossible date"),
        ({"created": "1066-10-14"}, "created", "impossible date"),
        ({"created": "last week"}, "created", "not a date"),
        ({"closed": "2023-12-31"}, "closed", "closed before created"),
        ({"amount": "-5"}, "amount", "negative deal value"),
        ({"amount": "a lot"}, "amount", "not a number"),
        ({"size": "big"}, "size", "not a number"),
        ({"size": "-inf"}, "size", "infinity"),
    ],
)
def test_a_row_that_breaks_the_contract_is_set_aside_with_its_reason(
    tmp_path: Path, cells: dict[str, str | None], column: str, reason: str
) -> None:
    rows = _rows(30)
    rows.insert(20, _row(**{"id": "bad", "size": "1", **cells}))
    tables = _check(tmp_path, rows)
    (reject,) = tables.rejects.to_pylist()
    assert (reject["table"], reject["row"], reject["column"], reject["reason"]) == ("leads", 21, column, reason)
    assert reject["lead_id"] == cells.get("id", "bad")
    assert tables.leads["lead_id"].to_pylist() == [str(number) for number in range(30)]
    assert tables.summary() == f"leads: 31 read, 30 kept, 1 rejected (1 {reason})"


def test_the_first_good_row_of_a_lead_is_kept(tmp_path: Path) -> None:
    rows = [_row(amount="-1"), _row(status="Lost"), _row(status="Won")]
    tables = _check(tmp_path, rows)
    assert tables.leads["outcome"].to_pylist() == ["lost"]
    assert tables.rejects["reason"].to_pylist() == ["negative deal value", "duplicate lead id"]


def test_ragged_rows_are_rejected_and_later_rows_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("id;x\n1;a\n2\n3;b;c\n1;d\n", "utf-8")
    tables = read_leads(open_source(str(tmp_path)), leads_table="leads.csv", lead_columns=LeadColumns(id="id"))
    assert tables.rejects.select(["row", "value", "reason"]).to_pylist() == [
        {"row": 2, "value": "2", "reason": "wrong number of cells"},
        {"row": 3, "value": "3;b;c", "reason": "wrong number of cells"},
        {"row": 4, "value": "1", "reason": "duplicate lead id"},
    ]


def test_a_rejected_value_is_cut_to_eighty_characters(tmp_path: Path) -> None:
    tables = _check(tmp_path, [*_rows(30), _row(id="x", size="é" * 500)])
    assert tables.rejects["value"].to_pylist() == ["é" * 80]


CELLS = {
    "id": st.sampled_from(["1", "2", "3", "4", "5", "6", None, "NULL"]),
    "created": st.sampled_from(["2024-01-05", "2024-03-01T10:00:00Z", "2024-02-31", "soon", "31.01.2024", None]),
    "status": st.sampled_from(["won", "LOST", "open", None]),
    "closed": st.sampled_from(["2024-06-01", "2023-01-01", None]),
    "amount": st.sampled_from(["1", "-1", "inf", "x", None]),
    "size": st.sampled_from(["1", "2", "inf", "big", None]),
    "note": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
}
LEAD_ROWS = st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12)
KINDS: dict[str, Kind] = {"size": "number", "note": "category"}


@given(rows=LEAD_ROWS)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_kept_or_rejected_once(tmp_path: Path, rows: list[dict[str, str | None]]) -> None:
    try:
        tables = _check(tmp_path, [*rows, _row(id="last", note="")], kinds=KINDS)
    except SourceError as refusal:  # a lone row of blanks is no row to a CSV reader
        raise AssertionError(rows) from refusal
    counts = tables.counts["leads"]
    assert (counts.kept, counts.rejected) == (tables.leads.num_rows, tables.rejects.num_rows)
    assert counts.read == len(rows) + 1
    rejected = tables.rejects["row"].to_pylist()
    assert len(set(rejected)) == len(rejected)
    assert len(set(tables.leads["lead_id"].to_pylist())) == counts.kept


@given(rows=st.lists(st.fixed_dictionaries(CELLS), min_size=1, max_size=12), random=st.randoms())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_rows_does_not_matter_where_ids_are_unique(
    tmp_path: Path, rows: list[dict[str, str | None]], random: Any
) -> None:
    rows = [{**row, "id": f"lead {number}"} for number, row in enumerate(rows)] + [_row(id="last", note="")]
    once = _check(tmp_path, rows)
    random.shuffle(rows)
    again = _check(tmp_path, rows)

    def by_id(table: pa.Table) -> list[Any]:
        return table.sort_by("lead_id").to_pylist()

    assert by_id(once.leads) == by_id(again.leads)
    assert by_id(once.rejects.drop_columns("row")) == by_id(again.rejects.drop_columns("row"))


def test_the_same_data_give_the_same_tables_from_every_kind_of_source(tmp_path: Path) -> None:
    typed = pa.table(
        {
            "id": pa.array([1, 2, 3, 2]),
            "status": ["Won", "lost", None, "Won"],
            "size": [1.5, None, float("inf"), 2.0],
            "at": pa.array([0, None, 86_400, 5], pa.timestamp("s")),
            "country": ["DE", "de ", "DE", "FR"],
            "nothing": pa.nulls(4),
        }
    )
    columns = LeadColumns(id="id", outcome="status", won=("won",), lost=("lost",))
    pq.write_table(typed, tmp_path / "leads.parquet")
    pa_csv.write_csv(typed, tmp_path / "leads.csv")
    with closing(sqlite3.connect(tmp_path / "crm.db")) as connection:
        connection.execute("CREATE TABLE other (id)")
    with open_source(str(tmp_path / "crm.db")).transaction() as change:
        change.append("leads", typed)
    csv, parquet, sqlite = (
        read_leads(open_source(str(tmp_path / place)), leads_table=table, lead_columns=columns)
        for place, table in [("leads.csv", "leads.csv"), ("leads.parquet", "leads.parquet"), ("crm.db", "leads")]
    )
    assert csv.leads.equals(parquet.leads)
    assert csv.leads.equals(sqlite.leads)
    assert csv.leads.to_pylist()[0] == {
        "lead_id": "1",
        "account_id": "1",
        "outcome": "won",
        "size": 1.5,
        "at": dt.datetime(1970, 1, 1),  # noqa: DTZ001
        "country": "DE",
    }
    for tables in (csv, parquet, sqlite):
        assert tables.rejects["reason"].to_pylist() == ["infinity", "duplicate lead id"]
        assert tables.dropped == {"nothing": "no value in any row"}


def test_kinds_are_inferred_over_the_whole_column(tmp_path: Path) -> None:
    rows = [_row(id=str(n), size="word" if n > 900 else str(n), when="2024-05-06", only="1,5") for n in range(1000)]
    tables = _check(tmp_path, rows)
    kinds = {name: tables.leads.schema.field(name).type for name in tables.attributes}
    assert kinds == {"size": pa.string(), "when": pa.timestamp("us"), "only": pa.float64()}
    assert tables.counts["leads"].rejected == 0


def test_given_kinds_are_kept_and_nothing_else_is_read(tmp_path: Path) -> None:
    rows = [_row(id="1", code="7", other="x"), _row(id="2", code="8", size="wide", other="x")]
    tables = _check(tmp_path, rows, kinds={"code": "category", "size": "number", "absent": "time"})
    assert tables.leads["code"].to_pylist() == ["7"]
    assert tables.attributes == ("size", "code")
    assert tables.rejects["reason"].to_pylist() == ["not a number"]


def test_given_kinds_keep_a_column_without_any_value(tmp_path: Path) -> None:
    tables = _check(tmp_path, [_row(size=None)], kinds={"size": "number"})
    assert tables.leads.schema.field("size").type == pa.float64()


def test_scoring_does_without_the_outcome_but_training_does_not(tmp_path: Path) -> None:
    fresh = [{"id": "1", "created": "2024-01-01", "size": "5"}]
    assert _check(tmp_path, fresh, kinds={"size": "number"}).leads.column_names == [
        "lead_id",
        "account_id",
        "created_at",
        "size",
    ]
    with pytest.raises(SourceError, match=r"table 'leads.csv': there is no column 'status'. It has 'id', 'created'"):
        _check(tmp_path, fresh)


def test_every_other_value_can_mean_lost_but_a_missing_one_stays_open(tmp_path: Path) -> None:
    rows = [_row(id=str(n), status=value) for n, value in enumerate(["Won", "No reply", "too dear", None, ""])]
    tables = _check(tmp_path, rows, LeadColumns(id="id", outcome="status", won=("won",), lost=("*",)))
    assert tables.leads["outcome"].to_pylist() == ["won", "lost", "lost", None, None]


def test_a_mistyped_name_among_personal_columns_is_refused_so_that_none_slips_in(tmp_path: Path) -> None:
    columns = LeadColumns(id="id", personal=("Emial",))
    with pytest.raises(SourceError, match=r"there is no column 'Emial'. Did you mean 'Email'\?"):
        _check(tmp_path, [{"id": "1", "Email": "a@b"}], columns)


def test_personal_and_excluded_columns_are_not_read_and_that_is_said(tmp_path: Path) -> None:
    columns = LeadColumns(id="id", personal=("email",), exclude=("tags",), answers={"need": "tags"})
    tables = _check(tmp_path, [{"id": "1", "email": "a@b", "tags": "x", "size": "1"}], columns)
    assert tables.attributes == ("size",)
    assert tables.dropped == {"email": "personal data", "tags": "excluded by the user"}
    assert tables.answers == {}


def test_sensitive_columns_are_read_beside_the_leads_and_change_nothing_of_them(tmp_path: Path) -> None:
    rows = [
        _row(id=str(n), gender=["f", "M ", None, "m"][n % 4], age=["34", "old", "51", ""][n % 4]) for n in range(40)
    ]
    rows = [row | {"age": "40"} if n > 3 else row for n, row in enumerate(rows)]
    with_them = _check(tmp_path, rows, replace(LEADS, sensitive=("gender", "age")))
    without = _check(tmp_path, [{k: v for k, v in row.items() if k not in ("gender", "age")} for row in rows])
    assert with_them.leads.equals(without.leads)
    assert with_them.attributes == without.attributes == ("size",)
    assert with_them.rejects.num_rows == 0
    assert all(why.startswith("sensitive") for why in with_them.dropped.values())
    assert {*with_them.dropped} == {"gender", "age"}
    gender, age = with_them.sensitive["gender"], with_them.sensitive["age"]
    assert gender["lead_id"].to_pylist() == with_them.leads["lead_id"].to_pylist()
    assert gender["value"].to_pylist()[:4] == ["f", "M", None, "M"]
    assert age["value"].to_pylist()[:5] == [34.0, None, 51.0, None, 40.0]


def test_sensitive_columns_are_not_read_to_score_and_need_not_be_there(tmp_path: Path) -> None:
    tables = _check(tmp_path, [_row()], replace(LEADS, sensitive=("gender",)), kinds={"size": "number"})
    assert tables.sensitive == {}
    with pytest.raises(SourceError, match="there is no column 'gender'"):
        _check(tmp_path, [_row()], replace(LEADS, sensitive=("gender",)))


def test_the_history_of_a_sensitive_column_is_no_feature(tmp_path: Path) -> None:
    pa_csv.write_csv(
        pa.Table.from_pylist([{"lead": "1", "field": "gender", "value": "f", "at": "2024-01-02"}]),
        tmp_path / "changes.csv",
    )
    tables = _check(
        tmp_path,
        [_row(gender="f")],
        replace(LEADS, sensitive=("gender",)),
        history_table="changes.csv",
        history_columns=HISTORY,
    )
    made = snapshots_at(tables, dt.datetime(2024, 1, 15))  # noqa: DTZ001
    assert not [column.name for column in made.columns if "gender" in column.name]


def test_dates_in_two_contradictory_formats_are_refused_with_an_example_of_each(tmp_path: Path) -> None:
    rows = [_row(id="1", created="01/02/2024"), _row(id="2", created="31/12/2023"), _row(id="3", created="12/31/2023")]
    with pytest.raises(SourceError) as refusal:
        _check(tmp_path, rows)
    assert str(refusal.value) == (
        "leads, column 'created': the dates are in two contradictory formats, the day first (row 2 has '31/12/2023')"
        " and the month first (row 3 has '12/31/2023'). Write them all as YYYY-MM-DD, or exclude the column."
    )


def test_dates_that_fit_both_orders_are_read_day_first_and_that_is_said(tmp_path: Path) -> None:
    tables = _check(tmp_path, [_row(created="03/04/2023")])
    assert tables.leads["created_at"].to_pylist() == [dt.datetime(2023, 4, 3)]  # noqa: DTZ001
    assert tables.assumptions == (
        "leads, column 'created': no date tells whether day or month comes first; read with the day first."
        " Write the dates as YYYY-MM-DD to settle it",
    )


def test_without_an_id_the_row_number_is_the_lead_id_and_the_order(tmp_path: Path) -> None:
    tables = _check(tmp_path, [{"x": "a"}, {"x": "b"}], LeadColumns(rows_in_time_order=True))
    assert tables.leads.to_pylist() == [
        {"lead_id": "1", "account_id": "1", "order": 1.0, "x": "a"},
        {"lead_id": "2", "account_id": "2", "order": 2.0, "x": "b"},
    ]


@pytest.mark.parametrize(
    ("cells", "order"), [(["10", "7"], [10.0, 7.0]), (["1970-01-03", "1970-01-02 12:00"], [2.0, 1.5])]
)
def test_a_column_that_stands_for_time_is_a_number_or_days(
    tmp_path: Path, cells: list[str], order: list[float]
) -> None:
    tables = _check(tmp_path, [{"n": cell, "x": "a"} for cell in cells], LeadColumns(order_by="n"))
    assert tables.leads["order"].to_pylist() == order
    assert tables.attributes == ("x",)


def test_a_column_of_words_cannot_stand_for_time(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"column 'n': it is to give the order in time but holds neither"):
        _check(tmp_path, [{"n": "first", "x": "a"}], LeadColumns(order_by="n"))


def test_roles_that_are_features_and_names_that_collide_are_attributes_under_safe_names(tmp_path: Path) -> None:
    columns = LeadColumns(
        id="id", role="job", account="firm", deal_value="price", answers={"authority": "job", "budget": "price"}
    )
    row = {"id": "1", "job": "CEO", "firm": "ACME", "price": "5", "outcome": "?", "outcome_attribute": "!"}
    tables = _check(tmp_path, [row], columns)
    assert tables.leads.to_pylist() == [
        {
            "lead_id": "1",
            "account_id": "ACME",
            "deal_value": 5.0,
            "role": "CEO",
            "price": 5.0,
            "outcome_attribute_attribute": "?",
            "outcome_attribute": "!",
        }
    ]
    assert set(tables.attributes) == {"role", "price", "outcome_attribute_attribute", "outcome_attribute"}
    assert tables.answers == {"authority": "role", "budget": "price"}


def test_what_a_lead_cost_is_no_attribute_and_where_it_came_from_stays_one(tmp_path: Path) -> None:
    columns = LeadColumns(id="id", cost="Spend", source="Lead Source")
    rows = [{"id": "1", "Spend": "12.5", "Lead Source": "Fair", "size": "5"}, {"id": "2", "Spend": "-1"}]
    tables = _check(tmp_path, rows, columns)
    assert tables.leads.to_pylist() == [
        {"lead_id": "1", "account_id": "1", "lead_cost": 12.5, "Lead Source": "Fair", "size": 5.0}
    ]
    assert tables.attributes == ("Lead Source", "size")
    assert tables.source == "Lead Source"
    assert tables.rejects["reason"].to_pylist() == ["negative lead cost"]


def test_a_source_that_is_not_there_is_named_unless_leads_are_only_scored(tmp_path: Path) -> None:
    columns = LeadColumns(id="id", source="Sauce")
    with pytest.raises(SourceError, match=r"there is no column 'Sauce'"):
        _check(tmp_path, [{"id": "1", "size": "5"}], columns)
    assert _check(tmp_path, [{"id": "1", "size": "5"}], columns, kinds={"size": "number"}).source is None


def test_a_long_category_with_quotes_and_newlines_and_hostile_names_survive(tmp_path: Path) -> None:
    long = ('"quoted", 日本 🚀\n' * 20)[:200] + "."
    names = ["select", "a:b,c[d]", "x'); DROP TABLE leads;--", "two\nlines"]
    tables = _check(tmp_path, [{"id": "1", **dict.fromkeys(names, long)}], LeadColumns(id="id"))
    assert tables.leads.select(names).to_pylist() == [dict.fromkeys(names, long)]


def test_what_has_not_happened_yet_is_set_aside_but_not_the_close_date_sales_hope_for(tmp_path: Path) -> None:
    rows = [
        _row(id="1"),
        _row(id="2", created="2024-07-03", status="talking", closed=None),
        _row(id="3", closed="2042-02-01"),
        _row(id="4", closed="2042-02-01", status="talking"),
    ]
    at = ["2024-06-30", "2024-07-03"]
    pa_csv.write_csv(
        pa.table({"lead": ["1", "1"], "at": at, "what": ["visit"] * 2, "n": [1, 1]}), tmp_path / "acts.csv"
    )
    changes = pa.table({"lead": ["1", "1"], "at": at, "field": ["size"] * 2, "value": ["6", "7"]})
    pa_csv.write_csv(changes, tmp_path / "hist.csv")
    events: dict[str, Any] = {
        "activities_table": "acts.csv",
        "activity_columns": ACTIVITIES,
        "history_table": "hist.csv",
        "history_columns": HISTORY,
    }
    tables = _check(tmp_path, rows, now=dt.datetime(2024, 7, 1), **events)  # noqa: DTZ001
    assert tables.leads["lead_id"].to_pylist() == ["1", "4"]
    assert [(reject["table"], reject["row"], reject["column"]) for reject in tables.rejects.to_pylist()] == [
        ("leads", 2, "created"),
        ("leads", 3, "closed"),
        ("activities", 2, "at"),
        ("history", 2, "at"),
    ]
    assert set(tables.rejects["reason"].to_pylist()) == {"in the future"}
    assert _check(tmp_path, rows, now=dt.datetime(2024, 7, 2), **events).rejects.num_rows == 1  # noqa: DTZ001 (local time)
    assert not _check(tmp_path, rows, **events).rejects.num_rows


def test_half_precision_numbers_are_read(tmp_path: Path) -> None:
    halves = pa.array([1.5, 2.0], pa.float16())
    pq.write_table(pa.table({"id": ["1", "2"], "x": halves}), tmp_path / "leads.parquet")
    source = open_source(str(tmp_path))
    tables = read_leads(source, leads_table="leads.parquet", lead_columns=LeadColumns(id="id"))
    assert tables.leads["x"].to_pylist() == [1.5, 2.0]


def test_columns_of_lists_are_dropped_and_that_is_said(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": [1], "tags": [["a"]], "x": [1]}), tmp_path / "leads.parquet")
    source = open_source(str(tmp_path))
    tables = read_leads(source, leads_table="leads.parquet", lead_columns=LeadColumns(id="id"))
    assert tables.attributes == ("x",)
    assert tables.dropped == {"tags": "holds list<element: string>, not single values"}
    with pytest.raises(SourceError, match=r"column 'tags': it holds list<.*>, not single values. Choose another"):
        read_leads(source, leads_table="leads.parquet", lead_columns=LeadColumns(id="tags"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,x\n", "there are no leads in it"),
        ("id,x\n,1\nNULL,2\n", r"no lead is left \(leads: 2 read, 0 kept, 2 rejected \(2 missing lead id\)\)"),
    ],
)
def test_a_table_without_a_lead_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "leads.csv").write_text(content, "utf-8")
    with pytest.raises(SourceError, match=message):
        read_leads(open_source(str(tmp_path)), leads_table="leads.csv", lead_columns=LeadColumns(id="id"))


def test_an_empty_database_table_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as connection:
        connection.execute("CREATE TABLE leads (id)")
    with pytest.raises(SourceError, match="there are no leads in it"):
        read_leads(open_source(str(tmp_path / "crm.db")), leads_table="leads", lead_columns=LeadColumns(id="id"))


def test_activities_are_checked_against_the_leads_that_were_kept(tmp_path: Path) -> None:
    rows = [
        {"lead": "1", "at": "2024-01-05T10:00:00+01:00", "what": "Demo", "n": "2"},
        {"lead": " 2 ", "at": "2024-01-06", "what": "demo", "n": None},
        {"lead": "1", "at": "2024-01-07", "what": "Demo", "n": "1"},
        {"lead": "9", "at": "2024-01-05", "what": "Demo", "n": "1"},
        {"lead": None, "at": "2024-01-05", "what": "Demo", "n": "1"},
        {"lead": "1", "at": "2024-02-30", "what": "Demo", "n": "1"},
        {"lead": "1", "at": None, "what": "Demo", "n": "1"},
        {"lead": "1", "at": "2024-01-05", "what": None, "n": "1"},
        {"lead": "1", "at": "2024-01-05", "what": "Demo", "n": "often"},
    ]
    pa_csv.write_csv(pa.Table.from_pylist(rows), tmp_path / "acts.csv")
    tables = _check(
        tmp_path,
        [_row(id="1"), _row(id="2"), _row(id="9", amount="-1")],
        activities_table="acts.csv",
        activity_columns=ACTIVITIES,
    )
    assert tables.activities is not None
    assert [tuple(row.values()) for row in tables.activities.to_pylist()] == [
        ("1", dt.datetime(2024, 1, 5, 9), "Demo", 2.0),  # noqa: DTZ001
        ("2", dt.datetime(2024, 1, 6), "Demo", 1.0),  # noqa: DTZ001
        ("1", dt.datetime(2024, 1, 7), "Demo", 1.0),  # noqa: DTZ001
    ]
    reasons = dict(zip(tables.rejects["row"].to_pylist()[1:], tables.rejects["reason"].to_pylist()[1:], strict=True))
    assert reasons == {
        4: "unknown lead",
        5: "missing lead id",
        6: "impossible date",
        7: "missing date",
        8: "missing type",
        9: "not a number",
    }
    assert tables.counts["activities"].read == 9


def test_field_history_speaks_of_attributes_and_gives_their_values_in_one_style(tmp_path: Path) -> None:
    changes = [
        ("job", "CEO"),
        ("size", "5,5"),
        ("seen", "31.12.2023"),
        ("size", None),
        ("size", "huge"),
        ("other", "5,5"),
        (None, "x"),
    ]
    rows = [{"lead": "1", "field": field, "value": value, "at": "2024-01-05"} for field, value in changes]
    pa_csv.write_csv(pa.Table.from_pylist(rows), tmp_path / "history.csv")
    tables = _check(
        tmp_path,
        [{"id": "1", "job": "CTO", "size": "1", "seen": "2024-01-01"}],
        LeadColumns(id="id", role="job"),
        history_table="history.csv",
        history_columns=HISTORY,
    )
    assert tables.history is not None
    assert list(zip(tables.history["field"].to_pylist(), tables.history["value"].to_pylist(), strict=True)) == [
        ("role", "CEO"),
        ("size", "5.5"),
        ("seen", "2023-12-31 00:00:00.000000"),
        ("size", None),
        ("other", "5,5"),
    ]
    assert tables.rejects["reason"].to_pylist() == ["not a number", "missing field"]


def test_a_column_may_be_dated_by_another_vouched_for_or_known_only_after_closing(tmp_path: Path) -> None:
    columns = replace(LEADS, known_at={"size": "tagged", "note": "created", "mood": "closed"}, exclude=("tagged",))
    row = _row(tagged="2024-01-09", note="a", mood="good")
    tables = _check(tmp_path, [row, {**row, "id": "2", "tagged": None}], columns)
    assert tables.known_at == {"size": "known at tagged", "note": None}
    assert tables.leads["known at tagged"].to_pylist() == [dt.datetime(2024, 1, 9), None]  # noqa: DTZ001
    assert tables.attributes == ("size", "note")
    assert tables.dropped == {"tagged": "excluded by the user", "mood": "known only after closing, says known_at"}


def test_a_row_whose_date_of_knowing_is_no_date_is_rejected(tmp_path: Path) -> None:
    columns = replace(LEADS, known_at={"size": "tagged"})
    tables = _check(tmp_path, [*_rows(30, tagged="2024-01-09"), _row(id="x", tagged="soon")], columns)
    assert tables.rejects.to_pylist() == [
        {"table": "leads", "row": 31, "lead_id": "x", "column": "tagged", "value": "soon", "reason": "not a date"}
    ]


def test_scoring_reads_the_dates_of_the_attributes_it_needs_and_no_others(tmp_path: Path) -> None:
    columns = replace(LEADS, known_at={"size": "tagged", "note": "rated"})
    tables = _check(tmp_path, [_row(tagged="2024-01-09", note="a")], columns, kinds={"size": "number"})
    assert tables.known_at == {"size": "known at tagged"}
    with pytest.raises(SourceError, match="there is no column 'rated'"):
        _check(tmp_path, [_row(tagged="2024-01-09", note="a")], columns, kinds=KINDS)


def test_the_dates_of_knowing_take_no_name_that_is_taken(tmp_path: Path) -> None:
    columns = replace(LEADS, known_at={"size": "tagged"})
    tables = _check(tmp_path, [_row(**{"tagged": "2024-01-09", "known at tagged": "x"})], columns)
    assert tables.known_at == {"size": "known at tagged_"}
    assert tables.leads["known at tagged"].to_pylist() == ["x"]


def test_without_rows_it_is_not_the_order_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("id,number,status\n")
    columns = LeadColumns(id="id", outcome="status", order_by="number", won=("won",), lost=("lost",))
    with pytest.raises(SourceError, match="there are no leads in it"):
        read_leads(open_source(str(tmp_path)), leads_table="leads.csv", lead_columns=columns)


def test_the_history_of_what_is_never_learnt_from_keeps_its_role(tmp_path: Path) -> None:
    changes = [
        {"lead": "1", "field": field, "value": "5", "at": "2024-01-02"} for field in ("status", "amount", "size")
    ]
    pa_csv.write_csv(pa.Table.from_pylist(changes), tmp_path / "changes.csv")
    tables = _check(tmp_path, [_row()], history_table="changes.csv", history_columns=HISTORY)
    assert tables.history is not None
    assert tables.history["field"].to_pylist() == ["outcome", "deal_value", "size"]
    plan = snapshots_at(tables, dt.datetime(2024, 1, 15), open_only=False).plan  # noqa: DTZ001
    assert [attribute.name for attribute in plan.attributes] == ["size"]


def test_an_owner_and_a_team_are_folded_to_one_spelling_and_never_attributes(tmp_path: Path) -> None:
    columns = dataclasses.replace(LEADS, owner="rep", team="squad")
    rows = [_row(id=str(n), rep=rep, squad=squad) for n, (rep, squad) in enumerate([("Ann", "North"), ("ANN", None)])]
    tables = _check(
        tmp_path, [*rows, _row(id="9", rep="Ann", squad="north"), _row(id="8", rep=None, squad="North")], columns
    )
    assert tables.leads["owner"].to_pylist() == ["Ann", "Ann", "Ann", None]
    assert tables.leads["team"].to_pylist() == ["North", None, "North", "North"]
    assert tables.attributes == ("size",)
