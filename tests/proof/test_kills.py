"""Scoring is killed at any moment, again and again: no lead is lost, doubled or half-written, and it goes on.

The company is small and its parts are many. Before each experiment its tables are as an earlier scoring left them, with
leads that came, went and moved since; then the same command is killed until it ends by itself. After every kill each
row of the score tables is the old one or the new one; in the end all tables are those of a run that nobody killed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from leadml.config import load_settings
from leadml.features import snapshots_at
from leadml.operations.champion import publish
from leadml.operations.project import Project
from leadml.operations.scoring.run import run_scoring
from leadml.predict import Scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables
from leadml.sources import Source, open_source

START = datetime(2024, 1, 1)  # noqa: DTZ001 - leadml's times are naive UTC
LEADS, LEADS_PER_PART = 160, 40
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
role = "role"
[activities]
table = "acts"
lead = "lead"
occurred_at = "at"
type = "kind"
"""
KEYS = {"lead_scores": ("lead_id",), "account_scores": ("account_id",), "lead_lifecycle": ("lead_id",)}
GROWING = ("lead_transitions", "lead_score_history")
WALL_CLOCK = {"run_id", "started_at", "finished_at"}


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
            role = "CTO" if number % 5 else "CFO"
            leads.append({"id": lead, "created": day(created), "closed": closed, "status": status, "firm": firm,
                          "role": role, "size": size})  # fmt: skip
        times = created + rng.random(3) * 60
        acts += [{"lead": lead, "at": day(at), "kind": "page"} for at in times if at < (130 if later else 110)]
    return {"leads": pa.Table.from_pylist(leads), "acts": pa.Table.from_pylist(acts)}


def crown(project: Project) -> None:
    """Publish a champion made by hand, so that nothing is trained."""
    made = snapshots_at(project.read(), day(110))
    contracts = {column.name: column for column in made.columns}
    features, main = [], []
    for name, (edges, adds) in TERMS.items():
        column: Column = contracts[name]
        features.append(Feature(name, name, "number", column.group, column.label, np.array(edges)))
        main.append(np.array(adds))
    publish(
        Scorer(
            columns=made.columns,
            features=tuple(features),
            tables=ScoreTables(-1.0, tuple(main)),
            policy=Policy((0.6, 0.4, 0.2), mql=0.3, sql=0.6),
            facts={"plan": made.plan.to_dict()},
        ),
        project.models,
        name="kills",
        now=START,
    )


@dataclass
class Place:
    """A lead database that can be put back to where it was."""

    folder: Path
    url: str
    kept: dict[str, pa.Table] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return open_source(self.url)

    @property
    def config(self) -> Path:
        return self.folder / "leadml.toml"

    def put(self, tables: dict[str, pa.Table]) -> None:
        """Make these the user's tables."""
        self.execute([f"DROP TABLE IF EXISTS {table}" for table in tables])
        with self.source.transaction() as changes:
            for table, rows in tables.items():
                changes.append(table, rows)

    def keep(self) -> None:
        """Remember how everything is now."""
        if self.url.startswith("sqlite"):
            shutil.copy(self.folder / "crm.sqlite", self.folder / "kept.sqlite")
        else:
            tables = self._own()
            self.execute(["DROP SCHEMA IF EXISTS kept CASCADE", "CREATE SCHEMA kept"])
            for table in tables:
                self.execute([f"CREATE TABLE kept.{table} (LIKE {table} INCLUDING ALL)",
                              f"INSERT INTO kept.{table} SELECT * FROM {table}"])  # fmt: skip

    def restore(self) -> None:
        """Put everything back to how it was."""
        if self.url.startswith("sqlite"):
            (self.folder / "crm.sqlite-journal").unlink(missing_ok=True)
            shutil.copy(self.folder / "kept.sqlite", self.folder / "crm.sqlite")
        else:
            for table in self._own():
                self.execute([f"TRUNCATE {table}", f"INSERT INTO {table} SELECT * FROM kept.{table}"])

    def _own(self) -> list[str]:
        return [table for table in self.source.tables() if "." not in table]

    def execute(self, statements: list[str]) -> None:
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.folder / "crm.sqlite")) as database:
                for statement in statements:
                    database.execute(statement)
                database.commit()
        else:
            import adbc_driver_postgresql.dbapi as postgres

            with postgres.connect(self.url, autocommit=True) as connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """The rows of a table without what no two runs share, in no order."""
        if table not in self.source.tables():
            return []
        batches = list(self.source.stream(table))
        cells = pa.Table.from_batches(batches) if batches else pa.table({})
        cells = cells.drop_columns([name for name in cells.column_names if name in WALL_CLOCK])
        return [tuple(map(repr, row.values())) for row in cells.select(sorted(cells.column_names)).to_pylist()]

    def everything(self) -> dict[str, Counter[tuple[Any, ...]]]:
        return {table: Counter(self.rows(table)) for table in (*KEYS, *GROWING)}


