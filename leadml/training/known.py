"""Leads with known outcomes, coded and put in an order of their own: what a scorer is trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.features import Censoring
from leadml.predict.encoding import Codes, Column, Floats
from leadml.predict.rules.rulebook import Rulebook
from leadml.training.binning import code_matrix, fit_features
from leadml.training.folds import Rows, signatures
from leadml.training.monotone import directions
from leadml.training.recency import Recency
from leadml.training.rules_weight import RulesPrior, fit_rules_weight
from leadml.training.sample import Sample

Groups = np.ndarray[Any, Any]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


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
    """Rows with known outcomes in a stable order; `rows` are their positions in the table given.

    `complete` says of which rows the whole horizon has passed; the others only teach, by their weight.
    """

    rows: Rows
    sample: Sample
    rules: RulesPart
    order: Floats | None
    accounts: Groups | None
    complete: Mask

    def take(self, rows: Rows) -> KnownLeads:
        """Some of the rows; these leads themselves where it is all of them."""
        if len(rows) == len(self.rows):
            return self
        order, accounts = (None if one is None else one[rows] for one in (self.order, self.accounts))
        return KnownLeads(self.rows[rows], self.sample.take(rows), self.rules, order, accounts, self.complete[rows])

    def judging(self) -> KnownLeads:
        """The rows whose whole horizon has passed, all counting alike: what is fair to judge by without weights."""
        if self.complete.all() and np.ptp(self.sample.weight) == 0:
            return self
        complete = self.take(np.flatnonzero(self.complete))
        return replace(complete, sample=complete.sample.weighted(np.ones(len(complete.rows))))

    def weighted(self, recency: Recency) -> Sample:
        """The sample, its rows counting as much as a recency found on some of them says."""
        fading = replace(recency, order=self.order).weights(np.arange(len(self.rows)))
        return self.sample.weighted(self.sample.weight * fading)

    def bags(self, judged: KnownLeads, bags: Sequence[Rows]) -> list[Rows]:
        """Bags of the judged rows with the other rows of each, but for those of accounts that a bag leaves out."""
        others = np.flatnonzero(~np.isin(self.rows, judged.rows))
        place = np.flatnonzero(np.isin(self.rows, judged.rows))
        if self.accounts is None:
            return [np.sort(np.r_[place[bag], others]) for bag in bags]
        out = [np.delete(place, bag) for bag in bags]
        kept = [others[~np.isin(self.accounts[others], self.accounts[one])] for one in out]
        return [np.sort(np.r_[place[bag], one]) for bag, one in zip(bags, kept, strict=True)]

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
    censoring: Censoring | None = None,
) -> KnownLeads:
    """The rows whose label is known, coded; arguments as in `fit_scorer`."""
    counted = censoring or Censoring(np.ones(len(label)), np.ones(len(label), dtype=bool))
    rows = np.flatnonzero(np.isfinite(label) & (counted.weight > 0))
    known = table.take(rows)
    # What rules count of activities is theirs: it enters once, with their points.
    of_rules = {count.column for count in rulebook.counts} if rulebook else set()
    features = fit_features(known, [column for column in columns if column.name not in of_rules])
    codes = code_matrix(known, features)
    points = rulebook.total(known) if rulebook else np.zeros(len(rows))
    accounts = None if groups is None else np.unique(np.asarray(groups)[rows], return_inverse=True)[1]
    stable = _stable_order(codes, label[rows], None if order is None else order[rows], accounts, counted.weight[rows])
    rows, codes = rows[stable], np.asfortranarray(codes[stable])
    accounts = None if accounts is None else accounts[stable]
    complete = counted.complete[rows]
    rules = _rules(rulebook, prior, points[stable], label[rows], accounts, complete)
    weight = counted.weight[rows]
    sample = Sample(features, codes, label[rows], rules.offset, weight / weight.mean())
    return KnownLeads(rows, sample, rules, None if order is None else order[rows], accounts, complete)


def _rules(
    rulebook: Rulebook | None,
    prior: RulesPrior | None,
    points: Floats,
    label: Floats,
    accounts: Groups | None,
    complete: Mask,
) -> RulesPart:
    if rulebook is None:
        return RulesPart(0.0, None, np.zeros(len(label)))
    apart = np.arange(len(label)) if accounts is None else accounts
    fitted = fit_rules_weight(points[complete], label[complete], apart[complete], prior=prior)
    intercept = fitted.intercept if prior is not None else None
    return RulesPart(fitted.weight, fitted.interval, fitted.weight * points, intercept)


def _stable_order(codes: Codes, label: Floats, order: Floats | None, accounts: Groups | None, weight: Floats) -> Rows:
    """An order of the rows that depends on what they say, not on how they came."""
    keys = [weight, signatures(codes), label]
    keys += [] if accounts is None else [accounts]
    keys += [] if order is None else [order]
    return np.lexsort(keys)
