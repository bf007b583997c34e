"""What else breaks a run off: each gives one clear message and exit code 2; the same command finishes afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

import leadml.cli.app as app
from leadml.operations.scoring.part import Change
from leadml.sources import postgres_session, sqlite_session
from tests.proof.killer import Killer, Point, wait_until_stopped
from tests.proof.place import LEADS_PER_PART, Everything, Place, PostgresPlace, SqlitePlace, counted

pytestmark = pytest.mark.proof

Score = Callable[[Place], tuple[int, str]]
HOLDER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
TERMINATED = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name LIKE 'leadml process%' AND state = 'idle in transaction'
"""


@pytest.fixture
def score(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Score:
    """Run `leadml score` in this process; gives its exit code and its last line."""
    monkeypatch.setattr(app, "run_scoring", partial(app.run_scoring, leads_per_part=LEADS_PER_PART))

    def run(place: Place) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["leadml", "score", "--config", str(place.config)])
        try:
            code = app.run()
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, capsys.readouterr().err.strip().split("\n")[-1]

    return run


def breaks(monkeypatch: pytest.MonkeyPatch, call: int, act: Callable[[], None]) -> None:
    """Let something happen before some writing to a table, in the middle of the run."""
    real, calls = Change.write, iter(range(1000))

    def write(*given: object) -> None:
        if next(calls) == call:
            act()
        real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(Change, "write", write)


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Another process is in the middle of writing to the scores."""
    if isinstance(place, PostgresPlace):
        with place.connected() as cursor:
            cursor.execute("LOCK TABLE lead_scores IN EXCLUSIVE MODE")
            yield
    elif isinstance(place, SqlitePlace):
        command = [sys.executable, "-S", "-E", "-c", HOLDER, str(place.path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == b"held\n"
            yield
            holder.communicate()


def assert_same(place: Place, new: Everything) -> None:
    last = place.everything()
    assert [table for table in new if counted(last[table]) != counted(new[table])] == []


def assert_finishes(place: Place, score: Score, new: Everything) -> None:
    code, said = score(place)
    assert code == 0, said
    assert_same(place, new)


def test_a_lost_connection(place: Place, unbroken: Everything, score: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(place, PostgresPlace):
        pytest.skip("a file has no connection to lose")
    with monkeypatch.context() as patch:
        breaks(patch, 9, lambda: place.execute([TERMINATED]))
        code, said = score(place)
    assert (code, "was lost" in said, "try again" in said) == (2, True, True), said
    assert_finishes(place, score, unbroken)


def test_a_locked_table(place: Place, unbroken: Everything, score: Score, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_session, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(postgres_session, "LOCK_SECONDS", 0.2)
    with locked(place):
        code, said = score(place)
    assert (code, "is locked by another program for more than" in said) == (2, True), said
    assert_finishes(place, score, unbroken)


def test_two_at_once(place: Place, unbroken: Everything, score: Score, killer: Killer) -> None:
    first = killer.start(
        place, point=Point("leadml.operations.scoring.session:Session.after", call=2, signal=signal.SIGSTOP)
    )
    wait_until_stopped(first)
    code, said = score(place)
    os.kill(first, signal.SIGCONT)
    assert killer.end(first) == 0
    assert (code, "is already being done by" in said, str(first) in said) == (2, True, True), said
    assert_same(place, unbroken)


def test_no_room_for_what_a_run_reads(place: Place, unbroken: Everything, score: Score, killer: Killer) -> None:
    assert killer.run(place, limit=3_000) == 2
    said = place.errors.read_text("utf-8").strip().split("\n")[-1]
    assert "cannot be written" in said
    assert "Make room" in said
    assert not list(place.folder.glob(".leadml/*/*"))
    assert_finishes(place, score, unbroken)
