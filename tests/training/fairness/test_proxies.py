from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from leadml.predict import Scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables
from leadml.training.fairness.groups import people_groups
from leadml.training.fairness.proxies import proxies

LEADS = 2_000
NAMES = ("proxy", "silent proxy", "plain", "weak")


def scorer() -> Scorer:
    """Four numbers; all but the silent proxy move the score."""
    edges = np.linspace(-1.5, 1.5, 7)
    features = tuple(Feature(name, name, "number", "fit", name.title(), edges) for name in NAMES)
    slopes = (0.5, 0.0, 0.8, 0.01)
    main = tuple(slope * np.r_[0.0, np.linspace(-1, 1, 8)] for slope in slopes)
    columns = tuple(Column(name, "number", "fit", name.title()) for name in NAMES)
    return Scorer(columns, features, ScoreTables(-1.0, main), Policy((0.6, 0.4, 0.2)))


def company(seed: int) -> tuple[pa.Table, pa.Array, np.ndarray]:
    random = np.random.default_rng(seed)
    woman = random.random(LEADS) < 0.4
    rows = {name: random.normal(0, 1, LEADS) for name in NAMES}
    rows["proxy"] += 1.2 * woman
    rows["silent proxy"] += 2.0 * woman
    rows["weak"] += 1.2 * woman
    return pa.table(rows), pa.array(np.where(woman, "female", "male")), np.arange(LEADS) // 2


@pytest.mark.parametrize("seed", range(5))
def test_what_tells_the_group_and_moves_the_score_is_named_and_nothing_else(seed):
    rows, values, accounts = company(seed)
    told = proxies(scorer(), rows, people_groups(values), accounts)
    assert [one["feature"] for one in told["features"] if one["named"]] == ["proxy"]
    tells = {one["feature"]: one["tells"] for one in told["features"]}
    assert tells["silent proxy"] > tells["proxy"] > 0.02
    assert "plain" not in tells
    assert 0.02 < told["score_tells"] < 0.5
    assert told["features"][0]["between"] > 0.1


def test_unrelated_features_are_never_named():
    rows, _, accounts = company(1)
    for seed in range(20):
        lots = pa.array(np.random.default_rng(seed).choice(["a", "b", "c"], LEADS))
        told = proxies(scorer(), rows, people_groups(lots), accounts)
        assert not any(one["named"] for one in told["features"])
        assert told["score_tells"] < 0.01


def test_one_group_alone_is_told_by_nothing():
    rows, _, accounts = company(1)
    told = proxies(scorer(), rows, people_groups(pa.array(["a"] * LEADS)), accounts)
    assert told == {"score_tells": None, "features": []}


def test_a_feature_that_is_the_column_itself_tells_nearly_all_of_it():
    rows, values, accounts = company(2)
    rows = rows.set_column(0, "proxy", pa.array(np.where(np.array(values.to_pylist()) == "male", -2.0, 2.0)))
    told = proxies(scorer(), rows, people_groups(values), accounts)
    assert told["features"][0]["feature"] == "proxy"
    assert told["features"][0]["tells"] > 0.97
