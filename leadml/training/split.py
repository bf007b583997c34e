"""The one split that judges a model: the newest snapshots test it, older ones train it, accounts stay whole."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import TrainingError
from leadml.predict.encoding import Floats
from leadml.training.folds import Rows

Mask = np.ndarray[Any, np.dtype[np.bool_]]
Groups: TypeAlias = np.ndarray[Any, Any] | pa.Array | pa.ChunkedArray | Sequence[str]


@dataclass(frozen=True)
class Split:
    """Row numbers, ascending; every row is in exactly one of `train`, `test` and `left_out`.

    `boundary` is the time at which the newest part begins, None where the split is by account alone.
    """

    train: Rows
    test: Rows
    left_out: Rows
    boundary: float | None


def account_codes(groups: Groups) -> Rows:
    """0, 1, 2, ... for each row's account, numbered by the accounts' own sort order, so that row order is no matter."""
    ranks = pc.rank(_as_arrow(groups), sort_keys="ascending", tiebreaker="dense")
    return np.asarray(ranks, dtype=np.int64) - 1


def _as_arrow(groups: Groups) -> pa.Array | pa.ChunkedArray:
    return groups if isinstance(groups, (pa.Array, pa.ChunkedArray)) else pa.array(groups)


def split_newest(
    order: Floats | None,
    groups: Groups,
    *,
    label: Floats | None = None,
    share: float = 0.2,
    gap: float = 0.0,
    seed: int = 0,
) -> Split:
    """The newest `share` of the rows tests, as far as their accounts are new to training.

    An account with rows on both sides stays in the training part and leaves the test part. The other way round would
    select on the outcome: the older rows of an account that is still open at the boundary are all rows that had not
    converted, and a training part without them converts more often than leads do.

    Args:
        order: float array (rows,) or None, sortable time. Equal times stay on one side. With None, or a single time,
            accounts are dealt at random.
        groups: array (rows,), the account of each row. The training part loses no account; the test part loses those
            that occur in it.
        label: float array (rows,) or None, 1 won and 0 otherwise. Only a random split uses it: accounts with and
            without a win are dealt in proportion.
        share: share of the rows that test.
        gap: the horizon, in the unit of `order`. A training row's label must be known when the test part begins: rows
            with `order + gap > boundary` are left out.
        seed: picks the accounts of a random split.

    Raises:
        TrainingError: nothing is left to train on or to test with, or `order` has missing values.
    """
    accounts = account_codes(groups)
    if order is None or (len(order) and np.ptp(order) == 0):
        return _by_account(accounts, groups, label, share, seed)
    if not np.isfinite(order).all():
        row = int(np.flatnonzero(~np.isfinite(order))[0])
        raise TrainingError(f"The time of row {row + 1} is missing: give every row a time, or give no time at all.")
    boundary = _boundary(order, share)
    train = (order < boundary) & (order + gap <= boundary)
    test = (order >= boundary) & ~_members(accounts, train)
    if not (train.any() and test.any()):
        raise TrainingError(_nothing_left(order, boundary, gap, spanned=bool(train.any())))
    return _split(train, test, float(boundary))


def _boundary(order: Floats, share: float) -> float:
    """The time that puts the number of test rows nearest to `share`; never the first time, which leaves no past."""
    times, counts = np.unique(order, return_counts=True)
    newer = np.cumsum(counts[::-1])[::-1]
    return float(times[1:][np.argmin(np.abs(newer[1:] - share * len(order)))])


def _by_account(accounts: Rows, groups: Groups, label: Floats | None, share: float, seed: int) -> Split:
    size = np.bincount(accounts)
    if len(size) < 2:
        raise TrainingError(
            f"All {len(accounts)} rows belong to one account: nothing is left to train on once it is tested. "
            "Check the account column, or leave it unmapped."
        )
    won = np.bincount(accounts, weights=label) > 0 if label is not None else np.zeros(len(size), dtype=bool)
    lot = _lots(accounts, groups, seed)
    chosen = np.zeros(len(size), dtype=bool)
    for stratum in (np.flatnonzero(won), np.flatnonzero(~won)):
        dealt = stratum[np.argsort(lot[stratum])]
        middle = np.cumsum(size[dealt]) - size[dealt] / 2
        chosen[dealt] = middle < share * size[stratum].sum()
    if chosen.all() or not chosen.any():  # a handful of accounts: one of them tests
        chosen = lot == lot.min()
    test = chosen[accounts]
    return _split(~test, test, None)


def _lots(accounts: Rows, groups: Groups, seed: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """A number per account that depends on its name and the seed alone."""
    row = np.empty(accounts.max() + 1, dtype=np.int64)
    row[accounts] = np.arange(len(accounts))
    return np.array(
        [
            int.from_bytes(hashlib.blake2b(f"{seed}|{name}".encode(), digest_size=8).digest(), "big")
            for name in _as_arrow(groups).take(pa.array(row)).to_pylist()
        ],
        dtype=np.uint64,
    )


def _members(accounts: Rows, rows: Mask) -> Mask:
    """Which rows belong to an account that `rows` contains."""
    seen = np.zeros(accounts.max() + 1, dtype=bool)
    seen[accounts[rows]] = True
    return seen[accounts]


def _split(
    train: Mask,
    test: Mask,
    boundary: float | None,
) -> Split:
    return Split(np.flatnonzero(train), np.flatnonzero(test), np.flatnonzero(~train & ~test), boundary)


def _nothing_left(order: Floats, boundary: float, gap: float, *, spanned: bool) -> str:
    if spanned:
        return (
            "Every account among the newest rows, which are to test the model, also has older rows, which train it: "
            "nothing is left to test with. Check that the account column names companies, or leave it unmapped."
        )
    return (
        f"The rows before the newest part span {boundary - order.min():.6g}, and the horizon of {gap:.6g} must pass "
        "before an outcome counts as known: nothing is left to train on. Shorten the horizon or add older leads."
    )
