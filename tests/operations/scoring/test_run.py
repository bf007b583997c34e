"""Runs over parts: what they write, how they go on after a stop, and which leads they look at."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadml.config import parse_settings
from leadml.errors import SourceError
from leadml.operations.accounts import best_accounts
from leadml.operations.lead import decide, show
from leadml.operations.project import Project
from leadml.operations.scoring import resuming
from leadml.operations.scoring.run import run_scoring
from leadml.operations.scoring.runs import ScoringRecord, recorded_runs
from leadml.operations.scoring.session import Session
from leadml.operations.scoring.summary import ScoringRun

THEN = datetime(2023, 1, 2) + timedelta(days=300)  # noqa: DTZ001
PER_PART = 40
Open = Callable[..., Project]
TABLES = ("lead_scores", "account_scores", "lead_lifecycle", "lead_transitions", "lead_score_history")


def score(project: Project, **asked: Any) -> ScoringRun:
    return run_scoring(project, **{"leads_per_part": PER_PART, "progress": lambda _: None} | asked)


def change(project: Project, *statements: str) -> None:
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def stored(project: Project, but: tuple[str, ...] = ("run_id",)) -> dict[str, list[tuple[Any, ...]]]:
    """The tables that a run writes, without their order."""
    found = {}
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        for table in TABLES:
            names = [name for (name,) in database.execute("select name from pragma_table_info(?)", (table,))]
            chosen = ", ".join(name for name in names if name not in but)
            found[table] = sorted(database.execute(f"select {chosen} from {table}"), key=repr)
    return found


def copied(project: Project, folder: Path) -> Project:
    """The same project, with all its files, in another folder."""
    shutil.copytree(project.settings.path("."), folder)
    toml = folder / "leadml.toml"
    return Project(parse_settings(toml.read_text(), path=toml))


def stopped(monkeypatch: pytest.MonkeyPatch, project: Project, call: int, **asked: Any) -> None:
    """Stop a run at some writing of its row, inside the transaction."""
    real, calls = ScoringRecord.write, iter(range(1000))

    def deadly(*given: Any) -> None:
        if next(calls) == call:
            raise KeyboardInterrupt
        real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(ScoringRecord, "write", deadly)
        with pytest.raises(KeyboardInterrupt):
            score(project, **asked)


def test_the_parts_together_are_what_one_part_is_and_counts_add_up(open_floor: Open, tmp_path: Path) -> None:
    project = open_floor()
    whole = copied(project, tmp_path / "whole")
    run = score(project)
    assert run.parts > 2
    assert (score(whole, leads_per_part=10_000).parts, stored(whole)) == (1, stored(project))
    (record,) = recorded_runs(project)
    assert (record.state, record.counts, record.parts_done) == ("done", run.counts, run.parts)
    assert run.counts.read == 150
    assert run.counts.added == run.scored == len(stored(project)["lead_scores"]) > 10
    assert not list(project.settings.path(".").glob(".leadml"))


def test_scoring_again_changes_nothing_and_adds_no_history(open_floor: Open) -> None:
    project = open_floor()
    first = score(project)
    before = stored(project)
    again = score(project)
    assert (again.counts.unchanged, again.counts.added, again.counts.changed) == (first.scored, 0, 0)
    assert stored(project) == before
    assert [run.state for run in recorded_runs(project)] == ["done", "done"]


@pytest.mark.parametrize("call", [1, 3])
def test_a_run_that_was_stopped_goes_on_where_it_was(
    open_floor: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    project = open_floor()
    score(project, as_of=THEN)
    whole = copied(project, tmp_path / "whole")
    score(whole)
    stopped(monkeypatch, project, call)
    change(project, "delete from leads where id > 'L0100'")  # the run goes on from what it read
    run = score(project)
    assert run.resumed_at == call - 1
    assert stored(project) == stored(whole)
    assert [one.counts for one in recorded_runs(project)] == [one.counts for one in recorded_runs(whole)]


@pytest.mark.parametrize(
    "lost",
    [
        "delete from scoring_runs where state = 'running'",
        "delete from lead_scores where rowid in (select rowid from lead_scores limit 3)",
    ],
)
def test_a_stopped_run_begins_anew_where_the_database_is_not_as_it_left_it(
    open_floor: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    project = open_floor()
    whole = copied(project, tmp_path / "whole")
    score(whole)
    stopped(monkeypatch, project, 3)
    change(project, lost)
    assert score(project).resumed_at is None
    tables = ("lead_scores", "account_scores", "lead_lifecycle", "lead_transitions")
    assert [stored(project)[table] for table in tables] == [stored(whole)[table] for table in tables]


def test_what_a_stopped_run_has_read_grows_old(open_floor: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    project = open_floor()
    stopped(monkeypatch, project, 3)
    monkeypatch.setattr(resuming, "STALE", timedelta(0))
    assert score(project).resumed_at is None


def test_a_run_that_another_has_overtaken_writes_no_further_part(
    open_floor: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = open_floor()
    real = Session.after

    def overtaken(*given: Any) -> Any:
        change(project, "update scoring_runs set state = 'abandoned'")
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "after", overtaken)
        with pytest.raises(SourceError, match="another scoring run has begun"):
            score(project)
    assert score(project).counts.scored == len(stored(project)["lead_scores"])


def test_a_stopped_run_is_given_up_where_something_else_is_asked(
    open_floor: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = open_floor()
    whole = copied(project, tmp_path / "whole")
    stopped(monkeypatch, project, 2)
    assert score(project, as_of=THEN).resumed_at is None
    assert [run.state for run in recorded_runs(project)] == ["abandoned", "done"]
    score(whole, as_of=THEN)
    last, alone = (stored(one, but=("run_id", "as_of"))["lead_scores"] for one in (project, whole))
    assert [row[:4] for row in last] == [row[:4] for row in alone]


def test_leads_that_are_closed_or_gone_lose_their_score_but_not_their_history(open_floor: Open) -> None:
    project = open_floor()
    score(project)
    leads = [row[0] for row in stored(project)["lead_scores"]]
    closed, gone = leads[0], leads[1]
    change(
        project,
        f"update leads set status = 'lost', closed = created where id = '{closed}'",
        f"delete from leads where id = '{gone}'",
    )
    run = score(project)
    assert run.counts.removed == 2
    assert {row[0] for row in stored(project)["lead_scores"]} == set(leads) - {closed, gone}
    assert {closed, gone} <= {row[0] for row in stored(project)["lead_score_history"]}
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        query = "select lead_id, run_id from lead_score_history where probability is null order by lead_id"
        assert database.execute(query).fetchall() == [(lead, run.run_id) for lead in sorted([closed, gone])]


def test_of_each_run_the_history_has_a_row_for_every_score_written_or_taken_out(open_floor: Open) -> None:
    project = open_floor()
    for as_of in (THEN, THEN + timedelta(days=90), THEN):  # some are not there yet in the end, and some were closed
        score(project, as_of=as_of)
    query = """
        select added + changed, removed, count(probability), count(history.run_id) - count(probability)
        from scoring_runs left join lead_score_history history using (run_id) group by run_id
    """
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        rows = database.execute(query).fetchall()
    assert [row[:2] for row in rows] == [row[2:] for row in rows]
    assert all(sum(column) > 0 for column in zip(*rows, strict=True))


def test_an_account_that_its_best_lead_has_left_is_written_as_it_is_now(open_floor: Open) -> None:
    project = open_floor()
    score(project)
    for number in range(0, 140, 10):  # whatever parts the two accounts are in
        change(project, f"update leads set firm = 'F{number // 2:04d}' where id = 'L{number + 3:04d}'")
    score(project)
    query = "select firm, max(probability) from lead_scores join leads on id = lead_id group by firm"
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        expected = sorted(database.execute(query))
        assert sorted(database.execute("select account_id, probability from account_scores")) == expected


def test_who_reads_the_scores_reads_them_as_of_the_newest_run(open_floor: Open) -> None:
    project = open_floor()
    score(project, as_of=THEN)
    change(project, "insert into acts select id, '2023-11-20T00:00:00', 'page' from leads where id = 'L0000'")
    newest = score(project, as_of=THEN + timedelta(minutes=1))
    assert best_accounts(project, top=1).as_of == newest.as_of
    assert {row[-1] for row in stored(project, but=("valid_until", "account_id"))["lead_scores"]} == {str(THEN)}


def test_two_runs_at_once_are_refused(open_floor: Open) -> None:
    project = open_floor()
    with project.source.exclusive("scoring"), pytest.raises(SourceError, match="already being done by process"):
        score(project)


def test_a_run_over_what_can_have_changed_comes_to_what_a_whole_run_does(open_floor: Open, tmp_path: Path) -> None:
    project = open_floor()
    text = project.settings.path("leadml.toml").read_text().replace('id = "id"', 'id = "id"\nchanged_at = "written"')
    project.settings.path("leadml.toml").write_text(text)
    project = Project(parse_settings(text, path=project.settings.path("leadml.toml")))
    change(project, "alter table leads add column written text", "update leads set written = created")
    first = score(project)
    lead, other = (row[0] for row in stored(project)["lead_scores"][:2])
    soon = f"{first.as_of + timedelta(minutes=3):%Y-%m-%dT%H:%M:%S}"
    change(
        project,
        f"insert into acts values ('{lead}', '{soon}', 'demo')",
        f"update leads set status = 'won', closed = '{soon}', written = '2100-01-01' where id = '{other}'",
        f"insert into leads (id, created, status, firm, size, written) "
        f"values ('NEW', '{soon}', 'open', 'N', 500, '2100-01-01')",
    )
    whole = copied(project, tmp_path / "whole")
    everything = score(whole)
    run = score(project, which="changed")
    assert (run.as_of, run.counts.removed) == (everything.as_of, 1)
    assert 3 <= run.counts.read < 60, run.why
    but = ("run_id", "valid_until")
    assert stored(project, but)["lead_scores"] == stored(whole, but)["lead_scores"]
    assert stored(project)["lead_transitions"] == stored(whole)["lead_transitions"]
    nothing = score(project, which="changed")
    assert (nothing.counts.added, nothing.counts.changed, nothing.counts.removed) == (0, 0, 0)
    assert nothing.as_of == everything.as_of
    with pytest.raises(SourceError, match="takes no --as-of"):
        score(project, which="changed", as_of=THEN)


@pytest.mark.parametrize("stamped", [timedelta(0), timedelta(minutes=-5)])
def test_what_a_person_decides_while_a_run_is_under_way_stands_also_where_its_stamp_is_older(
    open_floor: Open, monkeypatch: pytest.MonkeyPatch, stamped: timedelta
) -> None:
    project = open_floor()
    score(project)
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        (lead,) = database.execute("select lead_id from lead_lifecycle where stage = 'MQL' limit 1").fetchone()
    change(project, f"delete from lead_transitions where lead_id = '{lead}'")  # so that the run would move it again
    stopped(monkeypatch, project, 1)
    change(project, f"insert into lead_transitions select lead_id, 'raw', 'MQL', 'score', '', since, 0.5, '' "
                    f"from lead_lifecycle where lead_id = '{lead}'")  # fmt: skip
    now = datetime.now(UTC).replace(tzinfo=None)
    decide(project, lead, "disqualify", reason="went out of business", decided_by="Ann", decided_at=now + stamped)
    assert score(project).resumed_at == 0
    assert show(project, lead, now=now).stage == "disqualified"
    assert [move["to_stage"] for move in show(project, lead, now=now).moves] == ["MQL", "disqualified"]
    with closing(sqlite3.connect(project.settings.path("floor.sqlite"))) as database:
        query = f"select stage from lead_lifecycle where lead_id = '{lead}'"
        assert database.execute(query).fetchall() == [("disqualified",)]
