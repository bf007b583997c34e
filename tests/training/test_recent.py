"""What the rehearsal and the final fit of a training are taught, where recent leads are used by weight."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from leadml.config import load_settings
from leadml.demo import write_company
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.training import trainer


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    write_company(folder / "company.sqlite", leads=900, seed=3)
    write_settings(propose(f"sqlite:///{folder / 'company.sqlite'}"), folder / "leadml.toml")
    return Project(load_settings(folder / "leadml.toml"))


def test_the_newest_part_judges_full_horizons_of_accounts_that_the_rehearsal_has_not_seen(project, monkeypatch) -> None:
    taught = []

    def spy(features, columns, label, **how):
        taught.append((label, how))
        return fit(features, columns, label, **how)

    fit = trainer.fit_scorer
    monkeypatch.setattr(trainer, "fit_scorer", spy)
    choices = replace(project.choices(), kind="linear", censoring="weighted")
    tables = project.read()
    training = trainer.train(tables, choices, now=datetime(2026, 1, 1, tzinfo=UTC))
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
    known = trainer.recent_too(tables, choices, trainer._EPOCH + trainer.timedelta(days=boundary))
    before = known.account_id.filter(pa.array(~np.isin(known.account_id, newest.account_id)))
    assert len(before) == len(rehearsed)
