"""The pairs of features that matter most, with how many snapshots have each of their cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from leadml.features import Snapshots
from leadml.predict import Scorer

MOST_PAIRS = 4


def pair_facts(scorer: Scorer, snapshots: Snapshots) -> list[dict[str, Any]]:
    """The strongest pairs by the mean size of their contribution in log-odds (importance), the strongest first.

    `pair` is the position among the scorer's pairs; `rows` how many snapshots have each cell, as the pair's table.
    """
    if not scorer.tables.pairs:
        return []
    codes = scorer.encode(snapshots.features)
    found = []
    for place, pair in enumerate(scorer.tables.pairs):
        cells = pair.codes(codes)
        rows = np.bincount(cells, minlength=pair.table.size).reshape(pair.table.shape)
        size = float(np.abs(pair.table.ravel()[cells]).mean())
        found.append({"pair": place, "importance": size, "rows": rows.tolist()})
    return sorted((one for one in found if one["importance"] > 0), key=lambda one: -one["importance"])[:MOST_PAIRS]
