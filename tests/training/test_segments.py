"""Cutoffs of segments, from what is asked of them to the leads that they are for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from leadml.config import load_settings
from leadml.demo import write_company
from leadml.errors import ConfigError, TrainingError
from leadml.features import FeaturePlan
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.operations.scoring.scores import after_newest, score_leads
from leadml.training import trainer
from leadml.training.cutoffs import Cutoff, CutoffPolicy, SegmentPolicy, StagePolicy
from leadml.training.cutoffs.cutoff import Guarantee
from leadml.training.examination import examine
from leadml.training.teams import teams_as_they_are_now, without_promises

ASKED = """
[[cutoffs.segments]]
name = "the North"
column = "team"
one_of = ["north"]
mql = { per_week = 1 }
sql = { probability = 0.9 }
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    write_company(folder / "company.sqlite", leads=700, seed=3)
    toml = folder / "leadml.toml"
    write_settings(propose(f"sqlite:///{folder / 'company.sqlite'}"), toml)
    toml.write_text(toml.read_text() + ASKED)
    return Project(load_settings(toml))


@pytest.fixture(scope="module")
def tables(project):
    return project.read()


@pytest.fixture(scope="module")
def training(project, tables):
    return trainer.train(tables, replace(project.choices(), kind="linear"), now=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_team_has_its_own_cutoffs_and_the_scorer_reads_the_team_but_learns_nothing_from_it(training) -> None:
    (north,) = training.scorer.policy.segments
    assert (north.name, north.column, north.values) == ("the North", "team", ("north",))
    assert training.scorer.columns[-1].name == "team"
    assert not [feature for feature in training.scorer.features if feature.column == "team"]
    told = training.scorer.facts["cutoffs"]
    assert [(one["segment"], one["stage"]) for one in told] == [
        *((None, "MQL"), (None, "SQL"), ("the North", "MQL"), ("the North", "SQL"))
    ]
    assert north.mql == told[2]["probability"]
    assert north.sql == told[3]["probability"] >= max(0.9, north.mql)
    assert told[2]["why"].startswith("MQL of the North at")
    assert told[2]["per_week"][0] <= 1
    assert training.scorer.facts["velocity"]["cutoff"] is None


def test_no_name_of_a_team_gets_into_the_facts_but_those_the_user_gave_to_segments(training, tables) -> None:
    told = {(one["column"], one["value"]) for one in training.scorer.facts["calibration"]["segments"]}
    assert {("cutoff segment", "the North"), ("cutoff segment", "all others")} <= told
    teams = set(tables.leads["team"].to_pylist()) - {None}
    assert "North" in teams
    assert not [(column, value) for column, value in told if column == "team" or value in teams]


def test_that_teams_are_known_only_as_they_are_now_is_found_and_nothing_is_promised_for_them(training) -> None:
    (found,) = [one for one in training.evidence.findings if one.code == "R115"]
    assert "may have been passed on" in found.message
    figures = {"why": "MQL lies there.", "guarantee": Guarantee(0.3, 0.95)}
    of_all = Cutoff("MQL", 0.4, "minimum precision", **figures)
    kept, withheld = without_promises([of_all, replace(of_all, segment="the North")])
    assert kept == of_all
    assert withheld.guarantee is None
    assert withheld.why == "MQL lies there. Nothing is promised, as teams are known only as they are now."


def test_with_the_changes_of_teams_or_without_segments_by_team_nothing_is_found(project, tables) -> None:
    assert teams_as_they_are_now(tables, project.choices())
    assert not teams_as_they_are_now(tables, replace(project.choices(), cutoffs=CutoffPolicy()))
    team = pa.array(["team"] * tables.history.num_rows)
    changes = tables.history.set_column(tables.history.column_names.index("field"), "field", team)
    assert not teams_as_they_are_now(replace(tables, history=changes), project.choices())


def test_when_leads_are_scored_each_team_meets_its_own_cutoffs(training, tables) -> None:
    plan = FeaturePlan.from_dict(training.scorer.facts["plan"])
    scored = score_leads(training.scorer, tables, plan, after_newest(tables), open_only=False)
    team = dict(zip(tables.leads["lead_id"].to_pylist(), tables.leads["team"].to_pylist(), strict=True))
    policy = training.scorer.policy
    seen = set()
    for row in scored.to_pylist():
        in_north = team[row["lead_id"]] == "North"
        assert row["segment"] == ("the North" if in_north else None)
        own = policy.segments[0] if in_north else policy
        passed = row["probability"] >= own.mql
        assert (row["stage"] != "raw") <= passed
        seen.add((in_north, passed))
    assert len(seen) == 4


def test_volumes_count_the_leads_of_every_segment_at_its_own_cutoff(training) -> None:
    leads, policy = training.evidence.rehearsal.leads, training.scorer.policy
    assert set(np.unique(leads.segment)) == {-1, 0}
    own = np.where(leads.segment == 0, policy.segments[0].mql, policy.mql)
    over = np.flatnonzero((leads.probability >= own) & leads.eligible("MQL"))
    order = leads.order[over]
    first = {lead: order[leads.lead[over] == lead].min() for lead in np.unique(leads.lead[over])}
    new = [moment for moment in first.values() if moment > leads.order.min()]
    assert sum(training.evidence.qualified.counts.leads) <= len(new)
    assert pc.is_valid(training.evidence.tables.leads["team"]).to_numpy().all()


def test_segments_that_nothing_tells_apart_are_refused_before_anything_is_learned(project, tables) -> None:
    segment = SegmentPolicy(name="VIP", column="full_name", one_of=("Ann",), mql=StagePolicy(per_week=1))
    choices = replace(project.choices(), cutoffs=CutoffPolicy(segments=(segment,)))
    with pytest.raises(TrainingError, match=r"VIP apart, as column 'full_name' is left out \(personal data"):
        trainer.check_asked(examine(tables, choices), choices)


def test_a_column_called_team_that_is_not_the_team_of_the_leads_tells_segments_apart_as_the_attribute_it_is(
    project,
) -> None:
    toml = project.settings.path("unmapped.toml")
    lines = project.settings.path("leadml.toml").read_text().splitlines()
    toml.write_text("\n".join(line for line in lines if not line.startswith("team =")))
    unmapped = Project(load_settings(toml))
    (segment,) = unmapped.choices().cutoffs.segments
    assert segment.column == "team_attribute"
    assert "North" in unmapped.read().leads[segment.column].to_pylist()


def test_a_segment_by_a_column_that_is_not_there_is_refused_with_the_nearest(project) -> None:
    toml = project.settings.path("other.toml")
    toml.write_text(project.settings.path("leadml.toml").read_text().replace('column = "team"', 'column = "taem"'))
    with pytest.raises(ConfigError, match=r"cutoffs.segments\[1\].column = 'taem': there is no such column.*team"):
        Project(load_settings(toml)).choices()
