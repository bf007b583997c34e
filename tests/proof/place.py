"""A small company in a SQLite or PostgreSQL database that was scored once and moved on, and can be put back to that."""

from __future__ import annotations

import shutil
import sqlite3
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.config import load_settings
from leadml.features import snapshots_at
from leadml.operations.champion import publish
from leadml.operations.project import Project
from leadml.operations.scoring.run import run_scoring
from leadml.predict import Scorer
from leadml.predict.encoding import Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables
from leadml.sources import open_source

START = datetime(2024, 1, 1)  # noqa: DTZ001 - leadml's times are naive UTC
LEADS, LEADS_PER_PART = 120, 32
TERMS = {"size": ((100.0,), (0.0, -1.0, 1.0)), "any activity 90d": ((1.0, 3.0), (0.0, -0.5, 0.5, 1.5))}
CONFIG = """
[source]
url = "{url}"
[leads]
table = "leads"
id = "id"
created_at = "created"
closed_at = "closed"
outcome = "status"
won = ["won"]
lost = ["lost"]
account = "firm"
[activities]
table = "acts"
lead = "lead"
occurred_at = "at"
type = "kind"
"""
KEYS = {"lead_scores": "lead_id", "account_scores": "account_id", "lead_lifecycle": "lead_id"}
GROWING = ("lead_transitions", "lead_score_history")
TABLES = (*KEYS, *GROWING, "scoring_runs")
WALL_CLOCK = {"run_id", "started_at", "finished_at", "seen"}
Rows = list[dict[str, Any]]
Everything = dict[str, Rows]


def day(number: float) -> datetime:
    return START + timedelta(days=float(number))


def company(*, later: bool) -> dict[str, pa.Table]:
    """The tables of a company; `later` leads have come, gone, been won and done more."""
    rng = np.random.default_rng(5)
    leads, acts = [], []
    for number in range(LEADS):
        lead, firm = f"L{number:04d}", f"F{number // 2:04d}"
        created, closes, size = rng.integers(0, 100), rng.integers(60, 200), rng.choice([20.0, 500.0])
        over = closes < (130 if later else 110)
        if later != (number % 20 == 0) or number % 40 == 0:  # some are only there before, some only later
            status = ("won" if number % 3 else "lost") if over else "open"
            closed = day(closes) if over else None
            leads.append(
                {"id": lead, "created": day(created), "closed": closed, "status": status, "firm": firm, "size": size}
            )
        times = created + rng.random(3) * 60
        acts += [{"lead": lead, "at": day(at), "kind": "page"} for at in times if at < (130 if later else 110)]
    return {"leads": pa.Table.from_pylist(leads), "acts": pa.Table.from_pylist(acts)}


def crown(project: Project) -> None:
    """Publish a champion made by hand, so that nothing is trained."""
    made = snapshots_at(project.read(), day(110))
    contracts = {column.name: column for column in made.columns}
    features, main = [], []
    for name, (edges, adds) in TERMS.items():
        column = contracts[name]
        features.append(Feature(name, name, "number", column.group, column.label, np.array(edges)))
        main.append(np.array(adds))
    scorer = Scorer(
        columns=made.columns,
        features=tuple(features),
        tables=ScoreTables(-1.0, tuple(main)),
        policy=Policy((0.6, 0.4, 0.2), mql=0.3, sql=0.6),
        facts={"plan": made.plan.to_dict()},
    )
    publish(scorer, project.models, name="kills", now=START)


