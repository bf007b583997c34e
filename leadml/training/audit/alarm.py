"""A score that is too good to be true usually is: the alarm, and the columns that carry it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from leadml.predict import Scorer
from leadml.predict.encoding import Floats
from leadml.training.findings import Finding
from leadml.training.metrics import auc

_NEAR_PERFECT_AUC = 0.95
_MOST_NAMED = 3
_CARRIES = 1 / 3  # of what the most important column carries


def near_perfect(scorer: Scorer, rows: pa.Table, label: Floats, probability: Floats) -> list[Finding]:
    """A finding where a scorer's AUC on leads it has not seen is above 0.95.

    Args:
        scorer: the scorer that was tested.
        rows: what it was tested on (rows).
        label: (rows,) 1 won, 0 not.
        probability: (rows,) what it said.
    """
    if not 0 < label.sum() < len(label) or (whole := auc(label, probability)) <= _NEAR_PERFECT_AUC:
        return []
    without = {name: auc(label, rest) for name, rest in _left_without(scorer, rows).items()}
    ranked = sorted(without, key=lambda name: (without[name], name))
    fall = whole - without[ranked[0]]
    named = [name for name in ranked if whole - without[name] >= _CARRIES * fall][:_MOST_NAMED]
    falls = ", ".join(f"{without[name]:.2f} without {name!r}" for name in named)
    return [
        Finding(
            "L108",
            "warning",
            None,
            f"The score's AUC on the newest part is {whole:.3f}, near perfect, which honest columns hardly ever give: "
            f"{falls}.",
            f"Before you use this model, find out when {', '.join(map(repr, named))} "
            f"{'is' if len(named) == 1 else 'are'} filled in; exclude what is not known in time.",
        )
    ]


def _left_without(scorer: Scorer, rows: pa.Table) -> dict[str, Floats]:
    """Log-odds of each row without what a column adds, alone and in pairs, by column (or rulebook dimension)."""
    terms = scorer.contributions(rows)
    values = np.array([column.to_numpy() for column in terms.columns])
    total = values.sum(axis=0)
    pairs = [(scorer.features[pair.left].column, scorer.features[pair.right].column) for pair in scorer.tables.pairs]
    mains = [(feature.column,) for feature in scorer.features]
    dimensions = [(name,) for name in terms.column_names[1 : len(values) - len(mains) - len(pairs)]]
    left: dict[str, Floats] = {}
    for position, columns in enumerate([*dimensions, *mains, *pairs], start=1):
        for column in set(columns):
            left[column] = left.get(column, total) - values[position]
    return left
