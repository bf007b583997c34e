"""How good the probabilities are on public lead sets: `python -m benchmarks.quality DATA_DIR [--only NAME]`.

Prints one Markdown table. A task with several splits shows their mean, and the seconds of all of them together.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from benchmarks.models import MODELS
from benchmarks.tasks import TASKS, Array

FIGURES = ("AUC", "average precision", "log loss", "Brier", "ECE", "top 20 %")
_BINS = 10


def figures(won: Array, probability: Array) -> Array:
    """The `FIGURES` of predicted probabilities, shape (6,)."""
    return np.array(
        [
            roc_auc_score(won, probability),
            average_precision_score(won, probability),
            log_loss(won, probability),
            brier_score_loss(won, probability),
            calibration_error(won, probability),
            top_fifth(won, probability),
        ]
    )


def calibration_error(won: Array, probability: Array) -> float:
    """Mean gap between predicted and observed rate over ten bins of equal count (ECE)."""
    bins = np.array_split(np.argsort(probability, kind="stable"), _BINS)
    gaps = [len(rows) * abs(probability[rows].mean() - won[rows].mean()) for rows in bins if len(rows)]
    return float(sum(gaps) / len(won))


def top_fifth(won: Array, probability: Array) -> float:
    """Share of all conversions among the fifth of leads that score highest."""
    best = np.argsort(-probability, kind="stable")[: round(0.2 * len(won))]
    return float(won[best].sum() / won.sum())


def rows_of(folder: Path, names: list[str]) -> Iterator[str]:
    """Lines of the Markdown table, as they are measured."""
    yield "| task | model | " + " | ".join(FIGURES) + " | seconds |"
    yield "|---|---|" + "---:|" * (len(FIGURES) + 1)
    for name in names:
        tasks = list(TASKS[name](folder))
        for label, model in MODELS.items():
            started = time.perf_counter()
            predicted = [model(task) for task in tasks]
            seconds = time.perf_counter() - started
            each = [figures(task.won[task.test], one) for task, one in zip(tasks, predicted, strict=True)]
            values = " | ".join(f"{value:.4f}" for value in np.mean(each, axis=0))
            yield f"| {name} | {label} | {values} | {seconds:.1f} |"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with the public sets, one folder each")
    parser.add_argument("--only", choices=list(TASKS), help="one task instead of all")
    asked = parser.parse_args()
    try:
        for line in rows_of(asked.data, [asked.only] if asked.only else list(TASKS)):
            print(line, flush=True)
    except FileNotFoundError as fault:
        print(f"No such file: {fault.filename}. Give the folder that holds the public sets.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
