"""A group as a worker gets it, without Spark."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from leadml.errors import ColumnsError, LeadmlError, SourceError
from leadml.features import FeaturePlan
from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.operations.spark.groups import ACTIVITIES, HISTORY, LEADS, GroupWork
from leadml.operations.spark.keys import SPACES

AS_OF = datetime(2024, 3, 1)  # noqa: DTZ001


@pytest.fixture
def project(open_floor: Callable[..., Project]) -> Project:
    return open_floor()


def work_of(project: Project) -> GroupWork:
    return GroupWork(
        plan=FeaturePlan.from_dict(load_champion(project.models).facts["plan"]),
        lead_columns=project.settings.lead_columns(),
        activity_columns=project.settings.activity_columns(),
        history_columns=project.settings.history_columns(),
        as_of=AS_OF,
        open_only=True,
        now=AS_OF,
    )


def structs(table: pa.Table) -> pa.Array:
    return pa.array(table.to_pylist(), pa.struct(list(table.schema)))


def group(project: Project, **changed: tuple[str, Any]) -> tuple[pa.Table, pa.Table]:
    """A company as one group; `changed` gives a table's column another value in its first row."""
    names = {LEADS: "leads", ACTIVITIES: "acts", HISTORY: "changes"}
    tables = {}
    for name, table in names.items():
        rows = pa.Table.from_batches(project.source.stream(table))
        if name in changed:
            column, value = changed[name]
            values = [value, *rows[column].to_pylist()[1:]]
            rows = rows.set_column(rows.column_names.index(column), column, pa.array(values))
        tables[name] = structs(rows)
    leads = pa.table({"number": pa.array(range(len(tables[LEADS]))), LEADS: tables[LEADS]})
    acts, changes = tables[ACTIVITIES], tables[HISTORY]
    events = {
        ACTIVITIES: pa.concat_arrays([acts, pa.nulls(len(changes), acts.type)]),
        HISTORY: pa.concat_arrays([pa.nulls(len(acts), changes.type), changes]),
    }
    return leads, pa.table(events)


def test_each_row_that_a_group_gives_is_a_lead_or_a_reject(project: Project) -> None:
    leads, events = group(project, leads=("created", "2023-02-31"), activities=("lead", "GONE"))
    given = work_of(project).features_of(leads, events)
    assert given.schema == work_of(project).schema
    known = pc.is_valid(given["features"]).to_pylist()
    assert [not lead for lead in known] == pc.is_valid(given["rejected"]).to_pylist()
    rejected = [row["reason"] for row in given["rejected"].to_pylist() if row]
    assert "impossible date" in rejected
    assert "unknown lead" in rejected


def test_a_group_without_leads_rejects_all_that_it_holds(project: Project) -> None:
    leads, events = group(project)
    given = work_of(project).features_of(leads.slice(0, 0), events)
    assert {row["reason"] for row in given["rejected"].to_pylist()} == {"unknown lead"}
    assert given["features"].null_count == events.num_rows == given.num_rows


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"leads": ("created", "31/12/2023")}, "leads, column 'created'.*'31/12/2023'.*to_timestamp"),
        ({"leads": ("created", "03/04/2023")}, "leads, column 'created'.*day or the month"),
        ({"activities": ("at", "12-31-2023")}, "activities, column 'at'.*'12-31-2023'"),
        ({"history": ("at", "31/12/2023")}, "history, column 'at'"),
    ],
)
def test_dates_that_only_the_whole_column_could_tell_are_refused(
    project: Project, changed: dict[str, tuple[str, Any]], said: str
) -> None:
    with pytest.raises(ColumnsError, match=said):
        work_of(project).features_of(*group(project, **changed))


def test_numbers_that_only_the_whole_column_could_tell_are_refused(project: Project) -> None:
    leads, events = group(project)
    rows = pa.Table.from_struct_array(leads[LEADS].combine_chunks())
    comma = pa.array(["1.234,5"] * len(rows))
    rows = rows.set_column(rows.column_names.index("size"), "size", comma)
    with pytest.raises(ColumnsError, match=r"leads, column 'size'.*commas"):
        work_of(project).features_of(leads.set_column(1, LEADS, structs(rows)), events)


def test_a_column_that_is_not_there_is_named_with_the_nearest(project: Project) -> None:
    columns = project.settings.activity_columns()
    assert columns is not None
    work = replace(work_of(project), activity_columns=replace(columns, type="knd"))
    with pytest.raises(SourceError, match=r"'activities': there is no column 'knd'\. Did you mean 'kind'"):
        work.features_of(*group(project))


def test_a_group_lacking_what_the_scorer_was_trained_with_is_refused(project: Project) -> None:
    with pytest.raises(LeadmlError, match="a table of activities"):
        replace(work_of(project), activity_columns=None).features_of(*group(project))


def test_spark_trims_what_arrow_trims() -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    trimmed = pc.utf8_trim_whitespace(pa.array(characters))
    assert {c for c, left in zip(characters, trimmed.to_pylist(), strict=True) if not left} == set(SPACES)


def test_a_worker_that_imports_what_it_is_sent_loads_neither_pandas_nor_pydantic_nor_spark() -> None:
    asked = "import sys, leadml, leadml.operations.spark\nprint(*{'pandas', 'pydantic', 'pyspark'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
