from __future__ import annotations

import numpy as np
import pyarrow as pa

from leadml.training.calibration.segments import segment_calibration, segment_columns
from leadml.training.cutoffs import SegmentPolicy


def test_a_segment_that_is_off_is_flagged_and_the_others_are_not():
    random = np.random.default_rng(1)
    segment = np.array(["web", "fair", "call", None], dtype=object)[random.integers(0, 4, 2_000)]
    chance = random.uniform(0.1, 0.5, 2_000)
    label = (random.random(2_000) < np.where(segment == "fair", chance / 2, chance)).astype(float)
    told = segment_calibration(label, chance, np.arange(2_000), {"source": pa.array(segment)})
    assert {one["value"]: one["off"] for one in told} == {"web": False, "fair": True, "call": False, None: False}
    assert sum(one["rows"] for one in told) == 2_000


def test_true_probabilities_are_rarely_flagged_however_many_segments_there_are():
    random = np.random.default_rng(2)
    flagged = 0
    for _ in range(10):
        segment = random.integers(0, 15, 1_500).astype(str)
        chance = random.uniform(0.1, 0.5, 1_500)
        label = (random.random(1_500) < chance).astype(float)
        flagged += any(
            one["off"] for one in segment_calibration(label, chance, np.arange(1_500), {"source": pa.array(segment)})
        )
    assert flagged <= 2


def test_segments_of_a_few_accounts_are_passed_over():
    told = segment_calibration(np.ones(40), np.full(40, 0.2), np.arange(40) // 10, {"source": pa.array(["a"] * 40)})
    assert told == []


def test_segments_of_cutoffs_go_by_the_names_that_the_user_gave_them_and_never_by_the_values_of_their_column():
    features = pa.table({"team": ["Ann Abel", "Bo Bell", None, "Cy Carr"], "source": ["web"] * 4, "size": [1.0] * 4})
    north = SegmentPolicy(name="north", column="team", one_of=("ann abel",))
    south = SegmentPolicy(name="south", column="team", one_of=("Cy Carr",))
    columns = segment_columns(features, "source", (north, south))
    assert columns.keys() == {"source", "cutoff segment"}
    assert columns["cutoff segment"].to_pylist() == ["north", "all others", "all others", "south"]
    assert segment_columns(features, "size", ()) == {}
