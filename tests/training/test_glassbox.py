"""The tables are the boosted model, not an approximation of it."""

from __future__ import annotations

import numpy as np
import pytest

from leadml.predict.encoding import Feature
from leadml.training import boosting
from leadml.training.glassbox import grow_mains
from leadml.training.sample import Sample


def sample_of(rows: int, seed: int, offset: float = 0.0) -> Sample:
    rng = np.random.default_rng(seed)
    features = (
        Feature("a", "a", "number", "fit", "a", edges=np.arange(30.0)),
        Feature("b", "b", "category", "fit", "b", levels=tuple("pqrstuvw")),
        Feature("c", "c", "number", "fit", "c", edges=np.arange(3.0)),
    )
    codes = np.column_stack([rng.integers(0, feature.n_codes, rows) for feature in features]).astype(np.uint16)
    effect = (codes[:, 0] > 15) + (codes[:, 1] % 3 == 0) - 3.0 * ((codes[:, 0] > 15) & (codes[:, 2] > 2))
    label = (rng.random(rows) < 1 / (1 + np.exp(-effect))).astype(float)
    return Sample(features, np.asfortranarray(codes), label, np.full(rows, offset), np.ones(rows))


@pytest.fixture
def boosters(monkeypatch):
    """The boosters that get grown, to be asked again."""
    seen = []

    class Spied(boosting.Booster):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            seen.append(self)

    monkeypatch.setattr(boosting, "Booster", Spied)
    return seen


def test_main_tables_reproduce_the_booster(boosters):
    sample = sample_of(2000, 0, offset=0.3)
    grown = grow_mains([sample], None, rounds=60)
    asked = sample.offset + boosters[0].intercept + boosters[0].sums(sample.codes, 60)
    assert np.allclose(sample.log_odds(grown.tables[0]), asked, rtol=0, atol=1e-9)


def test_growing_stops_where_other_rows_stop_gaining():
    rng = np.random.default_rng(0)
    sample, other = sample_of(500, 5), sample_of(500, 6)
    noise = [
        Sample(one.features, one.codes, (rng.random(500) < 0.5).astype(float), one.offset, one.weight)
        for one in (sample, other)
    ]
    assert grow_mains(noise[:1], noise[1:]).rounds < 60


def test_no_rounds_leave_the_base_rate():
    sample = sample_of(300, 7)
    (tables,) = grow_mains([sample], None, rounds=0).tables
    assert np.ptp(sample.log_odds(tables)) == 0


def test_nothing_is_printed(capfd):
    samples = [sample_of(60, seed) for seed in range(4)]
    grow_mains(samples, samples, rounds=100)
    assert capfd.readouterr() == ("", "")