class Killer:
    """Makes children of one program that has imported everything."""

    def __init__(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("killing.py"))]
        self._server = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout
        self.points: list[str] = json.loads(self._server.stdout.readline())

    def run(self, place: Place, *, after: float | None = None, point: tuple[str, bool, int] | None = None) -> int:
        """Run `leadml score` and kill it after so many seconds, or at a point; give how it ended (-9: killed)."""
        assert self._server.stdin
        assert self._server.stdout
        argv = ["score", "--config", str(place.config)]
        asked = {"argv": argv, "leads_per_part": LEADS_PER_PART, "point": point}
        self._server.stdin.write(json.dumps(asked) + "\n")
        self._server.stdin.flush()
        process = int(self._server.stdout.readline())
        if after is not None:
            time.sleep(after)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return int(self._server.stdout.readline())

    def close(self) -> None:
        self._server.communicate()


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    with closing(Killer()) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A company that was scored once, and has moved on since."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "crm.sqlite")) as database:
            database.execute("CREATE TABLE other (x)")
            database.commit()
        url = f"sqlite:///{tmp_path / 'crm.sqlite'}"
    else:
        url = request.getfixturevalue("postgres_url")
    place = Place(tmp_path, url)
    place.config.write_text(CONFIG.format(url=url), encoding="utf-8")
    place.put(company(later=False))
    project = Project(load_settings(place.config))
    crown(project)
    run_scoring(project, progress=lambda _: None)
    place.put(company(later=True))
    place.keep()
    return place


@dataclass
class Outcome:
    """What many kills came to."""

    kills: int = 0
    experiments: int = 0
    between: int = 0
    faults: list[str] = field(default_factory=list)


def kill_often(place: Place, killer: Killer, kills: int, seed: int) -> Outcome:
    """Kill the same command until it ends by itself, from the same beginning again and again."""
    rng, found = np.random.default_rng(seed), Outcome()
    old = place.everything()
    started = time.monotonic()
    assert killer.run(place) == 0
    whole = time.monotonic() - started
    new, runs = place.everything(), place.rows("scoring_runs")
    assert any(old[table] != new[table] for table in KEYS)
    while found.kills < kills:
        place.restore()
        found.experiments += 1
        while (
            ended := killer.run(place, **_death(rng, whole, killer.points))
        ) == -signal.SIGKILL and found.kills < kills:
            found.kills += 1
            found.faults += list(_half_written(place, old, new, found))
        if ended:
            assert killer.run(place) == 0
        last = place.everything()
        found.faults += [f"{table} differs in the end" for table in last if last[table] != new[table]]
        if Counter(runs) - Counter(place.rows("scoring_runs")):
            found.faults.append("the run on record has other counts")
        if list(place.folder.glob(".leadml/*/*")):
            found.faults.append("a folder was left behind")
    return found


def _death(rng: np.random.Generator, whole: float, points: list[str]) -> dict[str, Any]:
    """At a random moment, or at a random call of one of the named points."""
    if rng.random() < 0.5:
        return {"after": float(rng.uniform(0, 1.05 * whole))}
    return {"point": (str(rng.choice(points)), bool(rng.random() < 0.5), int(rng.integers(0, 12)))}


def _half_written(place: Place, old: dict[str, Any], new: dict[str, Any], found: Outcome) -> Iterator[str]:
    now = place.everything()
    found.between += any(now[table] not in (old[table], new[table]) for table in KEYS)
    for table in KEYS:
        keys = [row[_key_place(place, table)] for row in now[table].elements()]
        if len(keys) != len(set(keys)):
            yield f"{table} has doubled rows after a kill"
        if now[table].keys() - old[table].keys() - new[table].keys():
            yield f"{table} has rows that are neither old nor new after a kill"
        if (old[table] & new[table]) - now[table]:
            yield f"{table} has lost rows after a kill"
    for table in GROWING:
        if old[table] - now[table] or now[table] - new[table]:
            yield f"{table} has lost or doubled rows after a kill"


def _key_place(place: Place, table: str) -> int:
    return sorted(set(place.source.columns(table)) - WALL_CLOCK).index(KEYS[table][0])


def test_a_few_kills_at_random_lose_nothing_double_nothing_and_leave_nothing_half_written(
    place: Place, killer: Killer
) -> None:
    assert kill_often(place, killer, kills=5, seed=1).faults == []


@pytest.mark.proof
def test_two_hundred_kills_lose_nothing_double_nothing_and_leave_nothing_half_written(
    place: Place, killer: Killer, record_property: Callable[[str, object], None]
) -> None:
    found = kill_often(place, killer, kills=200, seed=2)
    print(f"{found.kills} kills in {found.experiments} experiments, {found.between} of them between old and new")
    record_property("kills", found.kills)
    assert found.faults == []
    assert found.between > 20
