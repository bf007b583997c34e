"""The laws of kept inputs: a score can be had again to the last bit, and nothing else passes for one."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadml.errors import BundleError
from leadml.predict.calibration import MonotoneMap
from leadml.predict.packing import Packing
from leadml.predict.rules.conditions import ActivityCount, CountCondition, ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.predict.segments import Segment

few = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])


def enriched(scorer, seed):
    """The scorer with a calibration map, segments, gates, and rules that count and are bounded, as the seed has it."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.normal(size=4))
    if rng.random() < 0.5:
        scorer = replace(scorer, calibration=MonotoneMap(at, np.sort(rng.normal(size=4))))
    texts = [column.name for column in scorer.columns if column.kind == "category"]
    if texts and rng.random() < 0.5:
        segments = (Segment("Web", texts[0], ("web", "no"), 0.3, 0.6), Segment("Other", texts[0], ("über",)))
        scorer = replace(scorer, policy=replace(scorer.policy, segments=segments))
    numbers = [column.name for column in scorer.columns if column.kind == "number"]
    if numbers and rng.random() < 0.7:
        scorer = replace(scorer, rulebook=counting_rules(rng, numbers[0], scorer.rulebook))
    return scorer


class Count(ActivityCount):
    """A count that is kept in a column of the rows."""

    @property
    def column(self):
        return self.types[0]


def counting_rules(rng, column, rulebook):
    count, known = Count((column,)), ValueCondition("attribute", column, known=True, column=column)
    each = Rule("each", 1.37, each=count, most_points=4.0)
    once = Rule("at least one", -2.5, when=(CountCondition(count, at_least=1.0),))
    most = 3.0 if rng.random() < 0.5 else None
    dimensions = (
        Dimension("All", (each, once), counts="all", most_points=most, least_points=-1.0),
        Dimension("Plain", (once, Rule("known", 4.1, when=(known,))), counts="all", most_points=most, only=(known,)),
        Dimension("First", (each, once), counts="first", otherwise=0.1),
    )
    gates = (Gate("Must be known", (known,)), Gate("None", (CountCondition(count, at_most=0.0),), stops="SQL"))
    before = () if rulebook is None else rulebook.dimensions
    return Rulebook("Counting", "", (*before, *dimensions), gates)


@few
@given(data=st.data())
def test_what_a_row_keeps_of_its_inputs_gives_the_whole_score_row_again_to_the_last_bit(worlds, data):
    scorer, rows = data.draw(worlds)
    scorer = enriched(scorer, data.draw(st.integers(0, 99)))
    scored = scorer.score(rows, inputs=True)
    bare = scorer.score(rows)
    assert scored.drop_columns(["inputs"]).equals(bare)
    assert scorer.replayed(scored["inputs"]).equals(bare)
    order = np.random.default_rng(0).permutation(rows.num_rows)
    assert scorer.replayed(scored["inputs"].take(order)).to_pylist() == bare.take(order).to_pylist()
    for row in range(min(rows.num_rows, 3)):
        alone = scored["inputs"].combine_chunks().slice(row, 1)
        assert scorer.replayed(alone).to_pylist() == bare.slice(row, 1).to_pylist()


@few
@given(data=st.data())
def test_replayed_terms_are_the_contributions_of_the_rows(worlds, data):
    scorer, rows = data.draw(worlds)
    scorer = enriched(scorer, data.draw(st.integers(0, 99)))
    codes, terms = scorer.replayed_terms(scorer.score(rows, inputs=True)["inputs"])
    told = scorer.contributions(rows)
    assert len(codes) == len(scorer.terms)
    assert np.array_equal(terms, np.array([column.to_numpy() for column in told.columns[1:]]).reshape(terms.shape))


def test_a_large_table_is_replayed_as_its_rows_are(scorer, rows_of):
    scored = enriched(scorer, 3).score(rows_of(scorer, 5, 16_384 + 1_001), inputs=True)
    assert enriched(scorer, 3).replayed(scored["inputs"]).equals(scored.drop_columns(["inputs"]))


@few
@given(data=st.data())
def test_damaged_inputs_and_those_of_another_bundle_are_refused(worlds, data):
    scorer, rows = data.draw(worlds.filter(lambda world: world[1].num_rows > 0))
    scorer = enriched(scorer, data.draw(st.integers(0, 99)))
    texts = scorer.score(rows, inputs=True)["inputs"].to_pylist()
    row = data.draw(st.integers(0, len(texts) - 1))
    place = data.draw(st.integers(0, len(texts[row]) - 1))
    letter = data.draw(st.sampled_from("ABab01+/=-\n é").filter(lambda one: one != texts[row][place]))
    damaged = [
        texts[row][:place] + letter + texts[row][place + 1 :],
        *(texts[row][:place], texts[row] + "AAAA", texts[row] + texts[row], "", "====", None),
    ]
    for one in damaged:
        with pytest.raises(BundleError, match=f"^The inputs of row {row + 1} are .*Replay them with the bundle"):
            scorer.replayed(pa.array([*texts[:row], one, *texts[row + 1 :]], pa.string()))
    other = replace(scorer, tables=replace(scorer.tables, intercept=scorer.tables.intercept + 1e-9))
    with pytest.raises(BundleError, match="are damaged, or were written by another bundle than this one"):
        other.replayed(pa.array(texts))


def test_a_bundle_replays_what_it_scored_before_it_was_saved(scorer, rows_of, tmp_path):
    from leadml.predict import load_scorer, save_scorer

    scored = scorer.score(rows_of(scorer, 2, 40), inputs=True)
    saved = save_scorer(scorer, tmp_path / "one.leadml")
    for one in (saved, load_scorer(tmp_path / "one.leadml")):
        again = one.replayed(scored["inputs"])
        assert again.drop_columns(["bundle"]).equals(scored.drop_columns(["inputs", "bundle"]))


@few
@given(data=st.data())
def test_any_digits_and_floats_are_unpacked_as_they_were_packed(data):
    sizes = data.draw(st.lists(st.sampled_from([1, 2, 3, 255, 256, 257, 65_535]), max_size=30))
    floats, count = data.draw(st.integers(0, 4)), data.draw(st.integers(0, 9))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    digits = [rng.integers(0, size, count) for size in sizes]
    numbers = [rng.choice([0.0, -0.0, np.nan, np.inf, 1.5, rng.normal()], count) for _ in range(floats)]
    packing = Packing(sizes, floats, b"12345678")
    found, again = packing.unpack(packing.pack(digits, numbers, count))
    assert all(np.array_equal(one, other) for one, other in zip(digits, found, strict=True))
    assert [one.tobytes() for one in numbers] == [other.tobytes() for other in again]


def test_a_few_dozen_characters_hold_forty_codes_and_are_written_at_a_million_rows_a_second():
    rng, count = np.random.default_rng(0), 200_000
    digits = [rng.integers(0, 20, count).astype(np.uint16) for _ in range(40)]
    packing = Packing([20] * 40, 0, b"")
    started = time.perf_counter()
    texts = packing.pack(digits, [], count)
    assert time.perf_counter() - started < 1.0  # some twenty times what it takes alone on a machine
    assert len(texts[0].as_py()) <= 40
