"""How long training takes: made-up snapshots of 33 mixed columns, with time and without.

    python -m benchmarks.training [--rows N ...] [--columns N] [--time-limit SECONDS] [--only WAY] [--progress]

Each training runs in a process of its own, so that peak memory is its own. CPU seconds are of all its threads: on a
busy machine they say more than wall seconds do. Log loss is on fresh rows, beside that of the true probabilities.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.estimator import LeadScorer
from leadml.predict.encoding import Floats

_FRESH = 50_000
_DAYS = 730
# Of the columns, in turn: eleven numbers, six categories (of so many levels), one time.
_LEVELS = (3, 8, 200, 5, 200, 25)
_NUMBERS = 11
_BASE = -3.0


@dataclass(frozen=True)
class Leads:
    """Made-up leads: columns, outcomes, days they were seen on, accounts, and the true log-odds."""

    table: pa.Table
    won: Floats
    day: Floats
    account: np.ndarray[Any, Any]
    log_odds: Floats


def make_leads(count: int, columns: int = 33, seed: int = 0) -> Leads:
    """Leads with curved, stepped and joint effects, one value in ten missing, and levels known by few.

    What is true of the leads does not depend on `seed`, which draws them.
    """
    truth, draw = np.random.default_rng(1), np.random.default_rng(seed)
    log_odds = np.full(count, _BASE)
    made: dict[str, pa.Array] = {}
    before = np.zeros(count)
    for place in range(columns):
        kind = place % (_NUMBERS + len(_LEVELS) + 1)
        strength = 0.4 / (1 + place / 8)
        if kind < _NUMBERS:
            array, effect = _number(truth, draw, count, whole=kind % 3 == 0)
        elif kind < _NUMBERS + len(_LEVELS):
            array, effect = _category(truth, draw, count, _LEVELS[kind - _NUMBERS])
        else:
            array, effect = _time(draw, count)
        made[f"column {place}"] = array
        log_odds += strength * (effect + 0.6 * before * effect)
        before = effect
    won = (draw.random(count) < 1 / (1 + np.exp(-log_odds))).astype(float)
    day = np.sort(draw.integers(0, _DAYS, count)).astype(float)
    account = draw.integers(0, max(count // 3, 1), count)
    return Leads(pa.table(made), won, day, account, log_odds)


def _number(
    truth: np.random.Generator, draw: np.random.Generator, count: int, *, whole: bool
) -> tuple[pa.Array, Floats]:
    """A number and its effect: a bent line, and one value for "not known"."""
    values = draw.poisson(3.0, count).astype(float) if whole else draw.normal(size=count)
    bend, slope, lack = truth.normal(size=3)
    scaled = (values - 3) / 1.7 if whole else values
    effect = slope * scaled + bend * np.maximum(scaled - 0.5, 0)
    missing = draw.random(count) < 0.1
    return pa.array(values, mask=missing), np.where(missing, lack, effect) / 1.5


def _category(
    truth: np.random.Generator, draw: np.random.Generator, count: int, levels: int
) -> tuple[pa.Array, Floats]:
    """A category whose later levels are rarer, and its effect."""
    effects = np.append(truth.normal(size=levels), truth.normal())
    share = 1 / (1 + np.arange(levels + 1))
    share[-1] = 0.1 * share.sum()
    level = draw.choice(levels + 1, count, p=share / share.sum())
    names = pa.array([*(f"level {place}" for place in range(levels)), None])
    return names.take(pa.array(level)), effects[level]


def _time(draw: np.random.Generator, count: int) -> tuple[pa.Array, Floats]:
    """A moment, and the effect of its hour."""
    seconds = draw.integers(0, _DAYS * 86_400, count)
    return pa.array(1_600_000_000_000_000 + seconds * 1_000_000, pa.timestamp("us")), np.sin(seconds / 86_400 * 6.283)


@dataclass(frozen=True)
class Cost:
    """What one training took, and how good it came out."""

    wall: float
    cpu: float
    gigabytes: float
    log_loss: float
    true_log_loss: float


def measure(rows: int, columns: int, forward: bool, time_limit: float | None, progress: bool) -> Cost:
    """Train once in this process."""
    leads, fresh = make_leads(rows, columns), make_leads(_FRESH, columns, seed=1)
    when = {"time": leads.day, "groups": leads.account} if forward else {}
    wall, cpu = time.perf_counter(), time.process_time()
    say = partial(print, file=sys.stderr, flush=True) if progress else None
    scorer = LeadScorer(gap=30.0, time_limit=time_limit, progress=say).fit(leads.table, leads.won, **when)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    found = scorer.decision_function(fresh.table)
    return Cost(wall, cpu, peak, _loss(fresh.won, found), _loss(fresh.won, fresh.log_odds))


def _loss(won: Floats, log_odds: Floats) -> float:
    return float(np.mean(np.logaddexp(0, log_odds) - won * log_odds))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000], help="snapshots (default 100,000)")
    parser.add_argument("--columns", type=int, default=33, help="columns (default 33)")
    parser.add_argument("--time-limit", type=float, help="seconds that a training may take (default: no bound)")
    parser.add_argument("--only", choices=("with time", "without"), help="leave the other way out")
    parser.add_argument("--progress", action="store_true", help="say what each training is doing")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.inside:
        cost = measure(given.rows[0], given.columns, given.only == "with time", given.time_limit, given.progress)
        print(json.dumps(asdict(cost)))
        return
    print("| snapshots x columns | time | wall seconds | CPU seconds | peak GB | log loss | of the truth |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for rows in given.rows:
        for way in [given.only] if given.only else ["with time", "without"]:
            print(_line(rows, given.columns, way, _in_a_process_of_its_own(rows, way, given)), flush=True)


def _in_a_process_of_its_own(rows: int, way: str, given: argparse.Namespace) -> Cost:
    command = [sys.executable, "-m", "benchmarks.training", "--inside", "--only", way]
    command += ["--rows", str(rows), "--columns", str(given.columns), *["--progress"] * given.progress]
    command += [] if given.time_limit is None else ["--time-limit", str(given.time_limit)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Cost(**json.loads(done.stdout))


def _line(rows: int, columns: int, way: str, cost: Cost) -> str:
    return (
        f"| {rows:,} x {columns} | {way} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.gigabytes:.1f} "
        f"| {cost.log_loss:.4f} | {cost.true_log_loss:.4f} |"
    )


if __name__ == "__main__":
    main()
