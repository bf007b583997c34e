"""Counts of a run add up, or they are refused."""

from __future__ import annotations

from typing import Any

import pytest

from leadml.operations.scoring.counts import RunCounts

GOOD = {
    "read": 10, "rejected": 1, "kept": 9, "scored": 6, "not_scored": 3,
    "added": 1, "changed": 2, "unchanged": 3, "removed": 4,
}  # fmt: skip


def test_counts_that_add_up_are_taken() -> None:
    assert RunCounts(**GOOD).scored == 6


@pytest.mark.parametrize(
    ("spoiled", "message"),
    [
        ({"rejected": 2}, "10 leads read are not 9 kept"),
        ({"not_scored": 4}, "9 leads kept are not 6 scored"),
        ({"changed": 3}, "6 leads scored are not 1 added"),
        ({"removed": -1}, "below zero"),
    ],
)
def test_counts_that_do_not_add_up_are_refused(spoiled: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        RunCounts(**(GOOD | spoiled))
