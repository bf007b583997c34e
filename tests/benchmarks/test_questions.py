"""The short form of `benchmarks.questions`: the proposed question helps more than one at random."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.questions import FIRST, MONDAYS, hidden_truth, interval, outcomes, together
from leadml.config import load_settings
from leadml.demo import law, write_company
from leadml.demo.company import drawn_blocks
from leadml.features import build_snapshots
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.predict.policy import Policy
from leadml.rules import Names, load_rulebook, map_rulebook
from leadml.training.fit import fit_scorer

LEADS, SEED = 1_500, 1


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    write_company(folder / "c.sqlite", leads=LEADS, seed=SEED)
    write_settings(propose(f"sqlite:///{folder / 'c.sqlite'}"), folder / "c.toml", force=True)
    return Project(load_settings(folder / "c.toml")).read()


@pytest.fixture(scope="module")
def found(tables):
    snapshots = build_snapshots(tables)
    rulebook, _ = map_rulebook(load_rulebook("bant"), Names(snapshots.features.column_names), advice="")
    columns = [column for column in snapshots.columns if column.name not in ("onboarding_manager", "team", "note")]
    scorer = fit_scorer(snapshots.features, columns, snapshots.label, rulebook=rulebook, kind="linear").scorer
    base = float(snapshots.label.mean())
    policy = Policy((4 * base, 2 * base, base), mql=base, sql=2 * base, sql_needs_intent=True)
    scorer = replace(scorer, policy=policy, facts={"plan": snapshots.plan.to_dict()})
    return together(list(outcomes(scorer, tables, LEADS, SEED)))


def test_asking_the_proposed_question_brings_decisions_closer_to_the_truth_than_a_random_one(found):
    nothing, random, _, proposed = found.regret
    assert proposed.mean() < 0.9 * random.mean() < 0.9 * nothing.mean()
    mean, low, high = interval(random - proposed, found.account)
    assert low < mean < high
    assert low > 0
    assert found.right[3].mean() > found.right[1].mean() > found.right[0].mean()
    assert found.error[3].mean() < found.error[1].mean() < found.error[0].mean()


def test_who_is_open_is_open_by_the_tables_too_and_the_truth_given_all_answers_is_right_on_average(tables):
    company = list(drawn_blocks(LEADS, SEED))
    leads = {row["lead_id"]: row for row in tables.leads.select(["lead_id", "created_at", "closed_at"]).to_pylist()}
    monday = MONDAYS[0]
    truth = hidden_truth(company, monday, SEED)
    moment = np.datetime64(FIRST) + np.timedelta64(7 * monday, "D")
    for lead in truth:
        assert np.datetime64(leads[lead]["created_at"]) < moment
        assert leads[lead]["closed_at"] is None or np.datetime64(leads[lead]["closed_at"]) >= moment
    won = {}
    for drawn in company:
        closing = drawn.accounts.closing - (law.FIRST + monday * law.WEEK)
        wins = (drawn.accounts.won == 1) & (closing >= 0) & (closing <= law.HORIZON)
        won |= dict(zip(drawn.lead_ids, wins[drawn.contacts.account].tolist(), strict=True))
    chance = np.array([one[1] for one in truth.values()])
    happened = np.array([won[lead] for lead in truth], np.float64)
    assert chance.mean() == pytest.approx(happened.mean(), abs=4 * np.sqrt(0.25 / len(truth)))
    assert np.mean((chance - happened) ** 2) < 0.8 * happened.var()
