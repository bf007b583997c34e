"""A points card of at most 20 lines against the full model, on the X Education leads.

    python -m benchmarks.card DATA_DIR [--lines 20] [--set xeducation]

Prints Markdown: the card that is learned from the set's training part, and what it and the full model are worth on the
test part, with 95 % intervals of the differences. Lines and points are chosen inside the training part.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.datasets import PUBLIC, load_sets
from benchmarks.peers import lead_scorer
from benchmarks.tasks import Array, Task, protocol_tasks, read_rows
from leadml.errors import LeadmlError
from leadml.rules.card import card_lines, card_to_markdown
from leadml.training import metrics
from leadml.training.card.learning import PointsCard, learn_card
from leadml.training.frame import read_frame

FULL = "full model"
_DRAWS = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        dataset = load_sets([PUBLIC])[asked.set]
        task = next(protocol_tasks(dataset, read_rows(dataset, asked.data)))
        card, chances = compared(task, asked.lines)
    except LeadmlError as fault:
        print(fault, file=sys.stderr)
        return 2
    print(card_to_markdown(card.rulebook, card_lines(card.rulebook)))
    for line in figures_table(task.won[task.test].astype(float), chances):
        print(line)
    return 0


def compared(task: Task, lines: int) -> tuple[PointsCard, dict[str, Array]]:
    """The card of a task's training rows, and the probabilities of its test rows by everything compared."""
    table, columns = read_frame(task.leads, list(task.leads.columns), groups={}, labels={})
    order = None if task.time is None else task.time[task.train]
    card = learn_card(
        table.take(task.train),
        columns,
        task.won[task.train].astype(float),
        name=f"{task.name}, learned",
        order=order,
        lines=lines,
    )
    tested = table.take(task.test)
    chances = {
        FULL: lead_scorer(task),
        f"card of {card.length} lines": card.probability(tested),
        "the same lines, not rounded": card.unrounded(tested),
    }
    return card, chances


def figures_table(won: Array, chances: dict[str, Array]) -> Iterator[str]:
    """AUC and log loss of each, and by how much they differ from the full model's."""
    drawn = [np.random.default_rng(seed).integers(0, len(won), len(won)) for seed in range(_DRAWS)]
    yield "| model | AUC | minus full model | log loss | minus full model |"
    yield "|---|---:|---:|---:|---:|"
    for name, chance in chances.items():
        cells = []
        for metric in (metrics.auc, metrics.log_loss):
            cells.append(f"{metric(won, chance):.4f}")
            if name == FULL:
                cells.append("")
                continue
            gaps = [metric(won[rows], chance[rows]) - metric(won[rows], chances[FULL][rows]) for rows in drawn]
            low, high = np.quantile(gaps, (0.025, 0.975))
            cells.append(f"{metric(won, chance) - metric(won, chances[FULL]):+.4f} ({low:+.4f} to {high:+.4f})")
        yield f"| {name} | {' | '.join(cells)} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.card", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder below which the data sets lie")
    parser.add_argument("--lines", type=int, default=20, metavar="N", help="the most lines of the card (20)")
    parser.add_argument("--set", choices=sorted(load_sets([PUBLIC])), default="xeducation", help="which data set")
    return parser


if __name__ == "__main__":
    sys.exit(main())
