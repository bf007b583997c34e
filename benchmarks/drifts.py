"""What correcting the base rate gains and costs on made-up drifts, where the truth is known.

    python -m benchmarks.drifts [--repeats 40]

A scorer that is right at first scores 8,000 leads whose level (in log-odds) then jumps, creeps, swings or stays;
outcomes come to be known some rows late. Printed per drift and delay: the mean distance of the stated probability
from the true one without and with the correction, and in how many repeats anything was corrected at all.
The constants of `leadml/training/calibration/base_rate.py` were chosen here and nowhere else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.tables import probability
from leadml.training.calibration.base_rate import follow

ROWS = 8_000
DELAYS = (0, 1_000, 2_000)
BASE_RATES = (0.03, 0.15, 0.4)


def rough(time: Floats) -> Floats:
    """A level that is never quite the same: it strays by 0.3, and has forgotten after some 400 leads."""
    kept = float(np.exp(-1 / 400))
    steps = np.random.default_rng(7).normal(0, 0.3 * np.sqrt(1 - kept**2), len(time))
    level = np.zeros(len(time))
    for place in range(1, len(time)):
        level[place] = kept * level[place - 1] + steps[place]
    return level


DRIFTS: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda time: np.zeros_like(time),
    "small jump": lambda time: np.where(time > 0.3, 0.3, 0.0),
    "jump": lambda time: np.where(time > 0.3, 1.2, 0.0),
    "jump down": lambda time: np.where(time > 0.1, -1.0, 0.0),
    "ramp": lambda time: 1.5 * time,
    "slow wave": lambda time: 0.5 * np.sin(2 * np.pi * time),
    "rough": rough,
    "rough jump": lambda time: rough(time) + np.where(time > 0.3, 1.2, 0.0),
    "fast wave": lambda time: 0.5 * np.sin(8 * np.pi * time),
}


def walk(drift: str, base_rate: float, delay: float, seed: int) -> tuple[float, float, bool]:
    """Mean distance from the true probability without and with the correction, and whether there was any."""
    random = np.random.default_rng(seed)
    log_odds = np.log(base_rate / (1 - base_rate)) + random.normal(0, 0.8, ROWS)
    truth = probability(log_odds + DRIFTS[drift](np.arange(ROWS) / ROWS))
    label = (random.random(ROWS) < truth).astype(np.float64)
    shifts = follow(log_odds, label, np.arange(ROWS, dtype=np.float64), delay).applied
    without, corrected = (np.abs(probability(log_odds + shift) - truth).mean() for shift in (0.0, shifts))
    return float(without), float(corrected), bool(shifts.any())


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drifts", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=40, metavar="N", help="repeats of each (40)")
    repeats = parser.parse_args(arguments).repeats
    print("| drift | base rate | delay | off by, uncorrected | corrected | corrected at all |")
    print("|---|---:|---:|---:|---:|---:|")
    for drift in DRIFTS:
        for base_rate in BASE_RATES:
            for delay in DELAYS:
                found = np.array([walk(drift, base_rate, delay, seed) for seed in range(repeats)])
                without, corrected, ever = found.mean(axis=0)
                print(f"| {drift} | {base_rate:.2f} | {delay:,} | {without:.4f} | {corrected:.4f} | {ever:.0%} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
