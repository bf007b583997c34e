"""Which features matter: how far each typically moves the odds, and what would be lost without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.predict.encoding import Codes
from leadml.training.evaluation import Interval

# Shares of trees are slow, and a few rows tell which features matter.
_ENOUGH_TO_RANK = 2_000


def driver_facts(scorer: Scorer, snapshots: Snapshots, lost: Mapping[str, Interval]) -> list[dict[str, Any]]:
    """Features that move the score at all.

    `importance` is the mean size of the contribution in log-odds (a pair counts half for each feature); `lost`, `low`
    and `high` say what would be lost without the feature, as `importance.lost_without` measured it (None: not
    measured). By what would be lost, then by importance, the largest first.
    """
    sizes = effect_sizes(scorer, scorer.encode(snapshots.features))
    moving = [(size, feature) for size, feature in zip(sizes, scorer.features, strict=True) if size > 0]
    unmeasured = (None, None, None)
    ranked = sorted(moving, key=lambda entry: (-lost.get(entry[1].name, (0.0, 0, 0))[0], -entry[0]))
    return [
        {"feature": feature.name, "label": feature.label, "group": feature.group, "importance": size}
        | dict(zip(("lost", "low", "high"), lost.get(feature.name, unmeasured), strict=True))
        for size, feature in ranked
    ]


def effect_sizes(scorer: Scorer, codes: list[Codes]) -> list[float]:
    """Mean size of each feature's contribution in log-odds, given all codes of some rows."""
    sizes = [float(np.abs(table[code]).mean()) for table, code in zip(scorer.tables.main, codes, strict=True)]
    for pair in scorer.tables.pairs:
        size = float(np.abs(pair.table.ravel()[pair.codes(codes)]).mean())
        sizes[pair.left] += size / 2
        sizes[pair.right] += size / 2
    if scorer.trees:
        some = [code[:: -(-len(code) // _ENOUGH_TO_RANK)] for code in codes]
        sizes = np.abs(sum(trees.contributions(some) for trees in scorer.trees)).mean(axis=1).tolist()
    return sizes
