"""Features that stand in for a sensitive column: those that tell it of leads they were not fitted on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict import Scorer
from leadml.predict.columns import read_columns
from leadml.predict.encoding import Floats
from leadml.training.fairness.groups import PeopleGroups
from leadml.training.folds import Rows
from leadml.training.judgement import is_better

# Below these a feature says next to nothing of a group, or next to nothing of it reaches the score (odds x 1.05).
TELLS = 0.02
MOVES = 0.05

_FOLDS = 5
_LEVEL = 0.95
_AS_MANY = 5.0  # leads that the groups' shares count for, beside those with a value
_MOST_TOLD = 10
_WORTH_TELLING = 0.005
_BANDS = 20
# Shares of trees are slow, and a few leads tell how far features move a score.
_ENOUGH = 2_000


@dataclass(frozen=True)
class Carrier:
    """What may carry a group into the score: its codes, and what it adds to each lead's log-odds; both (leads,)."""

    feature: str
    label: str
    code: Rows
    adds: Floats


def proxies(scorer: Scorer, rows: pa.Table, groups: PeopleGroups, accounts: Rows, *, seed: int = 0) -> dict[str, Any]:
    """How well the score and each of its features tell the groups of leads, and how far each moves the score.

    How well is the uncertainty coefficient (Theil 1970; also called proficiency): the share of the uncertainty about a
    lead's group that knowing the feature removes, 0 nothing and 1 all, measured on accounts other than those that the
    groups' shares by value were counted on (five folds). Beyond chance means that its gain per lead is larger than its
    standard error over accounts allows for as many features as there are (Bonferroni).

    Args:
        scorer: the scorer that is served.
        rows: one row per lead, with the scorer's columns.
        groups: the groups of these leads; those that are not judged are left out.
        accounts: the account of each lead.
        seed: puts accounts into folds.

    Returns:
        "score_tells" (of the score itself), and "features": those that tell most, first those that are `named`, each
        with "feature", "label", "tells", "moves" (its typical effect on the log-odds), "between" (how far its mean
        effect differs between groups, at the most) and "named": it tells the group beyond chance and at least 2 %,
        and typically moves the score by 0.05 or more.
    """
    inside = np.flatnonzero(np.isin(groups.code, groups.judged))
    if scorer.trees:
        inside = inside[:: -(-len(inside) // _ENOUGH) or 1]
    if len(groups.judged) < 2 or not len(inside):
        return {"score_tells": None, "features": []}
    group, account = np.searchsorted(groups.judged, groups.code[inside]), accounts[inside]
    rows, told = rows.take(pa.array(inside)), _Telling(group, account, seed)
    listed = list(_carriers(scorer, rows))
    errors = NormalDist().inv_cdf(1 - (1 - _LEVEL) / max(len(listed), 1))
    features = [_judged(carrier, told, errors) for carrier in listed]
    features = sorted(features, key=lambda one: (not one["named"], -one["tells"]))
    named = sum(one["named"] for one in features)
    score = scorer.log_odds(rows)
    edges = np.unique(np.quantile(score, np.linspace(0, 1, _BANDS + 1)[1:-1]))
    return {
        "score_tells": told.share(np.searchsorted(edges, score, side="right")),
        "features": [one for one in features if one["tells"] >= _WORTH_TELLING][: max(named, _MOST_TOLD)],
    }


class _Telling:
    """Groups of leads, and how well codes tell them on accounts that they were not counted on."""

    def __init__(self, group: Rows, account: Rows, seed: int) -> None:
        self.group, self.account = group, account
        self.groups = int(group.max()) + 1
        numbers = np.unique(account, return_inverse=True)[1]
        self._fold = np.random.default_rng(seed).permutation(int(numbers.max()) + 1)[numbers] % _FOLDS
        self.plain = self.losses(np.zeros(len(group), dtype=np.int64))

    def losses(self, code: Rows) -> Floats:
        """Minus the log of what is foretold of each lead's own group, by the shares of groups among its code."""
        losses = np.empty(len(code))
        cells = int(code.max()) + 1
        for fold in range(_FOLDS):
            judged = self._fold == fold
            counts = np.bincount(code[~judged] * self.groups + self.group[~judged], minlength=cells * self.groups)
            table = counts.reshape(cells, self.groups).astype(float)
            prior = (table.sum(axis=0) + 1) / (table.sum() + self.groups)
            shares = (table + _AS_MANY * prior) / (table.sum(axis=1, keepdims=True) + _AS_MANY)
            losses[judged] = -np.log(shares[code[judged], self.group[judged]])
        return losses

    def share(self, code: Rows) -> float:
        """The share of the uncertainty that codes remove, not below 0."""
        return max(0.0, float(1 - self.losses(code).mean() / self.plain.mean()))


def _judged(carrier: Carrier, told: _Telling, errors: float) -> dict[str, Any]:
    tells = told.share(carrier.code)
    sure = tells >= TELLS and is_better(told.losses(carrier.code), told.plain, told.account, errors)
    moves = float(np.abs(carrier.adds - carrier.adds.mean()).mean())
    means = [carrier.adds[told.group == group].mean() for group in range(told.groups)]
    return {
        "feature": carrier.feature,
        "label": carrier.label,
        "tells": tells,
        "moves": moves,
        "between": float(max(means) - min(means)),
        "named": bool(sure and moves >= MOVES),
    }


def _carriers(scorer: Scorer, rows: pa.Table) -> Iterator[Carrier]:
    """Every feature with its own table and its half of each pair, and every term of the rules."""
    codes = [code.astype(np.int64) for code in scorer.encode(read_columns(rows, scorer.columns))]
    terms = scorer.contributions(rows)
    added = [terms.column(place + 1).to_numpy() for place in range(len(scorer.terms))]
    of_rules, first_pair = scorer.rule_terms, scorer.rule_terms + len(scorer.features)
    of_pairs = added[first_pair : first_pair + len(scorer.tables.pairs)]
    for term, adds in zip(scorer.terms[:of_rules], added[:of_rules], strict=True):
        yield Carrier(term.name, f"Rules: {term.name}", np.unique(adds, return_inverse=True)[1], adds)
    for place, (feature, code) in enumerate(zip(scorer.features, codes, strict=True)):
        adds = added[of_rules + place].copy()
        for pair, of_pair in zip(scorer.tables.pairs, of_pairs, strict=True):
            adds += of_pair / 2 * (place in (pair.left, pair.right))
        yield Carrier(feature.name, feature.label, code, adds)
