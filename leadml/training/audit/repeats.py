"""Leads that are on both sides of the split: the test then asks for what was learned by heart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from leadml.training.findings import Finding
from leadml.training.folds import Rows

_REPEATED = 0.1


def find_repeats(rows: pa.Table, accounts: Rows, older: Rows, newest: Rows) -> list[Finding]:
    """A finding where more than a tenth of the newest leads repeat an older one of another account in every column.

    Args:
        rows: the columns to compare (rows); no column, no finding.
        accounts: (rows,) the number of each row's account.
        older: row numbers that are learned from.
        newest: row numbers that test.
    """
    if not rows.num_columns:
        return []
    tested = len(np.unique(accounts[newest]))
    repeating = np.sort(np.concatenate([older, newest]))
    is_new = np.isin(repeating, newest)
    pattern = np.zeros(len(repeating), dtype=np.int64)
    for values in rows.columns:
        # A further column only parts rows: what no longer repeats need not be looked at again.
        pattern = _refined(pattern, values.take(pa.array(repeating)))
        both = np.isin(pattern, pattern[is_new]) & np.isin(pattern, pattern[~is_new])
        repeating, is_new, pattern = repeating[both], is_new[both], pattern[both]
        # Accounts are whole: one of the newest has no older row, so what it repeats belongs to another.
        repeats = len(np.unique(accounts[repeating[is_new]]))
        if repeats <= _REPEATED * tested:
            return []
    alone = len(np.unique(accounts)) == len(accounts)
    what = "leads in the part that tests the model repeat one that is learned from"
    if not alone:
        what = "accounts in the part that tests the model have a lead that repeats one of another account"
    return [
        Finding(
            "L107",
            "note",
            None,
            f"{repeats:,} of {tested:,} {what}, in every column.",
            "Where these are one company entered twice, map leads.account so that it stays on one side; a few coarse "
            "columns repeat by themselves.",
        )
    ]


def _refined(pattern: Rows, values: pa.ChunkedArray) -> Rows:
    """A number per row, the same for rows of the same pattern and value."""
    codes = np.asarray(values.combine_chunks().dictionary_encode().indices.fill_null(-1), dtype=np.int64) + 1
    both = pa.array(pattern * (codes.max(initial=0) + 1) + codes).dictionary_encode()
    return np.asarray(both.indices, dtype=np.int64)
