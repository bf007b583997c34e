"""What the rehearsal and the final fit of a training are taught, where recent leads are used by weight."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from leadml.config import load_settings
from leadml.demo import write_company
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.training import student, trainer
from leadml.training.history import recent_too


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    write_company(folder / "company.sqlite", leads=900, seed=3)
    write_settings(propose(f"sqlite:///{folder / 'company.sqlite'}"), folder / "leadml.toml")
    return Project(load_settings(folder / "leadml.toml"))


@pytest.fixture(scope="module")
def trained(project):
    """A training, and what each of its two fits was taught."""
    taught = []

    def spy(features, columns, label, **how):
        taught.append((label, how))
        return fit(features, columns, label, **how)

    fit = student.fit_scorer
    choices = replace(project.choices(), kind="linear", censoring="weighted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(student, "fit_scorer", spy)
        return trainer.train(project.read(), choices, now=datetime(2026, 1, 1, tzinfo=UTC)), taught


def test_the_newest_part_judges_full_horizons_of_accounts_that_the_rehearsal_has_not_seen(trained, project) -> None:
    training, taught = trained
    full, newest = training.evidence.snapshots, training.evidence.newest
    (rehearsed, rehearsal), (learned, final) = taught

    assert full.censoring is None
    assert newest.as_of.to_numpy().max() == full.as_of.to_numpy().max()  # all of its horizons have passed
    for label, how in taught:
        young = ~how["censoring"].complete
        assert young.sum() > 20
        assert (how["censoring"].weight > 0).all()
        assert np.isfinite(label).all()
        assert how["order"][young].min() > how["order"][~young].max()
    assert final["censoring"].complete.sum() == len(full.lead_id)
    assert (np.sort(learned[final["censoring"].complete]) == np.sort(full.label)).all()
    assert len(rehearsed) < len(learned)
    (said,) = [finding for finding in training.evidence.findings if finding.code == "R114"]
    assert said.message.startswith(f"{(~final['censoring'].complete).sum()} snapshots whose horizon has not passed")
    boundary = newest.order.min()
    assert rehearsal["order"].max() < boundary
    moment = datetime(1970, 1, 1) + timedelta(days=boundary)  # noqa: DTZ001 (UTC without a zone)
    known = recent_too(training.evidence.tables, project.choices(), now=moment)
    before = known.account_id.filter(pa.array(~np.isin(known.account_id, newest.account_id)))
    assert len(before) == len(rehearsed)


def test_qualified_leads_are_counted_on_past_the_newest_horizon_and_returns_by_source(trained, project) -> None:
    training, _ = trained
    facts, tables = training.scorer.facts, training.evidence.tables
    velocity, returns = facts["velocity"], facts["returns"]
    mql = facts["cutoffs"][0]
    assert velocity["qualified"] == "crossed"
    assert velocity["cutoff"] == mql["probability"]
    assert velocity["win_rate"] == mql["precision"]
    # The newest snapshot that is complete lies a horizon before the end; crossings are seen until the end.
    assert velocity["months"][-1]["month"] > str(training.evidence.newest.as_of.to_numpy().max())[:7]
    assert "lead_cost" not in tables.attributes
    assert "source" in tables.attributes
    assert {row["source"] for row in returns["rows"]} == set(tables.leads["source"].unique().to_pylist())
    assert sum(row["leads"] for row in returns["rows"]) + returns["too_young"] == len(tables.leads)
