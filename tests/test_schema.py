from __future__ import annotations

import pyarrow as pa
import pytest

from leadml.schema import Counts, LeadTables


def test_counts_that_do_not_add_up_cannot_be_made() -> None:
    with pytest.raises(AssertionError, match=r"10 rows read are not 7 kept \+ 2 rejected"):
        Counts(10, 7, 2)


def test_the_summary_says_in_one_line_what_was_rejected_and_why_most_frequent_first() -> None:
    reasons = ["not a date", "duplicate lead id", "duplicate lead id"]
    tables = LeadTables(
        leads=pa.table({"lead_id": ["1"]}),
        attributes=(),
        answers={},
        activities=None,
        history=None,
        rejects=pa.table({"table": ["leads"] * 3, "reason": reasons}),
        counts={"leads": Counts(20_003, 20_000, 3), "activities": Counts(5, 5, 0)},
    )
    assert tables.summary() == (
        "leads: 20,003 read, 20,000 kept, 3 rejected (2 duplicate lead id, 1 not a date);"
        " activities: 5 read, 5 kept, 0 rejected"
    )
