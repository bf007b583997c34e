"""Whenever a person decides while a run is under way, the decision stands and makes its one move, or is refused."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from leadml.config import parse_settings
from leadml.errors import DecisionError, SourceError
from leadml.operations import lead as deciding
from leadml.operations.lead import LeadRecord, decide, show
from leadml.operations.project import Project
from leadml.operations.scoring import run as scoring
from leadml.operations.scoring.run import run_scoring
from leadml.sources import sqlite_session
from leadml.sources.sqlite import SqliteSource
from tests.operations.conftest import TOML, crown, floor_rows, write_floor


def score(project: Project) -> None:
    run_scoring(project, leads_per_part=30, progress=lambda _: None)


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def reject(project: Project, lead: str, at: datetime | None = None) -> LeadRecord:
    return decide(project, lead, "reject", reason="no budget", decided_by="Ann", decided_at=at or now())


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A scored floor on which somebody has decided before, and a lead that waits for a decision; it was lost since."""
    project = write_floor(tmp_path_factory.mktemp("floor"), floor_rows(60))
    crown(project)
    score(project)
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database, database:
        waiting = "select lead_id from lead_lifecycle where stage = 'MQL' order by lead_id limit 2"
        other, lead = (row for (row,) in database.execute(waiting))
        database.execute("update leads set status = 'lost', closed = ? where id = ?", (now().isoformat(), lead))
    reject(project, other)
    return project.settings.path("."), lead


@pytest.fixture
def floor(scored: tuple[Path, str], tmp_path: Path) -> tuple[Project, str]:
    """A fresh copy of it."""
    shutil.copytree(scored[0], tmp_path, dirs_exist_ok=True)
    return Project(parse_settings(TOML, path=tmp_path / "leadml.toml")), scored[1]


def moves(project: Project, lead: str) -> list[tuple[str, str]]:
    return [(move["from_stage"], move["to_stage"]) for move in show(project, lead, now=now()).moves]


def is_whole(project: Project, lead: str) -> bool:
    """Whether each move begins where the one before ended, and the lead is where the last one ended."""
    made, record = moves(project, lead), show(project, lead, now=now())
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        ((stage,),) = database.execute("select stage from lead_lifecycle where lead_id = ?", (lead,))
    chained = all(before[1] == after[0] for before, after in pairwise(made))
    return chained and stage == record.stage == made[-1][1]


@pytest.mark.parametrize(
    ("table", "minutes"),
    [("lead_decisions", -5), ("lead_decisions", 0), ("lead_transitions", -5), ("lead_lifecycle", 0)],
)
def test_a_decision_that_comes_while_a_run_reads_makes_its_one_move(
    floor: tuple[Project, str], monkeypatch: pytest.MonkeyPatch, table: str, minutes: int
) -> None:
    project, lead = floor
    at, real, done = now() + timedelta(minutes=minutes), SqliteSource.stream, []

    def stream(self: Any, name: str, *given: Any, **named: Any) -> Any:
        if name == table and not done:
            done.append(name)
            reject(project, lead, at)
        return real(self, name, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(SqliteSource, "stream", stream)
        score(project)
    assert done
    assert is_whole(project, lead)
    assert moves(project, lead).count(("MQL", "recycled")) == 1
    score(project)
    assert is_whole(project, lead)
    assert moves(project, lead).count(("MQL", "recycled")) == 1


def test_no_decision_comes_between_a_run_looking_for_decisions_and_writing(
    floor: tuple[Project, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, lead = floor
    real, refused = scoring.without_decided, []

    def looked(*given: Any) -> Any:
        part = real(*given)
        with pytest.raises(SourceError, match="is locked by another program"):
            reject(project, lead)
        refused.append(lead)
        return part

    with monkeypatch.context() as patch:
        patch.setattr(sqlite_session, "BUSY_SECONDS", 0.02)
        patch.setattr(scoring, "without_decided", looked)
        score(project)
    assert refused
    assert moves(project, lead)[-1] == ("MQL", "lost")
    assert is_whole(project, lead)


@pytest.mark.parametrize("who", ["run", "person"])
def test_a_decision_about_a_lead_that_was_moved_since_it_was_looked_at_is_refused(
    floor: tuple[Project, str], monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    project, lead = floor
    real, done = deciding._refuse_not_allowed, []

    def allowed(*given: Any) -> None:
        real(*given)
        if not done:
            done.append(lead)
            score(project) if who == "run" else reject(project, lead)

    with monkeypatch.context() as patch:
        patch.setattr(deciding, "_refuse_not_allowed", allowed)
        with pytest.raises(
            DecisionError, match=rf"{lead}' was moved .*nothing was written.*lead show {lead}. and decide"
        ):
            decide(project, lead, "accept", reason="well", decided_by="Bob", decided_at=now())
    assert is_whole(project, lead)
    decided = [row["decision"] for row in show(project, lead, now=now()).decisions]
    assert decided == ([] if who == "run" else ["reject"])
