"""Whether forecast volumes come true: capacity cutoffs on the future weeks of companies made by a known law.

    python -m benchmarks.volumes [--companies N] [--leads N] [--capacity N] [--scorer linear|truth] [--oracle N]

Each company is trained on as it was known eight weeks before the end of its data; what would close, be done or be said
after that is cut off. The MQL cutoff is chosen by a capacity, its next eight weeks are forecast, and then every week of
these is scored by the scorer that is served, and first crossings are counted. `truth` takes the true probabilities for
a scorer instead of training one.

The oracle scores by the true probabilities and knows the law: the mean and the variance that the number of first
crossings has in each of these weeks over companies of the same size, at the cutoff that meets the capacity on average.
Its interval is the narrowest one of the negative binomial distribution with these. It knows nothing of a particular
company's open leads.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import nbinom

from leadml.config import load_settings
from leadml.demo import write_company
from leadml.demo.company import drawn_blocks
from leadml.demo.truth import open_moments
from leadml.features import newest_moment
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.predict.encoding import Floats
from leadml.schema import LeadTables
from leadml.training.cutoffs import CutoffPolicy, OutOfTime, StagePolicy
from leadml.training.cutoffs.forecast import LEVEL, expected_volumes, narrowest, weekly_crossings
from leadml.training.folds import Rows
from leadml.training.handover import out_of_time
from leadml.training.history import weekly_snapshots
from leadml.training.trainer import train

WEEKS = 8
_LOOKED_BACK = 28  # weeks that a cutoff of the true probabilities is chosen on, and forecast from
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all moments are UTC without a zone)
_DRAWS = 20_000


@dataclass(frozen=True)
class Outcome:
    """What was forecast for some weeks, shape (weeks, 3): expected, low and high; and what came, shape (weeks,)."""

    forecast: Floats
    came: Rows

    @property
    def inside(self) -> Floats:
        """1 for each week that lies in its interval."""
        return np.asarray((self.forecast[:, 1] <= self.came) & (self.came <= self.forecast[:, 2]), dtype=float)

    @property
    def width(self) -> Floats:
        """Of each interval: how many whole numbers it holds."""
        return np.asarray(self.forecast[:, 2] - self.forecast[:, 1] + 1)


def of_trained(seed: int, leads: int, capacity: float, folder: Path) -> Outcome:
    """Train a quick scorer (`kind = "linear"`) on a company as known then, forecast, and count what came."""
    database, config = folder / f"{seed}.sqlite", folder / f"{seed}.toml"
    write_company(database, leads=leads, seed=seed)
    write_settings(propose(f"sqlite:///{database}"), config, force=True)
    project = Project(load_settings(config))
    tables = project.read()
    policy = CutoffPolicy(mql=StagePolicy(per_week=capacity))
    choices = replace(project.choices(), kind="linear", cutoffs=policy)
    then = known_at(tables, _last_monday(newest_moment(tables)) - timedelta(weeks=WEEKS - 1))
    training = train(then, choices, now=datetime(2026, 1, 1, tzinfo=UTC))
    rehearsal, cutoff = training.evidence.rehearsal, training.evidence.cutoffs[0].probability
    if rehearsal is None or rehearsal.leads.order is None or cutoff is None:
        raise SystemExit(f"Seed {seed}: no cutoff is published.")
    since = _EPOCH + timedelta(days=float(rehearsal.leads.order.min()))
    later = out_of_time(tables, weekly_snapshots(tables, choices, since), training.scorer, choices)
    return _outcome(rehearsal.leads, later, cutoff)


def of_truth(seed: int, leads: int, capacity: float) -> Outcome:
    """Take the true probabilities for a scorer."""
    every = true_scores(leads, seed)
    assert every.order is not None
    past = every.take(np.flatnonzero(every.order <= every.order.max() - 7 * WEEKS))
    return _outcome(past, every, cutoff_within(past, capacity))


def _outcome(past: OutOfTime, later: OutOfTime, cutoff: float) -> Outcome:
    forecast = expected_volumes(weekly_crossings(past, "MQL", cutoff), weeks=WEEKS)
    return Outcome(forecast, weekly_crossings(later, "MQL", cutoff).leads[-WEEKS:])


def cutoff_within(leads: OutOfTime, capacity: float) -> float:
    """The lowest cutoff that no more leads a week cross."""
    crossings = leads.crossings("MQL")
    candidates = crossings.candidates(0.0)
    per_week = crossings.per_week(candidates)
    assert per_week is not None
    return float(candidates[np.argmax(per_week <= capacity)])


def known_at(tables: LeadTables, moment: datetime) -> LeadTables:
    """The tables as they stood at a moment: who came later is not there, and who closed later is open."""
    leads = tables.leads.filter(pc.less(tables.leads["created_at"], moment))
    closed = pc.fill_null(pc.less(leads["closed_at"], moment), False)
    for name in ("outcome", "closed_at", "deal_value", "onboarding_manager"):
        if name in leads.column_names:
            kept = pc.if_else(closed, leads[name], pa.scalar(None, leads[name].type))
            leads = leads.set_column(leads.column_names.index(name), name, kept)
    acted, history = tables.activities, tables.history
    return replace(
        tables,
        leads=leads,
        activities=None if acted is None else acted.filter(pc.less(acted["occurred_at"], moment)),
        history=None if history is None else history.filter(pc.less(history["changed_at"], moment)),
    )


def _last_monday(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day) - timedelta(days=moment.weekday())  # noqa: DTZ001


def true_scores(leads: int, seed: int) -> OutOfTime:
    """The true probability of every lead of a company at each Monday of its newest weeks."""
    parts: list[tuple[np.ndarray, ...]] = []
    met = accounts = 0
    for block in drawn_blocks(leads, seed):
        at = open_moments(block.accounts, block.contacts, block.weeks, block.answers)
        parts.append((at.probability, at.contact + met, block.contacts.account[at.contact] + accounts, at.as_of))
        met, accounts = met + len(block.contacts), accounts + len(block.accounts)
    probability, lead, account, as_of = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = as_of / 86_400
    every = OutOfTime(probability, np.full(len(lead), np.nan), lead, account, order)
    return every.take(np.flatnonzero(order >= order.max() - 7 * (_LOOKED_BACK + WEEKS)))


def oracle_widths(leads: int, capacity: float, companies: int) -> Floats:
    """How wide the narrowest interval is for someone who knows the law; shape (weeks,)."""
    drawn = [true_scores(leads, 10_000 + seed) for seed in range(companies)]
    cutoff = float(np.mean([cutoff_within(_before(one), capacity) for one in drawn]))
    came = np.array([weekly_crossings(one, "MQL", cutoff).leads[-WEEKS:] for one in drawn])
    mean, variance = came.mean(axis=0), came.var(axis=0, ddof=1)
    over = max(variance.sum() / mean.sum(), 1.001)
    draws = nbinom.rvs(mean / (over - 1), 1 / over, size=(_DRAWS, WEEKS), random_state=0)
    low, high = np.array([narrowest(draws[:, week], LEVEL) for week in range(WEEKS)]).T
    print(f"oracle: {companies} companies, mean {mean.round(1)}, variance over mean {over:.2f}, holding "
          f"{((low <= came) & (came <= high)).mean():.1%}")  # fmt: skip
    return np.asarray(high - low + 1)


def _before(leads: OutOfTime) -> OutOfTime:
    assert leads.order is not None
    return leads.take(np.flatnonzero(leads.order <= leads.order.max() - 7 * WEEKS))


def outcomes(companies: int, leads: int, capacity: float, scorer: str) -> Iterator[Outcome]:
    """One after the other, by seed."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(companies):
            trained = scorer == "linear"
            yield of_trained(seed, leads, capacity, Path(folder)) if trained else of_truth(seed, leads, capacity)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--companies", type=int, default=20)
    parser.add_argument("--leads", type=int, default=3_000)
    parser.add_argument("--capacity", type=float, default=9.0)
    parser.add_argument("--scorer", choices=["linear", "truth"], default="linear")
    parser.add_argument("--oracle", type=int, default=60, help="companies that the law is read off")
    asked = parser.parse_args()
    found = []
    for seed, one in enumerate(outcomes(asked.companies, asked.leads, asked.capacity, asked.scorer)):
        found.append(one)
        expected, low, high = one.forecast[0]
        print(f"seed {seed}: {expected:.1f} ({low:.0f} to {high:.0f}) a week, came {one.came}, {one.inside.mean():.0%}",
              flush=True)  # fmt: skip
    inside, width = np.array([one.inside for one in found]), np.array([one.width for one in found])
    known = oracle_widths(asked.leads, asked.capacity, asked.oracle)
    print(f"inside, by week ahead: {inside.mean(axis=0).round(3)}; the first four {inside[:, :4].mean():.1%}")
    print(f"inside, all {inside.size} weeks: {inside.mean():.1%}")
    print(f"whole numbers in the interval: {width.mean():.2f}, oracle's {known.mean():.2f}, "
          f"{width.mean() / known.mean():.2f} times")  # fmt: skip


if __name__ == "__main__":
    main()
