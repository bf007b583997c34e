"""How the training part judges itself: forward in time where time is known, else by groups left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from leadml.predict.encoding import Codes, Floats
from leadml.training.folds import Fold, Rows, forward_folds, grouped_folds, signatures

_FOLDS = 5
_FORWARD_FOLDS = 4
# Accounts of the rarer outcome that the oldest fold must learn from: models of fewer say nothing about the one served.
_LEAST_LOOKING_BACK = 60
_REPEAT_BELOW = 5_000  # rows; below, chance in dealing the folds is worth averaging out
_REPEATS = 3
_FEWER_BAGS_FROM = 20_000
_FEWER_BAGS = 3


@dataclass(frozen=True)
class Plan:
    """Folds to judge candidates by, and bags to grow what is served.

    `importance` has one figure per fold. With `forward`, each fold's judged rows are later than its training rows, and
    newer folds count for more: their models saw the most, and their rows are the nearest to those that will be scored.
    Else the folds are the bags: each row is judged by the models of the folds that left it out.
    """

    folds: tuple[Fold, ...]
    forward: bool
    bags: tuple[Rows, ...]
    importance: Floats


def make_plan(
    label: Floats, codes: Codes, order: Floats | None, groups: np.ndarray[Any, Any] | None, gap: float, seed: int
) -> Plan:
    """A plan for rows; `order` and `gap` in the same unit, `groups` are accounts (never on both sides of a fold)."""
    apart = groups if groups is not None else _look_alikes(codes)
    repeats = _REPEATS if len(label) < _REPEAT_BELOW else 1
    count = min(_fold_count(label), len(np.unique(apart)))  # a fold without an account would judge nothing
    dealt = tuple(fold for repeat in range(repeats) for fold in grouped_folds(label, apart, count, seed + repeat))
    bags = tuple(trained for trained, _ in dealt)
    if order is not None:
        accounts = groups if groups is not None else np.arange(len(label))
        ahead = forward_folds(label, order, accounts, gap, _FORWARD_FOLDS)
        if len(ahead) > 1 and _rarer_accounts(label, accounts, ahead[0][0]) >= _LEAST_LOOKING_BACK:
            # The more rows, the less there is to average out by bags.
            enough = bags if len(label) < _FEWER_BAGS_FROM else bags[:_FEWER_BAGS]
            return Plan(tuple(ahead), True, enough, np.exp2(np.arange(len(ahead), dtype=np.float64)))
    return Plan(dealt, False, bags, np.ones(len(dealt)))


def _rarer_accounts(label: Floats, accounts: np.ndarray[Any, Any], rows: Rows) -> int:
    """How many accounts of the rarer outcome there are among some rows."""
    return min(len(np.unique(accounts[rows][label[rows] == outcome])) for outcome in (0.0, 1.0))


def _look_alikes(codes: Codes) -> np.ndarray[Any, Any]:
    """Rows with the same codes as one group, where that is the exception.

    Repeats of a lead on both sides of a fold would flatter whatever remembers leads. Where most rows repeat another,
    repeating is what leads do here, and the leads to be scored will do it too.
    """
    alike = signatures(codes)
    return alike if 2 * len(np.unique(alike)) > len(alike) else np.arange(len(alike))


def _fold_count(label: Floats) -> int:
    rarer = int(min(label.sum(), len(label) - label.sum()))
    return int(np.clip(rarer, 2, _FOLDS))
