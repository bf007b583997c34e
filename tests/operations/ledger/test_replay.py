"""The laws of the ledger: a past score can be had again as it was, and what changed since adds up."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from typer.testing import CliRunner

from leadml.cli.app import app
from leadml.config import parse_settings
from leadml.errors import BundleError, SourceError
from leadml.operations.champion import load_champion, publish
from leadml.operations.ledger.replay import replay
from leadml.operations.project import Project
from leadml.operations.scoring.run import run_scoring
from tests.operations.conftest import DAYS, START, TOML, crown, floor_rows, iso, write_floor

LEAD = "L0007"
FIRST = START + timedelta(days=DAYS - 60)


def write(project, *statements):
    with closing(sqlite3.connect(project.source.where)) as database, database:
        for statement, *values in statements:
            database.execute(statement, values)


def rows_of(project, table, lead=LEAD):
    with closing(sqlite3.connect(project.source.where)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(f"select * from {table} where lead_id = ?", (lead,))]


@pytest.fixture(scope="module")
def scored_twice(tmp_path_factory):
    """A floor scored at two moments, with an activity and another size in between; a fresh copy for each test."""
    folder = tmp_path_factory.mktemp("floor")
    rows = floor_rows(40)
    rows["leads"] = [
        (*row[:1], iso(0), None, "open", *row[4:7], row[7], 20.0, *row[9:]) if row[0] == LEAD else row
        for row in rows["leads"]
    ]
    rows["acts"] = [act for act in rows["acts"] if act[0] != LEAD]
    project = write_floor(folder, rows)
    crown(project)
    run_scoring(project, as_of=FIRST, progress=lambda text: None)
    write(
        project,
        ("insert into acts values (?, ?, 'demo')", LEAD, iso(DAYS - 50)),
        ("update leads set size = 500 where id = ?", LEAD),
    )
    run_scoring(project, as_of=START + timedelta(days=DAYS), progress=lambda text: None)

    def fresh():
        copy = tmp_path_factory.mktemp("copy")
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        return Project(parse_settings(TOML, path=copy / "leadml.toml"))

    return fresh


def test_what_moved_adds_up_to_the_change_and_says_from_what_to_what(scored_twice):
    told = replay(scored_twice(), LEAD, at=FIRST, until=None)
    assert sum(move.log_odds for move in told.moves) == pytest.approx(told.change, abs=1e-12)
    assert told.change == pytest.approx(2.0 + 1.0 + 1.7)
    assert told.by_model is None
    assert {move.input: (move.before, move.after) for move in told.moves} == {
        "size": ("Size: under 100", "Size: 100 or more"),
        "demo 90d": ("Demo under 1 times in 90 days", "Demo 1 times or more in 90 days"),
        "any activity 90d": ("Any activity under 1 times in 90 days", "Any activity 1 times or more in 90 days"),
    }


def test_an_activity_that_comes_in_late_does_not_rewrite_what_a_score_was(scored_twice):
    project = scored_twice()
    before = replay(project, LEAD, at=FIRST, until=FIRST).then.row
    (written, _) = rows_of(project, "lead_score_history")
    write(project, ("insert into acts values (?, ?, 'demo')", LEAD, iso(DAYS - 70)), ("delete from leads where 1",))
    again = replay(project, LEAD, at=FIRST, until=FIRST)
    assert again.then.row == before
    assert again.later is None
    assert (again.then.row["probability"], again.then.row["grade"]) == (written["probability"], written["grade"])
    assert again.then.row["as_of"] == FIRST


def test_the_last_score_as_of_a_moment_or_before_is_replayed(scored_twice):
    project = scored_twice()
    for at in (FIRST, FIRST + timedelta(days=59)):
        assert replay(project, LEAD, at=at, until=None).then.row["as_of"] == FIRST
    last = replay(project, LEAD, at=START + timedelta(days=DAYS), until=None)
    assert (last.later, last.moves, last.change) == (None, (), 0.0)
    assert replay(project, LEAD, at=None, until=None).then.row["as_of"] == FIRST
    with pytest.raises(SourceError, match=r"had no score yet at .* the first is as of 2024-04-26 00:00\. Choose"):
        replay(project, LEAD, at=START, until=None)
    with pytest.raises(SourceError, match=r"^--until .* lies before --at"):
        replay(project, LEAD, at=START + timedelta(days=DAYS), until=FIRST)
    with pytest.raises(SourceError, match=r"has no score of lead 'nobody'\. Mend the id"):
        replay(project, "nobody", at=None, until=None)


def test_under_a_new_model_what_it_weighs_otherwise_is_told_from_what_moved(scored_twice):
    project = scored_twice()
    scorer = load_champion(project.models)
    heavier = replace(
        scorer, tables=replace(scorer.tables, intercept=-1.0, main=tuple(2 * t for t in scorer.tables.main))
    )
    publish(heavier, project.models, name="floor", now=START + timedelta(days=1))
    write(project, ("delete from acts where lead = ?", LEAD))
    run_scoring(project, as_of=START + timedelta(days=DAYS + 1), progress=lambda text: None)
    told = replay(project, LEAD, at=None, until=None)
    assert sum(move.log_odds for move in told.moves) == pytest.approx(told.change, abs=1e-12)
    by_model = {move.input: move.log_odds for move in told.moves if move.by_model}
    assert by_model == pytest.approx({"intercept": 0.5, "size": 1.0})
    assert told.by_model == pytest.approx(1.5)


def test_without_its_bundle_or_its_inputs_a_score_is_not_replayed(scored_twice):
    project = scored_twice()
    (bundle,) = project.models.glob("*.leadml")
    away = bundle.rename(bundle.with_suffix(".away"))
    with pytest.raises(BundleError, match=r"no bundle there has the SHA-256 [0-9a-f]{64}.*Put that bundle back"):
        replay(project, LEAD, at=None, until=None)
    away.rename(bundle.with_name("under another name.leadml"))
    assert replay(project, LEAD, at=None, until=None).moves
    write(project, ("update lead_score_history set inputs = substr(inputs, 5)",))
    with pytest.raises(BundleError, match="are damaged"):
        replay(project, LEAD, at=None, until=None).then.row  # noqa: B018
    write(project, ("update lead_score_history set inputs = null",))
    with pytest.raises(SourceError, match="was written without its inputs"):
        replay(project, LEAD, at=None, until=None)


def test_the_command_tells_the_score_its_reasons_and_the_changes(scored_twice, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    config = str(scored_twice().settings.path("leadml.toml"))
    told = CliRunner().invoke(app, ["replay", LEAD, "--at", f"{FIRST:%Y-%m-%d}", "--config", config]).output
    assert f"Lead {LEAD} as of 2024-04-26 00:00: score 3.9, grade D, stage raw" in told
    assert "Size: under 100 -> Size: 100 or more" in told
    assert "+4.700" in told
    ends = CliRunner().invoke(app, ["replay", LEAD, "--config", config, "--json"]).output
    given = json.loads(ends)
    assert datetime.fromisoformat(given["then"]["as_of"]) == FIRST
    assert given["change"] == pytest.approx(sum(move["log_odds"] for move in given["moves"]))


def test_where_nothing_moved_one_sentence_says_so(scored_twice, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    project = scored_twice()
    again = load_champion(project.models)
    another = replace(again, facts=again.facts | {"note": "trained again"})
    publish(another, project.models, name="floor", now=START + timedelta(days=1))
    run_scoring(project, as_of=START + timedelta(days=DAYS), progress=lambda text: None)
    config = str(project.settings.path("leadml.toml"))
    told = CliRunner().invoke(app, ["replay", LEAD, "--config", config]).output
    assert told.endswith(
        "Nothing that the score is made of has moved until 2024-06-25 00:00: score 81.8, grade A, stage SQL. "
        "The model is another one, but weighs all of it alike.\n"
    )
    assert "what changed" not in told
