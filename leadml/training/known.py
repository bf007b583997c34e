"""Leads with known outcomes, coded and put in an order of their own: what a scorer is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Codes, Column, Floats
from leadml.predict.rulebook import Rulebook
from leadml.training.binning import code_matrix, fit_features
from leadml.training.folds import Rows, signatures
from leadml.training.monotone import directions
from leadml.training.recency import Recency
from leadml.training.rules_weight import RulesPrior, fit_rules_weight
from leadml.training.sample import Sample

Groups = np.ndarray[Any, Any]


@dataclass(frozen=True)
class RulesPart:
    """What the rules say: log-odds per point with its 95 % interval, and the offset of each row.

    `intercept` is what goes with the weight where the rules alone are served; None: what the data say.
    """

    weight: float
    interval: tuple[float, float] | None
    offset: Floats
    intercept: float | None = None


@dataclass(frozen=True)
class KnownLeads:
    """Rows with known outcomes in a stable order; `rows` are their positions in the table given."""

    rows: Rows
    sample: Sample
    rules: RulesPart
    order: Floats | None
    accounts: Groups | None

    def take(self, rows: Rows) -> KnownLeads:
        """Some of the rows; these leads themselves where it is all of them."""
        if len(rows) == len(self.rows):
            return self
        order, accounts = (None if one is None else one[rows] for one in (self.order, self.accounts))
        return KnownLeads(self.rows[rows], self.sample.take(rows), self.rules, order, accounts)

    def weighted(self, recency: Recency) -> Sample:
        """The sample, its rows counting as much as a recency found on some of them says."""
        return self.sample.weighted(replace(recency, order=self.order).weights(np.arange(len(self.rows))))

    def held_to(self, monotone: Mapping[str, int]) -> KnownLeads:
        """The same leads, with the directions that some columns are held to."""
        return replace(self, sample=replace(self.sample, directions=directions(self.sample.features, monotone)))


def known_leads(
    table: pa.Table,
    columns: Sequence[Column],
    label: Floats,
    order: Floats | None,
    groups: Groups | None,
    rulebook: Rulebook | None,
    prior: RulesPrior | None,
) -> KnownLeads:
    """The rows whose label is known, coded; arguments as in `fit_scorer`."""
    rows = np.flatnonzero(np.isfinite(label))
    known = table.take(rows)
    # What rules count of activities is theirs: it enters once, with their points.
    counted = {count.column for count in rulebook.counts} if rulebook else set()
    features = fit_features(known, [column for column in columns if column.name not in counted])
    codes = code_matrix(known, features)
    points = rulebook.total(known) if rulebook else np.zeros(len(rows))
    accounts = None if groups is None else np.unique(np.asarray(groups)[rows], return_inverse=True)[1]
    stable = _stable_order(codes, label[rows], None if order is None else order[rows], accounts)
    rows, codes = rows[stable], np.asfortranarray(codes[stable])
    accounts = None if accounts is None else accounts[stable]
    rules = _rules(rulebook, prior, points[stable], label[rows], accounts)
    sample = Sample(features, codes, label[rows], rules.offset, np.ones(len(rows)))
    return KnownLeads(rows, sample, rules, None if order is None else order[rows], accounts)


def _rules(
    rulebook: Rulebook | None, prior: RulesPrior | None, points: Floats, label: Floats, accounts: Groups | None
) -> RulesPart:
    if rulebook is None:
        return RulesPart(0.0, None, np.zeros(len(label)))
    fitted = fit_rules_weight(points, label, np.arange(len(label)) if accounts is None else accounts, prior=prior)
    intercept = fitted.intercept if prior is not None else None
    return RulesPart(fitted.weight, fitted.interval, fitted.weight * points, intercept)


def _stable_order(codes: Codes, label: Floats, order: Floats | None, accounts: Groups | None) -> Rows:
    """An order of the rows that depends on what they say, not on how they came."""
    keys = [signatures(codes), label]
    keys += [] if accounts is None else [accounts]
    keys += [] if order is None else [order]
    return np.lexsort(keys)
