"""The linear candidate is a penalised logistic regression, in tables."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from sklearn.linear_model import LogisticRegression

from leadml.predict.encoding import Feature
from leadml.predict.tables import probability
from leadml.training.binning import quantile_edges, with_tails
from leadml.training.linear import fit_linear, fit_shapes
from leadml.training.sample import Sample


def sample_of(rows: int = 1500, offset: float = 0.0) -> Sample:
    rng = np.random.default_rng(0)
    features = (
        Feature("n", "n", "number", "fit", "n", edges=np.linspace(-1, 1, 9)),
        Feature("c", "c", "category", "fit", "c", levels=("x", "y", "z")),
    )
    codes = np.column_stack([rng.integers(0, feature.n_codes, rows) for feature in features]).astype(np.uint16)
    effect = 0.3 * codes[:, 0] - 1.5 + (codes[:, 1] == 2)
    label = (rng.random(rows) < 1 / (1 + np.exp(-effect))).astype(float)
    return Sample(features, codes, label, np.full(rows, offset), np.ones(rows))


def test_the_fit_is_that_of_logistic_regression_on_the_same_shapes():
    sample = sample_of()
    shapes = fit_shapes(sample)
    design = (shapes.matrix(sample.codes) @ shapes.basis).toarray()
    judge = LogisticRegression(C=1 / 7.0, tol=1e-10, max_iter=5000).fit(design, sample.label)
    (tables,) = fit_linear(sample, [7.0])
    assert np.allclose(sample.log_odds(tables), judge.decision_function(design), atol=2e-3)


def test_an_offset_common_to_all_rows_changes_no_prediction():
    (plain,) = fit_linear(sample_of(), [10.0])
    (moved,) = fit_linear(sample_of(offset=1.5), [10.0])
    sample = sample_of()
    assert np.allclose(sample.log_odds(plain), sample.log_odds(moved) + 1.5, atol=2e-3)


def test_a_stronger_penalty_gives_flatter_tables_in_the_order_asked_for():
    weak, strong = fit_linear(sample_of(), [1.0, 1000.0])
    assert np.ptp(strong.main[0]) < np.ptp(weak.main[0])
    assert np.ptp(strong.main[1]) < np.ptp(weak.main[1])


def test_codes_never_seen_say_nothing_for_a_category():
    sample = sample_of()
    seen = sample.take(np.flatnonzero(sample.codes[:, 1] != 3))
    (tables,) = fit_linear(seen, [10.0])
    assert tables.main[1][3] == 0


def test_a_trend_goes_on_beyond_what_was_seen():
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 10, 4000)
    won = (rng.random(4000) < probability(0.3 * values - 1.5)).astype(float)
    edges = with_tails(quantile_edges(values), values)
    feature = Feature("v", "v", "number", "fit", "v", edges=edges)
    codes = feature.codes(pa.array(values)).reshape(-1, 1)
    (tables,) = fit_linear(Sample((feature,), codes, won, np.zeros(4000), np.ones(4000)), [3.0])
    far, near = (tables.main[0][feature.codes(pa.array([value]))[0]] for value in (13.0, 10.0))
    assert 0.1 < (far - near) / 3 < 0.4
