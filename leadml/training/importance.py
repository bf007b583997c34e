"""What would be lost without a part of the score: out of time, with an interval.

The measure is the log loss by which leads that the scorer had not seen are predicted worse once all terms of a part
are held at their mean, as a share of what the scorer gains over the base rate. To hold a term of a sum at its mean is
to take away all that it tells about single leads (Covert, Lundberg and Lee, "Understanding global feature contributions
with additive importance measures", NeurIPS 2020, in the form that an additive model allows: no retraining, no
sampling). Parts that tell the same share it, and pairs count for both sides, so shares need not add up to 1. Where a
part tells nothing, its interval covers 0. Intervals are the central 95 % of a bootstrap over accounts (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.predict.encoding import Floats
from leadml.training.evaluation import Interval, drawn_sums, with_intervals
from leadml.training.sample import row_losses
from leadml.training.split import account_codes

Parts: TypeAlias = Mapping[str, Sequence[int]]
"""Positions of terms in the sum, by the name of the part that they make up."""

_REPEATS = 200
# So many rows tell as much as all of them; shares of trees are slow.
_ENOUGH_ROWS = 20_000
_ENOUGH_ROWS_OF_TREES = 2_000


def terms_by_feature(scorer: Scorer) -> dict[str, list[int]]:
    """For each feature its own term and those of its pairs."""
    first = scorer.rule_terms
    parts = {feature.name: [first + place] for place, feature in enumerate(scorer.features)}
    for place, pair in enumerate(scorer.tables.pairs, start=first + len(scorer.features)):
        for side in {pair.left, pair.right}:
            parts[scorer.features[side].name].append(place)
    return parts


def terms_by_column(scorer: Scorer) -> dict[str, list[int]]:
    """For each column that the scorer reads the terms of its features and of the rule dimensions that look at it."""
    parts: dict[str, list[int]] = {}
    of_feature = terms_by_feature(scorer)
    for feature in scorer.features:
        parts.setdefault(feature.column, []).extend(of_feature[feature.name])
    start = 0
    for dimension in scorer.rulebook.dimensions if scorer.rulebook else ():
        for column in filter(None, dict.fromkeys(dimension.columns)):
            parts.setdefault(column, []).extend(range(start, start + dimension.terms))
        start += dimension.terms
    return {column: sorted(set(terms)) for column, terms in parts.items()}


def lost_without(scorer: Scorer, leads: Snapshots, parts: Parts, *, seed: int = 0) -> dict[str, Interval]:
    """What would be lost without each part, as shares (value, low, high) of what the scorer gains.

    Empty where it gains nothing beyond chance: there is nothing to have a share in.

    Args:
        scorer: a scorer that has not seen `leads`.
        leads: snapshots with known outcomes.
        parts: which terms go together.
        seed: picks the accounts of each repeat.
    """
    some = _some(leads, _ENOUGH_ROWS_OF_TREES if scorer.trees else _ENOUGH_ROWS)
    label = some.label
    table = scorer.contributions(some.features)
    terms = [np.asarray(column) for column in table.columns[1:]]
    log_odds = scorer.log_odds(some.features)
    loss = row_losses(label, log_odds)
    rate = np.clip(label.mean(), 1e-9, 1 - 1e-9)
    worse = [row_losses(label, np.full(len(label), np.log(rate / (1 - rate)))) - loss]
    for part in parts.values():
        told = sum((terms[term] for term in part), np.zeros(len(label)))
        worse.append(row_losses(label, log_odds - told + told.mean()) - loss)
    means, repeats = _bootstrapped(np.array(worse), account_codes(some.account_id), seed)
    gain = repeats[:, 0]
    if means[0] <= 0 or np.percentile(gain, 2.5) <= 0:
        return {}
    shares = with_intervals(means[1:] / means[0], repeats[:, 1:] / means[0])
    return dict(zip(parts, shares, strict=True))


def _bootstrapped(
    rows: Floats, accounts: np.ndarray[tuple[int], np.dtype[np.int64]], seed: int
) -> tuple[Floats, Floats]:
    """Means over the rows, shape (figures,), and those of each repeat, shape (repeats, figures)."""
    count = int(accounts.max()) + 1
    sums = [np.bincount(accounts, weights=row, minlength=count) for row in (*rows, np.ones(len(accounts)))]
    drawn = drawn_sums(np.stack(sums, axis=1), _REPEATS, seed)
    return rows.mean(axis=1), drawn[:, :-1] / drawn[:, -1:]


def _some(leads: Snapshots, most: int) -> Snapshots:
    known = np.flatnonzero(np.isfinite(leads.label))
    return leads.take(known[:: -(-len(known) // most)])
