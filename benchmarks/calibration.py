"""What correcting the base rate forward in time does to calibration on public lead sets, labels arriving late.

    python -m benchmarks.calibration DATA_DIR [--late 1000]

For each set with a split that it states, `LeadScorer` learns from the training part (with its time, where it has one).
Then it walks through the test part row by row: before each row, the outcomes of the rows that lie more than LATE rows
back have come to be known, and correct its level. Prints Markdown. The constants of the correction were chosen on
made-up drifts (`benchmarks/drifts.py`), not here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.datasets import PUBLIC, load_sets
from benchmarks.tasks import Task, protocol_tasks, read_rows
from leadml import LeadScorer
from leadml.errors import LeadmlError
from leadml.predict.encoding import Floats
from leadml.predict.tables import probability
from leadml.training.calibration.base_rate import follow
from leadml.training.metrics import ece, log_loss

SETS = ("bank", "bank_random", "xeducation")


def walk(task: Task, late: int) -> tuple[Floats, Floats, Floats]:
    """Outcomes of the test part, and its log-odds without and with the correction; each of shape (rows,)."""
    train, test = task.train, task.test
    time = None if task.time is None else task.time[train]
    scorer = LeadScorer().fit(task.leads.iloc[train], task.won[train], time=time)
    log_odds = scorer.decision_function(task.leads.iloc[test])
    label = task.won[test].astype(np.float64)
    shifts = follow(log_odds, label, np.arange(len(test), dtype=np.float64), late).applied
    return label, log_odds, log_odds + shifts


def row_of(name: str, label: Floats, without: Floats, corrected: Floats) -> str:
    """The figures as a line of Markdown."""
    before, after = probability(without), probability(corrected)
    touched = float((without != corrected).mean())
    return (
        f"| {name} | {ece(label, before):.4f} | {ece(label, after):.4f} | {ece(label, after) / ece(label, before):.2f} "
        f"| {log_loss(label, before):.4f} | {log_loss(label, after):.4f} | {touched:.0%} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calibration", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("data", type=Path, help="folder below which the data sets lie")
    parser.add_argument("--late", type=int, default=1_000, metavar="ROWS", help="how late outcomes are known (1000)")
    asked = parser.parse_args(arguments)
    try:
        sets = load_sets([PUBLIC])
        print("| task | ECE, uncorrected | corrected | ratio | log loss, uncorrected | corrected | rows corrected |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for name in SETS:
            for task in protocol_tasks(sets[name], read_rows(sets[name], asked.data)):
                print(row_of(task.name, *walk(task, asked.late)), flush=True)
    except LeadmlError as fault:
        print(fault, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
