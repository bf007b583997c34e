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


def made_on(project, *spans):
    """Let the runs there are have been made when it pleases."""
    with closing(sqlite3.connect(project.source.where)) as database:
        runs = [run for (run,) in database.execute("select run_id from scoring_runs order by started_at")]
    for run, (began, over) in zip(runs, spans, strict=True):
        over = None if over is None else over.isoformat()
        update = "update scoring_runs set started_at = ?, finished_at = ? where run_id = ?"
        write(project, (update, began.isoformat(), over, run))
    return runs


def spans(*hours):
    """A run for each number of hours after the first moment, of an hour each."""
    return [(FIRST + timedelta(hours=hour), FIRST + timedelta(hours=hour + 1)) for hour in hours]


def test_a_run_made_later_as_of_the_past_is_not_what_was_said_then(scored_twice):
    project = scored_twice()
    run_scoring(project, as_of=FIRST + timedelta(days=5), progress=lambda text: None)
    made_on(project, *spans(1, 60 * 24, 90 * 24))
    moment = FIRST + timedelta(days=6)
    told = replay(project, LEAD, at=moment, until=None)
    assert (told.then.row["as_of"], told.later.row["as_of"]) == (FIRST, FIRST + timedelta(days=5))
    assert told.remarks == ()
    assert [move.input for move in told.moves] == ["size"]
    between = replay(project, LEAD, at=moment, until=FIRST + timedelta(days=70))
    assert between.later.row["as_of"] == START + timedelta(days=DAYS)
    assert replay(project, LEAD, at=None, until=None).then.row["as_of"] == START + timedelta(days=DAYS)


def test_where_a_run_was_under_way_what_stood_before_is_said_too(scored_twice):
    project = scored_twice()
    first, second = spans(1, 60 * 24)
    made_on(project, first, second)
    moment = second[0] + timedelta(minutes=30)
    (remark,) = replay(project, LEAD, at=moment, until=None).remarks
    assert remark == (
        "The run that wrote this score was under way at 2024-06-25 00:30 (from 2024-06-25 00:00 to 2024-06-25 01:00): "
        "until it came to this lead, score 3.9, grade D, as of 2024-04-26 00:00 stood."
    )
    made_on(project, first, (second[0], None))
    (remark,) = replay(project, LEAD, at=moment, until=None).remarks
    assert "(from 2024-06-25 00:00):" in remark
    (remark,) = replay(project, LEAD, at=first[0], until=None).remarks
    assert remark.endswith("until it came to this lead, no score stood.")
    made_on(project, (first[0], None), second)  # it was given up when the next one began at the latest
    assert replay(project, LEAD, at=second[0] - timedelta(minutes=1), until=None).remarks != ()
    assert replay(project, LEAD, at=second[1], until=None).remarks == ()


def test_before_anything_was_written_what_later_runs_say_as_of_then_is_told_as_such(scored_twice):
    project = scored_twice()
    made_on(project, *spans(100 * 24, 101 * 24))
    told = replay(project, LEAD, at=FIRST + timedelta(days=1), until=START + timedelta(days=DAYS))
    assert told.remarks == (
        "At 2024-04-27 00:00 no score of lead 'L0007' had been written: the first was by the run of 2024-08-04 00:00. "
        "A run made on 2024-08-04 00:00 as of 2024-04-26 00:00 says:",
        "At 2024-06-25 00:00 nothing had been written either: it is compared with what a run made on 2024-08-05 00:00 "
        "as of 2024-06-25 00:00 says.",
    )
    assert told.change == pytest.approx(4.7)


def test_where_the_row_of_a_run_is_gone_its_id_says_when_it_began(scored_twice):
    project = scored_twice()
    (run, _) = made_on(project, *spans(1, 60 * 24))
    write(project, ("delete from scoring_runs where run_id = ?", run))
    write(project, ("update lead_score_history set run_id = '20240427T103000-abcdef' where run_id = ?", run))
    told = replay(project, LEAD, at=FIRST + timedelta(days=2), until=None)
    assert told.then.row["as_of"] == FIRST
    assert told.to_dict()["then"]["run_began"] == datetime(2024, 4, 27, 10, 30)  # noqa: DTZ001
    write(project, ("update lead_score_history set run_id = 'mine' where run_id like '20240427%'",))
    with pytest.raises(SourceError, match=r"names a run 'mine' that is not among the scoring runs.*Restore its row"):
        replay(project, LEAD, at=None, until=None)


def test_what_was_written_later_as_of_a_moment_or_before_is_replayed(scored_twice):
    project = scored_twice()
    for at in (FIRST, FIRST + timedelta(days=59)):
        assert replay(project, LEAD, at=at, until=None).then.row["as_of"] == FIRST
    last = replay(project, LEAD, at=START + timedelta(days=DAYS), until=None)
    assert (last.later, last.moves, last.change) == (None, (), 0.0)
    assert replay(project, LEAD, at=None, until=None).then.row["as_of"] == FIRST
    nothing = r"had no score at 2023-01-02 00:00: the first .*as of 2024-04-26 00:00\. Choose 2024-04-26 00:00 or later"
    with pytest.raises(SourceError, match=nothing):
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
