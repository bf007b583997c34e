import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from leadml.training.audit.repeats import find_repeats


def find(rows, tested):
    """One account per row; the last `tested` rows test."""
    split = len(rows["size"]) - tested
    numbers = np.arange(len(rows["size"]))
    return find_repeats(pa.table(rows), numbers, numbers[:split], numbers[split:])


def test_leads_of_the_test_that_repeat_older_ones_are_counted():
    (finding,) = find({"size": [1.0, 2.0, None, 1.0, None, 3.0], "source": ["a", "b", None, "a", None, "a"]}, 3)
    assert (finding.code, finding.level, finding.column) == ("L107", "note", None)
    assert finding.message.startswith("2 of 3 leads in the part that tests the model repeat one")
    assert "leads.account" in finding.advice


def test_leads_that_differ_in_one_column_are_no_repeats():
    assert find({"size": [1.0, 2.0, 1.0, 2.0], "source": ["a", "a", "b", "b"]}, 2) == []


def test_repeats_within_the_newest_part_alone_are_none():
    assert find({"size": [1.0, 2.0, 3.0, 3.0]}, 2) == []


def test_no_columns_repeat_nothing():
    assert find_repeats(pa.table({}), np.arange(4), np.arange(2), np.arange(2, 4)) == []


@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([None, "a", "b"])), min_size=2))
def test_the_count_is_that_of_a_set(rows):
    older, newest = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    repeats = sum(row in set(older) for row in newest)
    numbers = np.arange(len(rows))
    table = pa.table(
        {"one": pa.array([r[0] for r in rows], pa.string()), "two": pa.array([r[1] for r in rows], pa.string())}
    )
    found = find_repeats(table, numbers, numbers[: len(older)], numbers[len(older) :])
    said = [int(finding.message.split(" ")[0]) for finding in found]
    assert said == ([repeats] if repeats > 0.1 * len(newest) else [])
