"""Scoring is killed at any moment, again and again: no lead is lost, doubled or half-written, and it goes on.

The company is small and its parts are several. Before each experiment its tables are as an earlier scoring left them,
with leads that came, went and moved since; then the same command is killed until it ends by itself. After every kill
each row of the score tables is the old one or the new one; in the end all tables are those of a run that nobody killed.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from tests.proof.killer import POINTS, Killer, Point
from tests.proof.place import GROWING, KEYS, Everything, Place, counted


@dataclass
class Outcome:
    """What many kills came to; after `between` of them some rows were old and some were new."""

    kills: int = 0
    experiments: int = 0
    between: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def kill_often(place: Place, killer: Killer, kills: int, seed: int) -> Outcome:
    """Kill the same command until it ends by itself, from the same beginning, until it was killed often enough."""
    rng, found = np.random.default_rng(seed), Outcome()
    place.restore()
    old = place.everything()
    began = time.monotonic()
    assert killer.run(place) == 0, place.errors.read_text("utf-8")
    whole = time.monotonic() - began
    new = place.everything()
    assert all(old[table] != new[table] for table in KEYS)
    while found.kills < kills:
        place.restore()
        found.experiments += 1
        while (ended := killer.run(place, **_death(rng, whole))) == -signal.SIGKILL:
            found.kills += 1
            place.settle()
            found.faults += _faults_between(place.everything(), old, new, found)
        found.faults += _faults_in_the_end(place, ended, new)
    assert killer.run(place) == 0
    again = place.everything()
    found.faults += [f"{table} is another once more" for table in (*KEYS, *GROWING) if _differ(again, new, table)]
    found.seconds = time.monotonic() - began
    return found


def _death(rng: np.random.Generator, whole: float) -> dict[str, Any]:
    """At a random moment, or at a random call of a function, so that no kind of moment is rare."""
    if rng.random() < 0.5:
        return {"after": float(rng.uniform(0, whole))}
    name = str(rng.choice(list(POINTS)))
    return {"point": Point(name, bool(rng.random() < 0.5), int(rng.integers(0, POINTS[name])))}


def _faults_between(now: Everything, old: Everything, new: Everything, found: Outcome) -> Iterator[str]:
    """What is wrong after a kill."""
    found.between += any(_differ(now, old, table) and _differ(now, new, table) for table in KEYS)
    for table, key in KEYS.items():
        if len({row[key] for row in now[table]}) < len(now[table]):
            yield f"{table} has doubled rows after a kill"
        before, rows, after = counted(old[table]), counted(now[table]), counted(new[table])
        if rows.keys() - before.keys() - after.keys():
            yield f"{table} has rows that are neither old nor new after a kill"
        if (before & after) - rows:
            yield f"{table} has lost rows after a kill"
        ids = [{row[key] for row in moment[table]} for moment in (old, new, now)]
        if ids[0] & ids[1] - ids[2]:
            yield f"{table} has lost {ids[0] & ids[1] - ids[2]} after a kill"
    for table in GROWING:
        if counted(old[table]) - counted(now[table]) or counted(now[table]) - counted(new[table]):
            yield f"{table} has lost or doubled rows after a kill"
    moment = _newest(new)
    scores, history = ({row["lead_id"] for row in now[table]
                        if row["as_of"] == moment and row["probability"] is not None}
                       for table in ("lead_scores", "lead_score_history"))  # fmt: skip
    if scores != history:
        yield f"only the score or only its history was written: {scores ^ history}"


def _faults_in_the_end(place: Place, ended: int, new: Everything) -> Iterator[str]:
    """What is wrong once the command has ended by itself, with this exit code."""
    if ended != 0:
        yield f"did not go on but ended with {ended}: {place.errors.read_text('utf-8')}"
    last = place.everything()
    last["scoring_runs"] = [run for run in last["scoring_runs"] if not _has_done_nothing(run, new["scoring_runs"])]
    yield from (f"{table} differs in the end" for table in new if _differ(last, new, table))
    if list(place.folder.glob(".leadml/*/*")):
        yield "a folder was left behind"


def _has_done_nothing(run: dict[str, Any], runs: list[dict[str, Any]]) -> bool:
    """Whether a run found all done already: the one before was killed after its last part, and was asked once more."""
    idle = run["state"] == "done" and not run["added"] and not run["changed"] and not run["removed"]
    return idle and run not in runs


def _newest(new: Everything) -> datetime:
    return max(row["as_of"] for row in new["lead_scores"])


def _differ(one: Everything, other: Everything, table: str) -> bool:
    return counted(one[table]) != counted(other[table])


def test_a_few_kills_at_random_lose_nothing_double_nothing_and_leave_nothing_half_written(
    place: Place, killer: Killer
) -> None:
    assert kill_often(place, killer, kills=4, seed=1).faults == []


@pytest.mark.proof
def test_two_hundred_kills_lose_nothing_double_nothing_and_leave_nothing_half_written(
    place: Place, killer: Killer
) -> None:
    found = kill_often(place, killer, kills=200, seed=2)
    print(
        f"\n{type(place).__name__}: {found.kills} kills in {found.experiments} experiments, {found.between} of them "
        f"between old and new, {len(found.faults)} faults, {found.seconds:.0f} s"
    )
    assert Counter(found.faults) == {}
    assert found.between > 20
