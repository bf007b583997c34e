"""Whom rules catch, and how these leads convert: for each rule, dimension and gate and for the rulebook as a whole.

Each lead counts once, spread evenly over the weeks at which it was open: so a lead that stays for long does not
outweigh others, and a rule that holds late in a lead's life is judged by those weeks alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leadml.predict.arrays import Mask
from leadml.predict.encoding import Floats
from leadml.predict.rules.rulebook import Dimension, Rulebook
from leadml.rules.coverage import counting, points_of
from leadml.training.cutoffs.demands import FEWEST_LEADS
from leadml.training.evaluation import Interval, resampled_accounts, wilson, with_intervals
from leadml.training.simulation.replay import REPEATS, Replay

Kind = Literal["rulebook", "dimension", "rule", "gate"]


@dataclass(frozen=True)
class Caught:
    """Whom a part of a rulebook catches, all figures (value, low, high).

    A rule catches where it counts, a dimension where it gives points (where it only takes them away: where it does),
    a gate whom it stops, the rulebook who has the points of its cutoff (and whom no gate stops). `leads` were ever
    caught, `won` of them within the horizon. `share` is that of all leads, `conversion` that of the leads caught and
    `lift` its multiple of the conversion of all; None below 10 leads. `auc` is the chance that a winner has more
    points than a loser; None for rules and gates, and where all leads ended alike.
    """

    kind: Kind
    name: str
    points: tuple[float, float]
    leads: int
    won: int
    share: Interval
    conversion: Interval | None
    lift: Interval | None
    auc: Interval | None


@dataclass(frozen=True)
class _Part:
    """One part of a rulebook: the rows that it catches, and its points where they rank leads."""

    kind: Kind
    name: str
    reach: tuple[float, float]
    caught: Mask
    points: Floats | None = None


def who_is_caught(rulebook: Rulebook, replay: Replay, cutoff: float | None, *, seed: int) -> list[Caught]:
    """Whom a resolved rulebook catches: the whole, then each dimension with its rules, then the gates."""
    parts = list(_parts(rulebook, replay, cutoff))
    weights, won = replay.weights, replay.weights * replay.label
    sums = [replay.by_account(values) for values in (weights, won)]
    for part in parts:
        sums += [replay.by_account(np.where(part.caught, values, 0.0)) for values in (weights, won)]
    by_account, ranked = np.array(sums), [part.points for part in parts if part.points is not None]
    every = np.arange(replay.n_accounts)
    repeats = []
    for times in resampled_accounts(every, REPEATS, seed):
        aucs = [replay.auc(points, times[replay.accounts]) for points in ranked]
        repeats.append(np.concatenate([_figures(by_account @ times), aucs]))
    values = np.concatenate([_figures(by_account.sum(axis=1)), [replay.auc(points) for points in ranked]])
    intervals = iter(with_intervals(values, np.array(repeats)))
    of_parts = [[next(intervals) for _ in range(3)] for _ in parts]
    of_ranked = [None if part.points is None else next(intervals) for part in parts]
    return [_caught(*one, replay) for one in zip(parts, of_parts, of_ranked, strict=True)]


def _figures(sums: Floats) -> Floats:
    """Share, conversion and lift of each part, one after the other, from sums of all rows and of each part's."""
    rows, won = sums[0::2], sums[1::2]
    with np.errstate(divide="ignore", invalid="ignore"):
        conversion = won / rows
        figures = np.column_stack([rows / rows[0], conversion, conversion / conversion[0]])[1:]
    return np.where(np.isfinite(figures), figures, np.nan).ravel()


def _caught(part: _Part, figures: list[Interval], auc: Interval | None, replay: Replay) -> Caught:
    leads, won = replay.count(part.caught)
    share, conversion, lift = figures
    if conversion[0] in (0.0, 1.0):
        conversion, lift = _one_outcome(conversion[0], replay.count_accounts(part.caught), replay.base_rate)
    enough = leads >= FEWEST_LEADS
    return Caught(
        kind=part.kind,
        name=part.name,
        points=part.reach,
        leads=leads,
        won=won,
        share=share,
        conversion=conversion if enough else None,
        lift=lift if enough and np.isfinite(lift[0]) else None,
        auc=auc if auc is not None and np.isfinite(auc[0]) else None,
    )


def _one_outcome(rate: float, accounts: int, base_rate: float) -> tuple[Interval, Interval]:
    """Conversion and lift of leads that all ended alike: repeats would all say the same, as if that were certain."""
    low, high = wilson(rate * accounts, accounts)
    lifts = [one / base_rate if base_rate else np.nan for one in (rate, low, high)]
    return (rate, low, high), (lifts[0], lifts[1], lifts[2])


def _parts(rulebook: Rulebook, replay: Replay, cutoff: float | None) -> Iterator[_Part]:
    rows, total = rulebook.rows(replay.table), rulebook.total(replay.table)
    if cutoff is not None:
        handed_over = (total >= cutoff) & replay.workable(rulebook)
        yield _Part("rulebook", rulebook.name, rulebook.reach, handed_over, total)
    for dimension in rulebook.dimensions:
        points = points_of(dimension, rows)
        yield _Part("dimension", dimension.name, dimension.reach, _gives(dimension, points), points)
        for rule, (mask, _) in zip(dimension.rules, counting(dimension, rows), strict=True):
            yield _Part("rule", f"{dimension.name}: {rule.label}", (rule.points, rule.points), mask)
    for gate in rulebook.gates:
        yield _Part("gate", gate.name, (0.0, 0.0), gate.stopped(rows))


def _gives(dimension: Dimension, points: Floats) -> Mask:
    return points > 0 if dimension.reach[1] > 0 else points < 0
