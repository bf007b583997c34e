"""Distilled tables say what the model they were read from says, as far as pairs of features can say it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leadml.predict.encoding import Feature
from leadml.training.blend import centred
from leadml.training.boosted import grow_boosted
from leadml.training.candidates import Tabled
from leadml.training.distilling import blended_tables, distilled, recombined
from leadml.training.glassbox import grow_mains
from leadml.training.sample import Sample, log_loss


def sample_of(rows: int, seed: int, offset: float = 0.0) -> Sample:
    """Leads whose log-odds hold two main effects and one interaction of features 0 and 2."""
    rng = np.random.default_rng(seed)
    features = (
        Feature("a", "a", "number", "fit", "a", edges=np.arange(30.0)),
        Feature("b", "b", "category", "fit", "b", levels=tuple("pqrstuvw")),
        Feature("c", "c", "number", "fit", "c", edges=np.arange(3.0)),
    )
    codes = np.column_stack([rng.integers(0, feature.n_codes, rows) for feature in features]).astype(np.uint16)
    label = (rng.random(rows) < 1 / (1 + np.exp(-effect(codes)))).astype(float)
    return Sample(features, np.asfortranarray(codes), label, np.full(rows, offset), np.ones(rows))


def effect(codes):
    return (codes[:, 0] > 15) + 1.0 * (codes[:, 1] % 3 == 0) - 3.0 * ((codes[:, 0] > 15) & (codes[:, 2] > 2))


def test_a_sum_of_single_features_is_reproduced_on_other_rows():
    sample, other = sample_of(4000, 0, offset=0.4), sample_of(500, 1, offset=0.4)

    def truth(codes):
        return 0.05 * codes[:, 0] - 1.0 + np.where(codes[:, 1] == 3, 2.0, 0.0)

    tables = distilled(sample, truth(sample.codes), most_pairs=0)
    assert tables.pairs == ()
    assert np.abs(tables.log_odds(other.columns) - truth(other.codes)).max() < 0.2
    assert np.abs(tables.log_odds(other.columns) - truth(other.codes)).mean() < 0.03


def test_the_pair_that_interacts_is_found_and_the_others_need_not_be():
    sample, other = sample_of(6000, 2), sample_of(1000, 3)
    tables = distilled(sample, effect(sample.codes), most_pairs=1)
    assert [(pair.left, pair.right) for pair in tables.pairs] == [(0, 2)]
    assert np.abs(tables.log_odds(other.columns) - effect(other.codes)).mean() < 0.15


def test_little_is_lost_against_the_boosted_model_it_was_read_from():
    sample, other = sample_of(6000, 4), sample_of(6000, 5)
    (boosted,) = grow_boosted([sample], [other])
    (mains,) = grow_mains([sample], [other]).tables
    tables = distilled(sample, boosted.log_odds(sample))
    lost = log_loss(other.label, other.log_odds(tables)) - log_loss(other.label, boosted.log_odds(other))
    assert lost < 0.001
    assert log_loss(other.label, other.log_odds(tables)) < log_loss(other.label, other.log_odds(mains)) - 0.02


def test_the_order_of_the_features_changes_nothing():
    sample = sample_of(3000, 6)
    turned = replace(sample, features=sample.features[::-1], codes=np.asfortranarray(sample.codes[:, ::-1]))
    one, other = (distilled(rows, effect(sample.codes)) for rows in (sample, turned))
    assert np.allclose(one.log_odds(sample.columns), other.log_odds(turned.columns), rtol=0, atol=1e-3)


def test_labels_are_not_looked_at():
    sample = sample_of(1000, 7)
    flipped = replace(sample, label=1 - sample.label)
    one, other = (distilled(rows, effect(sample.codes)) for rows in (sample, flipped))
    assert np.array_equal(one.log_odds(sample.columns), other.log_odds(sample.columns))


def test_a_constant_is_told_by_the_intercept():
    sample = sample_of(500, 8)
    tables = distilled(sample, np.full(500, -1.3))
    assert np.allclose(tables.log_odds(sample.columns), -1.3)


def test_a_blend_of_tables_alone_is_exact():
    sample = sample_of(1000, 9, offset=0.7)
    models = [Tabled(grow_mains([sample], None, rounds=rounds).tables[0]) for rounds in (20, 60)]
    tables = blended_tables(models, [0.3, 0.7], sample)
    wanted = 0.3 * models[0].log_odds(sample) + 0.7 * models[1].log_odds(sample)
    assert np.allclose(sample.log_odds(tables), wanted, rtol=0, atol=1e-12)


def test_centring_changes_no_score_and_leaves_every_mean_at_zero():
    sample = sample_of(4000, 10)
    tables = distilled(sample, effect(sample.codes))
    middle = centred(tables, sample)
    assert np.allclose(sample.log_odds(middle), sample.log_odds(tables), rtol=0, atol=1e-9)
    for table, codes in zip(middle.main, sample.columns, strict=True):
        assert abs(table[codes].mean()) < 1e-9
    for pair in middle.pairs:
        assert abs(pair.table.ravel()[pair.codes(sample.columns)].mean()) < 1e-6


def test_recombined_leads_hold_every_lead_and_nothing_but_their_values():
    sample = sample_of(300, 11)
    rows = recombined(sample)
    assert np.array_equal(rows.codes[:300], sample.codes)
    assert len(rows.codes) > 300
    for position in range(3):
        assert set(rows.codes[:, position]) == set(sample.codes[:, position])
        counts = [np.bincount(part[:, position], minlength=40) / len(part) for part in (rows.codes, sample.codes)]
        assert np.abs(counts[0] - counts[1]).max() < 0.03
    assert np.isclose(rows.weight.sum(), 2 * sample.weight.sum())


def test_leads_known_by_heart_count_for_nothing():
    sample = sample_of(400, 12)
    rows = recombined(sample, known_by_heart=True)
    assert not rows.weight[:400].any()
    assert rows.weight[400:].all()
