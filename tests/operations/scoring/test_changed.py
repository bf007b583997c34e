"""A run over the leads whose score can have changed comes to what a run over all of them does, whatever happened."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadml.config import parse_settings
from leadml.operations.project import Project
from leadml.operations.scoring.run import run_scoring
from leadml.operations.scoring.runs import newest_finished

Rng = np.random.Generator
LATER = "2100-01-01"  # when a row was written: after any run


def opened(folder: Path) -> Project:
    toml = folder / "leadml.toml"
    return Project(parse_settings(toml.read_text(), path=toml))


def change(project: Project, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        for statement, values in statements:
            database.execute(statement, values)
        database.commit()


def scores(project: Project) -> dict[str, dict[str, Any]]:
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        database.row_factory = sqlite3.Row
        return {row["lead_id"]: dict(row) for row in database.execute("select * from lead_scores")}


def events(rng: Rng, project: Project, leads: int) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """A few things that happen between two runs, timely ones and such as are entered late."""
    last = newest_finished(project)
    assert last is not None
    assert last.as_of is not None
    passed = float(rng.choice([0.01, 3.0, 40.0]))

    def at(late: bool) -> str:
        days = -rng.uniform(0, 80) if late else rng.uniform(0, passed)
        return f"{last.as_of + timedelta(days=float(days)):%Y-%m-%dT%H:%M:%S}"

    for _ in range(int(rng.integers(1, 5))):
        lead, other = (f"L{number:04d}" for number in rng.integers(0, leads, 2))
        late = bool(rng.random() < 0.4)
        match rng.integers(0, 6):
            case 0 | 1:
                yield "insert into acts values (?, ?, ?)", (lead, at(late), str(rng.choice(["demo", "page"])))
            case 2:
                yield "update leads set size = ?, written = ? where id = ?", (float(rng.choice([20, 500])), LATER, lead)
            case 3:
                moved = "update leads set firm = (select firm from leads where id = ?), written = ? where id = ?"
                yield moved, (other, LATER, lead)
            case 4:
                yield "update leads set status = 'lost', closed = ?, written = ? where id = ?", (at(late), LATER, lead)
            case 5:
                new = (f"N{rng.integers(0, 10**9)}", at(late), "open", f"F{rng.integers(0, leads):04d}", 500, LATER)
                yield "insert into leads (id, created, status, firm, size, written) values (?, ?, ?, ?, ?, ?)", new


@pytest.mark.parametrize("seed", range(2))
def test_whatever_happens_between_runs_the_scores_are_those_of_a_whole_run(
    open_floor: Callable[..., Project], floor: Callable[..., Any], tmp_path: Path, seed: int
) -> None:
    rng, leads = np.random.default_rng(seed), 80
    toml = open_floor(floor(leads, seed)).settings.path("leadml.toml")
    toml.write_text(toml.read_text().replace('id = "id"', 'id = "id"\nchanged_at = "written"'))
    project = opened(toml.parent)
    change(project, [("alter table leads add column written text", ()), ("update leads set written = created", ())])
    quiet = {"progress": lambda _: None}
    run_scoring(project, **quiet)
    tolerance = project.settings.output.score_tolerance
    for turn in range(3):
        happened = list(events(rng, project, leads))
        change(project, happened)
        whole = opened(Path(shutil.copytree(toml.parent, tmp_path.with_name(f"{tmp_path.name}-{turn}"))))
        run_scoring(whole, **quiet)
        run = run_scoring(project, which="changed", **quiet)
        ours, theirs = scores(project), scores(whole)
        assert ours.keys() == theirs.keys(), (run.why, happened)
        for lead, row in theirs.items():
            same = {name: ours[lead][name] for name in ("grade", "stage", "stopped_by", "account_id", "bundle")}
            assert same == {name: row[name] for name in same}, (lead, run.why, happened)
            assert abs(ours[lead]["probability"] - row["probability"]) <= tolerance, (lead, run.why, happened)
