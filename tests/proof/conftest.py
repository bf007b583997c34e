"""Companies with a known truth, and how near a training comes to it."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from leadml.config import load_settings
from leadml.demo import write_company
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.training.metrics import auc, log_loss
from leadml.training.trainer import train
from tests.proof.killer import Killer
from tests.proof.place import Everything, Place, PostgresPlace, SqlitePlace

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Closeness:
    """How near a scorer comes to the truth on the newest part, and what the audit left out.

    `loss_to_truth` is the log loss to be expected under the true probabilities, which is less noisy than that of the
    outcomes; `too_high` is how far the mean score lies above the mean truth.
    """

    auc: float
    true_auc: float
    ece_to_truth: float
    log_loss: dict[str, float]
    loss_to_truth: float
    too_high: float
    left_out: set[str]
    suspected: set[str]


@pytest.fixture
def closeness_to_truth(tmp_path):
    def measure(seed: int, leads: int, **asked) -> Closeness:
        database, truth = tmp_path / f"{seed}.sqlite", tmp_path / f"{seed}-truth.sqlite"
        write_company(database, leads=leads, seed=seed, truth=truth)
        config = tmp_path / f"{seed}.toml"
        write_settings(propose(f"sqlite:///{database}"), config, force=True)  # a seed may come again
        project = Project(load_settings(config))
        training = train(project.read(), replace(project.choices(), **asked), now=NOW)
        newest, predictions = training.evidence.newest, training.evidence.predictions
        known = true_probabilities(truth)
        keys = zip(newest.lead_id.to_pylist(), newest.as_of.to_pylist(), strict=True)
        true = np.array([known[lead, as_of.isoformat()] for lead, as_of in keys])
        chance = predictions["leadml"]
        findings = training.evidence.findings
        return Closeness(
            auc=auc(newest.label, chance),
            true_auc=auc(newest.label, true),
            ece_to_truth=calibration_error(chance, true),
            log_loss={name: log_loss(newest.label, chance) for name, chance in predictions.items()},
            loss_to_truth=float(np.mean(-true * np.log(chance) - (1 - true) * np.log1p(-chance))),
            too_high=float(np.mean(chance - true)),
            left_out={str(finding.column) for finding in findings if finding.kind == "proven"},
            suspected={str(finding.column) for finding in findings if finding.kind == "suspected"},
        )

    return measure


@pytest.fixture(scope="session")
def killer() -> Iterator[Killer]:
    with closing(Killer()) as made:
        yield made


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def scored_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A company that was scored once, and has moved on since; on a disk in memory, as a kill is no power cut."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        if request.param == "sqlite":
            place: Place = SqlitePlace(Path(folder))
        else:
            place = PostgresPlace(Path(folder), request.getfixturevalue("postgres_database"))
        place.prepare()
        yield place


@pytest.fixture(scope="session")
def unbroken(scored_place: Place, killer: Killer) -> Everything:
    """All tables of scores after a run that nothing broke off."""
    scored_place.restore()
    assert killer.run(scored_place) == 0, scored_place.errors.read_text("utf-8")
    return scored_place.everything()


@pytest.fixture
def place(scored_place: Place) -> Place:
    """It, as it was before anything was done to it."""
    scored_place.restore()
    return scored_place


def true_probabilities(path: Path) -> dict[tuple[str, str], float]:
    with sqlite3.connect(path) as database:
        rows = database.execute("select lead_id, as_of, probability from truth")
        return {(lead, as_of): probability for lead, as_of, probability in rows}


def calibration_error(predicted: np.ndarray, true: np.ndarray) -> float:
    """Mean gap between predicted and true probability over ten bins of equally many rows."""
    bins = np.array_split(np.argsort(predicted), 10)
    return float(np.mean([abs(predicted[rows].mean() - true[rows].mean()) for rows in bins]))