class Place(ABC):
    """A lead database with its project."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.config = folder / "leadml.toml"
        self.errors = folder / "errors.txt"
        self.config.write_text(CONFIG.format(url=url), encoding="utf-8")

    def prepare(self) -> None:
        """Score a company, let it move on, and remember that."""
        self._put(company(later=False))
        project = Project(load_settings(self.config))
        crown(project)
        run_scoring(project, progress=lambda _: None)
        self._put(company(later=True))
        self._keep()

    def _put(self, tables: dict[str, pa.Table]) -> None:
        self.execute([f"DROP TABLE IF EXISTS {table}" for table in tables])
        with open_source(self.url).transaction() as changes:
            for table, rows in tables.items():
                changes.append(table, rows)

    @abstractmethod
    def execute(self, statements: Sequence[str]) -> None:
        """Run statements, and commit."""

    @abstractmethod
    def _keep(self) -> None: ...

    @abstractmethod
    def _restore(self) -> None: ...

    @abstractmethod
    def _read(self, tables: Sequence[str]) -> dict[str, pa.Table]:
        """Those of the tables that there are."""

    @abstractmethod
    def settle(self) -> None:
        """Wait until what a killed process has begun in the database is over."""

    def restore(self) -> None:
        """Put everything back to how it was remembered."""
        self.settle()
        shutil.rmtree(self.folder / ".leadml", ignore_errors=True)
        self._restore()

    def everything(self) -> Everything:
        """The rows of all tables of scores and runs, without what no two runs share."""
        held = self._read(TABLES)
        return {table: _rows(held[table]) if table in held else [] for table in TABLES}


def _rows(table: pa.Table) -> Rows:
    return table.select([name for name in table.column_names if name not in WALL_CLOCK]).to_pylist()


class SqlitePlace(Place):
    """In a file, put back by copying it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "crm.sqlite"
        super().__init__(folder, f"sqlite:///{self.path}")
        self.execute(["CREATE TABLE other (x)"])

    def execute(self, statements: Sequence[str]) -> None:
        with closing(sqlite3.connect(self.path)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    def _keep(self) -> None:
        shutil.copy(self.path, self.folder / "kept.sqlite")

    def _restore(self) -> None:
        self.path.with_name("crm.sqlite-journal").unlink(missing_ok=True)
        shutil.copy(self.folder / "kept.sqlite", self.path)

    def _read(self, tables: Sequence[str]) -> dict[str, pa.Table]:
        source = open_source(self.url)  # as leadml reads it, right after a kill
        held = set(source.tables())
        batches = {table: list(source.stream(table)) for table in tables if table in held}
        return {table: pa.Table.from_batches(found) for table, found in batches.items() if found}

    def settle(self) -> None:
        """What a process does to a file ends with it."""


class PostgresPlace(Place):
    """In a schema, put back from another one."""

    def execute(self, statements: Sequence[str]) -> None:
        self._asked(statements)

    def _asked(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        """Run statements in one transaction; give what the last one found."""
        with self.connected() as cursor:
            for statement in statements:
                cursor.execute(statement)
            found = list(cursor.fetchall()) if statements[-1].startswith("SELECT") else []
            cursor.connection.commit()
        return found

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Give a cursor on a connection whose changes are undone unless they are committed."""
        import adbc_driver_postgresql.dbapi as postgres

        with postgres.connect(self.url) as connection, connection.cursor() as cursor:
            yield cursor

    def _own(self) -> list[str]:
        return [
            name for (name,) in self._asked(["SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"])
        ]

    def _keep(self) -> None:
        made = [f"CREATE TABLE kept.{table} AS SELECT * FROM {table}" for table in self._own()]
        self.execute(["DROP SCHEMA IF EXISTS kept CASCADE", "CREATE SCHEMA kept", *made])

    def _restore(self) -> None:
        tables = self._own()
        filled = [f"INSERT INTO {table} SELECT * FROM kept.{table}" for table in tables]
        self.execute([f"TRUNCATE {', '.join(tables)}", *filled])

    def _read(self, tables: Sequence[str]) -> dict[str, pa.Table]:
        held = self._own()
        with self.connected() as cursor:
            found = {}
            for table in set(tables).intersection(held):
                cursor.execute(f"SELECT * FROM {table}")
                found[table] = cursor.fetch_arrow_table()
            return found

    def settle(self) -> None:
        others = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'leadml process%'"
        until = time.monotonic() + 30
        while self._asked([others])[0][0]:
            assert time.monotonic() < until, "the server has kept on with what a killed process began"
            time.sleep(0.02)


def counted(rows: Rows) -> Counter[str]:
    """Rows in no order."""
    return Counter(map(repr, rows))
