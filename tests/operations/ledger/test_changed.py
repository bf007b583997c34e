"""The law of changed accounts: no lead that a full run would score otherwise is outside them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadml.config import parse_settings
from leadml.operations.ledger.changed import changed_accounts
from leadml.operations.ledger.seen import rows_now, seen_by
from leadml.operations.project import Project
from leadml.operations.scoring.beginning import utc_now
from leadml.operations.scoring.run import run_scoring
from leadml.operations.scoring.runs import newest_finished
from tests.operations import conftest
from tests.operations.conftest import DAYS, TOML, crown, floor_rows, iso, write_floor

LONG_AGO = "2023-01-01T00:00:00"
WATCHED = TOML.replace('id = "id"', 'id = "id"\nchanged_at = "written"')
RECORDED = WATCHED.replace('type = "kind"', 'type = "kind"\nrecorded_at = "written"').replace(
    'value = "value"', 'value = "value"\nrecorded_at = "written"'
)


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Scored floors whose rows say when they were written, by their settings: a fresh copy, and the run's row."""
    made = {}

    def make(toml):
        folder = tmp_path_factory.mktemp("floor")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(conftest, "TOML", toml)
            patch.setattr(conftest, "COLUMNS", {name: f"{own}, written" for name, own in conftest.COLUMNS.items()})
            rows = {name: [(*row, LONG_AGO) for row in each] for name, each in floor_rows(60).items()}
            project = write_floor(folder, rows)
        crown(project)
        before = rows_now(project)
        run_scoring(project, progress=lambda text: None)
        last = newest_finished(project)
        return folder, replace(last, seen=seen_by(project, before, as_of=last.as_of, newest=None))

    def fresh(toml):
        if toml not in made:
            made[toml] = make(toml)
        folder, last = made[toml]
        copy = tmp_path_factory.mktemp("copy")
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        return Project(parse_settings(toml, path=copy / "leadml.toml")), last

    return fresh


def change(project, *statements):
    with closing(sqlite3.connect(project.source.where)) as database, database:
        for statement, *values in statements:
            database.execute(statement, values)


def published(project):
    """What each lead's row says: grade, stage, probability in steps of the tolerance."""
    with closing(sqlite3.connect(project.source.where)) as database:
        rows = database.execute("select lead_id, grade, stage, probability from lead_scores")
        return {lead: (grade, stage, round(chance, 9)) for lead, grade, stage, chance in rows}


def accounts(project):
    with closing(sqlite3.connect(project.source.where)) as database:
        return dict(database.execute("select id, coalesce(firm, id) from leads"))


def anything(rng, now):
    """One change that people or systems make, late or in time."""
    lead, day = f"L{rng.integers(0, 60):04d}", DAYS - float(rng.choice([-3, 0.5, 40, 95, 300]))
    return [
        ("insert into acts values (?, ?, ?, ?)", lead, iso(day), str(rng.choice(["page", "demo"])), now),
        ("insert into changes values (?, 'budget', 'none', ?, ?)", lead, iso(day), now),
        ("update leads set size = 500 - size, written = ? where id = ?", now, lead),
        ("update leads set status = 'won', closed = ?, written = ? where id = ?", iso(DAYS), now, lead),
        ("update leads set status = 'open', closed = null, written = ? where id = ?", now, lead),
        ("update leads set firm = 'F0001', written = ? where id = ?", now, lead),
        (
            "insert into leads values (?, ?, null, 'open', 'F0002', 'rep', null, null, 500, 'none', null, ?)",
            f"N{rng.integers(0, 9999)}",
            iso(day),
            now,
        ),
    ][rng.integers(0, 7)]


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 9999), toml=st.sampled_from([WATCHED, RECORDED]))
def test_no_lead_that_a_full_run_would_score_otherwise_is_outside_the_changed_accounts(scored, seed, toml):
    rng = np.random.default_rng(seed)
    project, last = scored(toml)
    then, of_before = published(project), accounts(project)
    change(project, *(anything(rng, utc_now().isoformat()) for _ in range(rng.integers(1, 4))))
    found = changed_accounts(project, last, bundle=last.bundle, now=utc_now())
    run_scoring(project, progress=lambda text: None)
    now, of_now = published(project), accounts(project)
    others = {lead for lead in then.keys() | now.keys() if then.get(lead) != now.get(lead)}
    if found.accounts is None:
        assert toml is WATCHED or "can have changed" in found.why[0]
        return
    known = set(found.accounts.to_pylist())
    assert {lead for lead in others if not {of_before.get(lead), of_now.get(lead)} & known} == set()


