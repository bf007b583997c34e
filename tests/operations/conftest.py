"""A made-up sales floor in SQLite with a champion made by hand: what scoring leads to, without any training."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadml.config import parse_settings
from leadml.features import snapshots_at
from leadml.operations.champion import publish
from leadml.operations.project import Project
from leadml.predict import Scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables

START = datetime(2023, 1, 2)  # noqa: DTZ001
DAYS = 540
TOML = """
[source]
url = "sqlite:///floor.sqlite"
[leads]
table = "leads"
id = "id"
created_at = "created"
closed_at = "closed"
outcome = "status"
won = ["won"]
lost = ["lost"]
account = "firm"
owner = "owner"
role = "role"
deal_value = "amount"
personal = ["mail"]
[leads.answers]
budget = "budget"
[activities]
table = "acts"
lead = "lead"
occurred_at = "at"
type = "kind"
intent_types = ["demo"]
[history]
table = "changes"
lead = "lead"
field = "field"
value = "value"
changed_at = "at"
"""
# Edges of each feature, and what its codes (missing, below, above) add to the log-odds.
TERMS: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "size": ((100.0,), (0.0, -1.0, 1.0)),
    "any activity 90d": ((1.0,), (0.0, -0.5, 0.5)),
    "demo 90d": ((1.0,), (0.0, -0.2, 1.5)),
}


def iso(day: float) -> str:
    return (START + timedelta(days=day)).isoformat(timespec="seconds")


def floor_rows(count: int = 150, seed: int = 0) -> dict[str, list[tuple[Any, ...]]]:
    """Leads over a year and a half; a webinar within a month of coming in makes a win far more likely."""
    rng = np.random.default_rng(seed)
    leads: list[tuple[Any, ...]] = []
    acts: list[tuple[Any, ...]] = []
    changes: list[tuple[Any, ...]] = []
    for n in range(count):
        created = float(rng.integers(0, DAYS - 10))
        webinar = rng.random() < 0.3
        ends = created + float(rng.integers(50, 120))
        won = rng.random() < (0.6 if webinar else 0.1)
        over = ends < DAYS
        status = ("won" if won else "lost") if over else "open"
        role = [None, "CTO", "CFO", "Buyer"][rng.integers(0, 4)]
        answer = str(rng.choice(["none", "approved"]))
        amount, size = float(rng.integers(1, 9)) * 1000, float(rng.choice([20, 500]))
        lead, firm, closed = f"L{n:04d}", f"F{n // 2:04d}", iso(ends) if over else None
        leads.append(
            (lead, iso(created), closed, status, firm, f"rep {n % 3}", role, amount, size, answer, f"{lead}@x.example")
        )
        kinds = ["page"] * int(rng.poisson(2)) + ["webinar"] * webinar + ["demo"] * (rng.random() < 0.2)
        acts += [(lead, iso(min(created + float(rng.random()) * 45, DAYS)), kind) for kind in kinds]
        changes.append((lead, "budget", answer, iso(min(created + 5, DAYS))))
    return {"leads": leads, "acts": acts, "changes": changes}


COLUMNS = {
    "leads": "id, created, closed, status, firm, owner, role, amount, size, budget, mail",
    "acts": "lead, at, kind",
    "changes": "lead, field, value, at",
}


def write_floor(folder: Path, rows: dict[str, list[tuple[Any, ...]]], toml: str = "") -> Project:
    """Write a floor's database and give its project."""
    (folder / "floor.sqlite").unlink(missing_ok=True)
    with sqlite3.connect(folder / "floor.sqlite") as database:
        for name, columns in COLUMNS.items():
            database.execute(f"create table {name} ({columns})")
            database.executemany(f"insert into {name} values ({', '.join('?' * len(columns.split(', ')))})", rows[name])
    (folder / "leadml.toml").write_text(TOML + toml)
    return Project(parse_settings(TOML + toml, path=folder / "leadml.toml"))


def crown(project: Project) -> None:
    """Publish a champion whose three terms can be added up by hand."""
    tables = project.read()
    labels = project.choices().activity_labels
    made = snapshots_at(tables, START + timedelta(days=DAYS), intent_types=["demo"], activity_labels=labels)
    contracts = {column.name: column for column in made.columns}
    features, main = [], []
    for name, (edges, adds) in TERMS.items():
        column: Column = contracts[name]
        said = {"label": column.label, "phrase": column.phrase}
        features.append(Feature(name, name, "number", column.group, edges=np.array(edges), **said))
        main.append(np.array(adds))
    scorer = Scorer(
        columns=made.columns,
        features=tuple(features),
        tables=ScoreTables(-1.5, tuple(main)),
        policy=Policy((0.6, 0.4, 0.2), mql=0.3, sql=0.6, sql_needs_intent=True),
        facts={"plan": made.plan.to_dict()},
    )
    publish(scorer, project.models, name="floor", now=START)


@pytest.fixture(scope="session")
def floor() -> Callable[..., dict[str, list[tuple[Any, ...]]]]:
    return floor_rows


@pytest.fixture
def open_floor(tmp_path: Path) -> Callable[..., Project]:
    """Give the project of a floor's rows, with its champion."""

    def opened(rows: dict[str, list[tuple[Any, ...]]] | None = None, toml: str = "") -> Project:
        project = write_floor(tmp_path, rows or floor_rows(), toml)
        crown(project)
        return project

    return opened
