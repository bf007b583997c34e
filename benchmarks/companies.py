"""Companies of any number of leads in a lead database, made in constant memory, and a scorer trained on a small one."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.made_up import ANSWERS, make_rows, won
from leadml.config import load_settings
from leadml.operations.project import Project
from leadml.operations.train import run_training
from leadml.sources import open_source

NOW = datetime(2026, 1, 15, tzinfo=UTC).replace(tzinfo=None)
_DAY = 86_400_000_000
_TYPES = ("email_open", "email_click", "page_view", "webinar", "call", "demo_request")
_CHUNK = 100_000
_SETTINGS = """\
[project]
name = "batch"
[source]
url = "{url}"
[leads]
table = "{leads}"
id = "lead_id"
created_at = "created_at"
outcome = "outcome"
won = ["won"]
lost = ["lost"]
closed_at = "closed_at"
changed_at = "updated_at"
answers = {{ {answers} }}
{activities}
[rules]
preset = "bant"
[model]
kind = "{kind}"
time_limit_seconds = {seconds}
calibration_limit = "none"
[output]
models = "{models}"
"""
_ACTIVITIES = """[activities]
table = "{table}"
lead = "lead_id"
occurred_at = "occurred_at"
recorded_at = "recorded_at"
type = "type"
intent_types = ["demo_request"]
"""


@dataclass(frozen=True)
class Company:
    """Leads in a database, and the settings that name it; `activities` are per lead."""

    url: str
    config: Path
    leads: int
    activities: int
    ending: str = ""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that leads come with."""
        return tuple(f"{name}{self.ending}" for name in ("leads", "activities")[: 1 + bool(self.activities)])

    @property
    def project(self) -> Project:
        """The project of the company."""
        return Project(load_settings(self.config))


def make_company(
    folder: Path, url: str, leads: int, activities: int, *, trains: float | None = None, kind: str = "glassbox"
) -> Company:
    """Write a company's tables and its settings.

    Args:
        folder: where settings and models go.
        url: an empty place; a SQLite database is made there.
        leads: how many leads it has.
        activities: how many activities each lead has, none: no table of activities.
        trains: None for leads that are all open and came in lately; else they are those of two years, most of them won
            or lost by now, to train on for so many seconds.
        kind: what is trained.
    """
    ending = "" if "://" in url else ".parquet"
    if ending:
        Path(url).mkdir()
    else:
        sql(url, "CREATE TABLE placeholder (id TEXT)")  # as an empty SQLite database is refused
    config = folder / f"company_{leads}_{'train' if trains else 'score'}.toml"
    table = _ACTIVITIES.format(table=f"activities{ending}") if activities else ""
    answers = ", ".join(f'{name} = "{name}"' for name in ANSWERS)
    made = _SETTINGS.format(
        url=url,
        leads=f"leads{ending}",
        answers=answers,
        activities=table,
        seconds=trains or 60,
        kind=kind,
        models=folder / "models",
    )
    config.write_text(made, encoding="utf-8")
    source = open_source(url)
    with source.transaction() as changes:
        for first, rows in _chunks(leads, years=trains is not None):
            changes.upsert(f"leads{ending}", rows, key=["lead_id"])
            if activities:
                changes.append(f"activities{ending}", _activities(rows, first, activities))
    if not ending:
        sql(url, "DROP TABLE placeholder")
    if activities and not ending:
        for table, column in (("activities", "lead_id"), ("activities", "recorded_at"), ("leads", "updated_at")):
            sql(url, f"CREATE INDEX {table}_{column} ON {table} ({column})")
        sql(url, "ANALYZE")  # as a server does by itself within minutes
    return Company(url, config, leads, activities, ending)


def train_on(folder: Path, leads: int, activities: int, seconds: float, kind: str = "glassbox") -> None:
    """Train a champion into the folder's models, on a small company of the same kind."""
    company = make_company(folder, f"sqlite:///{folder / 'train.db'}", leads, activities, trains=seconds, kind=kind)
    run_training(company.project, now=datetime.now(UTC), progress=lambda _: None)


def sql(url: str, *statements: str) -> None:
    """Run statements on a database, past leadml."""
    if url.startswith("sqlite:///"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)
        return
    import adbc_driver_postgresql.dbapi as postgres

    with postgres.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def add_activities(company: Company, share: float) -> int:
    """Let a share of the leads do something more; how many."""
    ids = [_id(number) for number in range(0, company.leads, round(1 / share))]
    moments, recorded = (
        pa.array(np.full(len(ids), np.datetime64(at, "us"))) for at in (NOW, datetime.now(UTC).replace(tzinfo=None))
    )
    rows = pa.table({"lead_id": ids, "occurred_at": moments, "recorded_at": recorded, "type": ["call"] * len(ids)})
    with company.project.source.transaction() as changes:
        changes.append(f"activities{company.ending}", rows)
    return len(ids)


def forget_results(company: Company) -> None:
    """Take away every table that scoring made, so that the next run finds what the first one found."""
    made = [table for table in company.project.source.tables() if table not in company.tables]
    if company.ending:
        for table in made:
            (Path(company.url) / table).unlink()
    else:
        sql(company.url, *(f'DROP TABLE "{table}"' for table in made))


def _chunks(leads: int, *, years: bool) -> Iterator[tuple[int, pa.Table]]:
    for first in range(0, leads, _CHUNK):
        rng = np.random.default_rng([leads, first])
        count = min(_CHUNK, leads - first)
        rows = make_rows(rng, count)
        yield first, _with_dates(rng, rows, first, days=730 if years else 120, closed=years)


def _with_dates(rng: np.random.Generator, rows: pa.Table, first: int, *, days: int, closed: bool) -> pa.Table:
    count, now = rows.num_rows, np.datetime64(NOW, "us").astype(np.int64)
    age = (rng.random(count) * days * _DAY).astype(np.int64)
    closes = now - age + (rng.exponential(30 * _DAY, count)).astype(np.int64)
    ended = pa.array(closes < now) if closed else pa.array(np.zeros(count, np.bool_))
    outcome = pc.if_else(ended, pc.if_else(pa.array(won(rng, rows)), "won", "lost"), pa.scalar(None, pa.string()))
    closed_at = pc.if_else(ended, pa.array(closes).cast(pa.timestamp("us")), pa.scalar(None, pa.timestamp("us")))
    ids = pa.array([_id(number) for number in range(first, first + count)])
    created = pa.array(now - age).cast(pa.timestamp("us"))
    dates = {"lead_id": ids, "created_at": created, "updated_at": created, "outcome": outcome, "closed_at": closed_at}
    return pa.table(dates | dict(zip(rows.column_names, rows.columns, strict=True)))


def _activities(leads: pa.Table, first: int, each: int) -> pa.Table:
    """So many activities of each lead, since it came in, in no order."""
    rng = np.random.default_rng([first, each])
    count = leads.num_rows * each
    whose = rng.permutation(np.repeat(np.arange(leads.num_rows), each))
    created = leads["created_at"].to_numpy().astype(np.int64)[whose]
    now = np.datetime64(NOW, "us").astype(np.int64)
    moments = created + (rng.random(count) * (now - created)).astype(np.int64)
    types = pa.array(_TYPES).take(pa.array(rng.integers(0, len(_TYPES), count)))
    return pa.table(
        {
            "lead_id": leads["lead_id"].combine_chunks().take(pa.array(whose)),
            "occurred_at": pa.array(moments).cast(pa.timestamp("us")),
            "recorded_at": pa.array(moments).cast(pa.timestamp("us")),
            "type": types,
        }
    )


def _id(number: int) -> str:
    return f"L{number:08d}"
