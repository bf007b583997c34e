"""Segments with cutoffs of their own: each row is treated as if its segment's cutoffs were everybody's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadml.errors import BundleError
from leadml.predict import load_scorer, save_scorer
from leadml.predict.encoding import Column
from leadml.predict.policy import Policy
from leadml.predict.segments import Segment, segment_numbers

REGION = Column("region of sales", "category", "fit", "Region")
word = st.sampled_from([None, "North", " north ", "South", "west"])
cutoff = st.none() | st.floats(0, 1)
few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])


def in_regions(scorer, rows, regions, segments):
    policy = replace(scorer.policy, segments=tuple(segments))
    return (
        replace(scorer, columns=(*scorer.columns, REGION), policy=policy),
        rows.append_column(REGION.name, pa.array(regions, pa.string())),
    )


def drawn(data, worlds):
    scorer, rows = data.draw(worlds)
    words = data.draw(st.lists(word, min_size=len(rows), max_size=len(rows)))
    north, south = (
        Segment(name, REGION.name, (name,), data.draw(cutoff), data.draw(cutoff)) for name in ("NORTH", "south")
    )
    return *in_regions(scorer, rows, words, (north, south)), (None, north, south)


@few
@given(data=st.data())
def test_a_row_is_staged_and_asked_by_the_cutoffs_of_its_own_segment_and_nobody_elses(worlds, data):
    scorer, rows, groups = drawn(data, worlds)
    scored = scorer.score(rows)
    numbers = segment_numbers(rows, REGION.name, [one.values for one in groups[1:]])
    for row, number in enumerate(numbers):
        own = groups[number + 1]
        policy = replace(scorer.policy, segments=())
        if own is not None:
            policy = replace(policy, mql=own.mql, sql=own.sql)
        alone = replace(scorer, policy=policy).score(rows.slice(row, 1)).to_pylist()[0]
        assert scored.slice(row, 1).to_pylist()[0] == alone | {"segment": None if own is None else own.name}


@few
@given(data=st.data())
def test_rows_in_chunks_and_at_once_agree_to_the_last_bit(worlds, data):
    scorer, rows, _ = drawn(data, worlds)
    size = data.draw(st.integers(1, 7))
    chunks = [scorer.score(rows.slice(start, size)).to_pylist() for start in range(0, rows.num_rows, size)]
    assert [row for chunk in chunks for row in chunk] == scorer.score(rows).to_pylist()


def test_segments_come_back_from_a_bundle_as_they_were(scorer, rows_of, tmp_path):
    rows = rows_of(scorer, 3, 20)
    north = Segment("north", REGION.name, ("North", "Nord"), 0.1 + 0.2, None)
    scorer, rows = in_regions(scorer, rows, ["Nord", None] * 10, [north])
    save_scorer(scorer, tmp_path / "a.leadml")
    loaded = load_scorer(tmp_path / "a.leadml")
    assert loaded.policy == scorer.policy
    drop = ["bundle"]
    assert loaded.score(rows).drop_columns(drop).equals(scorer.score(rows).drop_columns(drop))


@pytest.mark.parametrize(
    "segments",
    [
        [Segment("north", "no such column", ("North",), 0.2, 0.3)],
        [Segment("north", REGION.name, ("North",), 1.2, None)],
        [Segment("north", REGION.name, ("North",), 0.2), Segment("n", REGION.name, (" NORTH ",), 0.3)],
        [Segment("north", REGION.name, ("North",), 0.2), Segment("north", REGION.name, ("South",), 0.3)],
    ],
)
def test_a_bundle_whose_segments_cannot_be_is_refused(scorer, rows_of, tmp_path, segments):
    scorer, _ = in_regions(scorer, rows_of(scorer, 3, 1), [None], segments)
    with pytest.raises(BundleError, match="segments that are not apart"):
        save_scorer(scorer, tmp_path / "a.leadml")


def test_a_number_is_of_the_segment_that_writes_it():
    table = pa.table({"size": [1.0, 2.0, 2.5, None]})
    assert np.array_equal(segment_numbers(table, "size", [["1"], ["2.5", "7"]]), [0, -1, 1, -1])


@pytest.mark.parametrize("policy", [{"mql": 0.4, "sql": 0.2}, {"sql": 0.2}])
def test_a_bundle_whose_sql_lies_below_its_mql_is_never_written(scorer, tmp_path, policy):
    with pytest.raises(BundleError, match="no probabilities in order"):
        save_scorer(replace(scorer, policy=Policy((0.5, 0.3, 0.1), **policy)), tmp_path / "a.leadml")
