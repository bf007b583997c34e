"""What a rulebook adds to a score row beside log-odds: points, tier, and the gates that hold a lead back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from leadml.predict.arrays import from_numpy, from_texts
from leadml.predict.encoding import Codes, Floats
from leadml.predict.rules.rows import Mask
from leadml.predict.rules.rulebook import Rulebook, Stops


@dataclass(frozen=True)
class RuleColumns:
    """Columns of a score row, and by stage which rows may not have it (empty where nothing is held back)."""

    columns: Mapping[str, pa.Array]
    stops: Mapping[Stops, Mask] = field(default_factory=dict)


def rule_columns(
    rulebook: Rulebook | None, stopped: Mapping[str, Mask], points: Sequence[Floats], codes: Sequence[Codes], count: int
) -> RuleColumns:
    """The columns "points" (where there are rules), "tier" and "stopped_by".

    Args:
        rulebook: a resolved rulebook.
        stopped: by each of its gates the rows that it stops, each of shape (rows,).
        points: of each of its terms, each of shape (rows,).
        codes: of each of its terms (and maybe of further ones), each of shape (rows,).
        count: how many rows there are.
    """
    if rulebook is None:
        none = pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), from_texts([]))
        return RuleColumns({"tier": none, "stopped_by": _names(np.zeros((0, count), np.bool_), ())})
    stops = {gate.stops: np.zeros(count, np.bool_) for gate in rulebook.gates}
    for gate in rulebook.gates:
        stops[gate.stops] |= stopped[gate.name]
    by_gate = np.array(list(stopped.values()), np.bool_).reshape(len(stopped), count)
    columns = {
        "points": _points(rulebook, points),
        "tier": _tier(rulebook, codes, count),
        "stopped_by": _names(by_gate, tuple(stopped)),
    }
    return RuleColumns(columns, stops)


def _points(rulebook: Rulebook, points: Sequence[Floats]) -> pa.StructArray:
    """Points per dimension: the sum over its terms."""
    terms, sums = iter(points), []
    for dimension in rulebook.dimensions:
        own = [next(terms) for _ in range(dimension.terms)]
        sums.append(from_numpy(own[0] if len(own) == 1 else np.sum(own, axis=0)))
    return pa.StructArray.from_arrays(sums, names=[dimension.name for dimension in rulebook.dimensions])


def _tier(rulebook: Rulebook, codes: Sequence[Codes], count: int) -> pa.DictionaryArray:
    tier = rulebook.tier
    if tier is None:
        return pa.DictionaryArray.from_arrays(pa.nulls(count, pa.int32()), from_texts([]))
    # Code 2 + k is the k-th tier; what lies before or behind is none.
    place = codes[0].astype(np.int32) - 2
    of_one = (place >= 0) & (place < len(tier.rules))
    names = from_texts([rule.label for rule in tier.rules])
    return pa.DictionaryArray.from_arrays(from_numpy(np.where(of_one, place, 0), valid=of_one), names)


def _names(by_gate: Mask, names: tuple[str, ...]) -> pa.ListArray:
    """For each row the names of the gates that stop it; `by_gate` has shape (gates, rows)."""
    row, gate = np.nonzero(by_gate.T)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=by_gate.shape[1]))]).astype(np.int32)
    stopped = pa.DictionaryArray.from_arrays(from_numpy(gate.astype(np.int32)), from_texts(names))
    return pa.ListArray.from_arrays(from_numpy(offsets), stopped)