def test_where_nothing_happened_no_account_is_looked_at_and_an_activity_brings_its_account(scored):
    project, last = scored(RECORDED)
    assert changed_accounts(project, last, bundle=last.bundle, now=utc_now()).accounts.to_pylist() == []
    change(project, ("insert into acts values ('L0007', ?, 'page', ?)", iso(3), utc_now().isoformat()))
    found = changed_accounts(project, last, bundle=last.bundle, now=utc_now())
    assert found.accounts.to_pylist() == ["F0003"]
    assert "new rows in activities 1" in found.why[0]
    assert found.moment == last.as_of + timedelta(microseconds=1) or found.moment == last.as_of


def test_what_is_still_being_written_when_a_run_begins_is_looked_at_again(scored):
    project, last = scored(RECORDED)
    stamped = (last.started_at - timedelta(minutes=10)).isoformat()
    change(project, ("insert into acts values ('L0007', ?, 'page', ?)", iso(3), stamped))
    assert changed_accounts(project, last, bundle=last.bundle, now=utc_now()).accounts.to_pylist() == ["F0003"]


def test_a_score_that_does_not_hold_any_more_brings_its_account(scored):
    project, last = scored(RECORDED)
    lead = next(iter(published(project)))
    change(project, ("update lead_scores set valid_until = ? where lead_id = ?", last.as_of.isoformat(), lead))
    found = changed_accounts(project, last, bundle=last.bundle, now=utc_now())
    assert found.accounts.to_pylist() == [accounts(project)[lead]]


def test_a_lead_that_was_written_and_did_something_counts_once_beside_the_leads_with_a_score(scored):
    project, last = scored(RECORDED)
    now, leads = utc_now().isoformat(), list(published(project))
    moved = leads[: len(leads) // 2 + 1]
    for lead in moved:
        change(
            project,
            ("insert into acts values (?, ?, 'page', ?)", lead, iso(3), now),
            ("insert into changes values (?, 'budget', 'none', ?, ?)", lead, iso(3), now),
            ("update leads set written = ? where id = ?", now, lead),
        )
    found = changed_accounts(project, last, bundle=last.bundle, now=utc_now())
    assert found.why == (
        f"Leads that can have changed: {len(moved)}. Leads with a score: {len(leads)}. So every lead is looked at.",
    )


@pytest.mark.parametrize(
    ("toml", "spoil", "why"),
    [
        (RECORDED, lambda last: None, "No run has finished yet"),
        (RECORDED, lambda last: replace(last, bundle="other"), "The model is another one"),
        (RECORDED, lambda last: replace(last, seen=None), "The settings are others"),
        (TOML, lambda last: last, "Map the column with the time of the last change (leads.changed_at)"),
    ],
)
def test_why_every_lead_is_looked_at_is_said(scored, toml, spoil, why):
    project, last = scored(toml)
    found = changed_accounts(project, spoil(last), bundle=last.bundle, now=utc_now())
    assert found.accounts is None
    assert why in found.why[0]


def test_rows_that_came_in_late_are_told_by_their_number_where_nothing_says_when_they_were_written(
    scored,
):
    project, last = scored(WATCHED)
    assert changed_accounts(project, last, bundle=last.bundle, now=utc_now()).accounts.to_pylist() == []
    change(project, ("insert into acts values ('L0007', ?, 'page', null)", iso(DAYS + 1)))
    assert "F0003" in changed_accounts(project, last, bundle=last.bundle, now=utc_now()).accounts.to_pylist()
    change(project, ("insert into acts values ('L0008', ?, 'page', null)", iso(3)))
    found = changed_accounts(project, last, bundle=last.bundle, now=utc_now())
    assert found.accounts is None
    assert found.why[0].startswith("Table 'acts': since the last run rows dated before it came in late (1)")
    assert "Map activities.recorded_at" in found.why[0]
