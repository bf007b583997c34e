from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from leadml.sources.parts.hashing import Hasher, PartsOfLeads

ROWS = st.lists(st.tuples(st.sampled_from([0, 1, 2, 2**60, 2**63, 2**64 - 1]), st.integers(0, 4)), max_size=30)


@given(rows=ROWS, cuts=st.lists(st.integers(0, 30), max_size=3))
def test_a_lead_is_where_its_first_row_is(rows: list[tuple[int, int]], cuts: list[int]) -> None:
    leads = np.array([lead for lead, _ in rows], np.uint64)
    parts = np.array([part for _, part in rows], np.uint16)
    where = PartsOfLeads(5)
    for piece in np.split(np.arange(len(rows)), sorted(min(cut, len(rows)) for cut in cuts)):
        where.add(leads[piece], parts[piece], piece + 1)
    numbers, old, new = where.settle()
    first: dict[int, int] = {}
    for lead, part in rows:
        if lead:  # 0 is a missing id
            first.setdefault(lead, part)
    moves = {at + 1: (part, first[lead]) for at, (lead, part) in enumerate(rows) if lead and first[lead] != part}
    found = zip(numbers.tolist(), zip(old.tolist(), new.tolist(), strict=True), strict=True)
    assert dict(found) == moves
    asked = [*first, 77]
    expected = [*first.values(), 77 % 5]
    assert where.of(np.array(asked, np.uint64)).tolist() == expected


def test_equal_texts_have_equal_hashes_and_a_missing_one_has_none() -> None:
    with Hasher() as hasher:
        one, other, again, missing = hasher.of(pa.array(["a", "b", "a", None])).tolist()
    assert one == again != other
    assert missing == 0
