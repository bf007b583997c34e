"""The tables are the boosted model, not an approximation of it."""

from __future__ import annotations

import numpy as np
import pytest

from leadml.predict.encoding import Feature
from leadml.training import boosting, glassbox
from leadml.training.blend import averaged, centred
from leadml.training.glassbox import choose_pairs, grow_mains, grow_pairs
from leadml.training.sample import Sample, log_loss


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

    monkeypatch.setattr(glassbox, "Booster", Spied)
    return seen


def test_main_tables_reproduce_the_booster(boosters):
    sample = sample_of(2000, 0, offset=0.3)
    grown = grow_mains([sample], None, 60)
    asked = sample.offset + boosters[0].intercept + boosters[0].sums(sample.codes, 60)
    assert np.allclose(sample.log_odds(grown.tables[0]), asked, rtol=0, atol=1e-9)


def test_pair_tables_reproduce_the_booster_on_top_of_the_mains(boosters):
    sample = sample_of(4000, 1)
    mains = grow_mains([sample], None, 60)
    pairs = choose_pairs([sample], mains.tables)
    grown = grow_pairs([sample], None, mains.tables, pairs, 60)
    maps = glassbox._maps_of(pairs, sample.features)
    coarse = np.column_stack([to_coarse[codes] for to_coarse, codes in zip(maps, sample.columns, strict=True)])
    asked = sample.log_odds(mains.tables[0]) + boosters[-1].intercept + boosters[-1].sums(coarse, 60)
    assert np.ptp(grown.tables[0].pairs[0].table) > 0.1
    assert np.allclose(sample.log_odds(grown.tables[0]), asked, rtol=0, atol=1e-9)


def test_the_pair_that_interacts_is_chosen_and_pays_on_other_rows():
    sample, other = sample_of(6000, 2), sample_of(3000, 3)
    mains = grow_mains([sample], [other])
    pairs = choose_pairs([sample], mains.tables)
    assert (0, 2) in {(pair.left, pair.right) for pair in pairs}
    both = grow_pairs([sample], [other], mains.tables, pairs)
    gain = log_loss(other.label, other.log_odds(mains.tables[0])) - log_loss(
        other.label, other.log_odds(both.tables[0])
    )
    assert gain > 0.02


def test_centring_changes_no_score_and_leaves_every_mean_at_zero():
    sample = sample_of(4000, 4)
    mains = grow_mains([sample], None, 40)
    pairs = choose_pairs([sample], mains.tables)
    tables = averaged(grow_pairs([sample], None, mains.tables, pairs, 40).tables)
    middle = centred(tables, sample)
    assert np.allclose(sample.log_odds(middle), sample.log_odds(tables), rtol=0, atol=1e-9)
    for table, codes in zip(middle.main, sample.columns, strict=True):
        assert abs(table[codes].mean()) < 1e-9
    for pair in middle.pairs:
        assert abs(pair.table.ravel()[pair.codes(sample.columns)].mean()) < 1e-6


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
    (tables,) = grow_mains([sample], None, 0).tables
    assert np.ptp(sample.log_odds(tables)) == 0


def test_nothing_is_printed(capfd):
    samples = [sample_of(60, seed) for seed in range(4)]
    grow_mains(samples, samples, 100)
    assert capfd.readouterr() == ("", "")
