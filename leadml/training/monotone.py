"""Numbers of which more never hurts, or never helps: said by the user or by a rulebook, and held by what is served.

Trees grow under the constraint, such a feature enters no pair, and its table is made monotone at last, so that the law
holds whatever was blended. What is missing stands apart: it is neither more nor less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from sklearn.isotonic import isotonic_regression

from leadml.errors import TrainingError
from leadml.predict.arrays import from_numpy
from leadml.predict.encoding import Column, Feature, Floats
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rows import number_in
from leadml.predict.rules.rulebook import Dimension, Rulebook
from leadml.predict.tables import ScoreTables
from leadml.training.sample import Sample

# How much a bin that no row is in counts, in rows: enough to have a place.
_EMPTY_BIN = 1e-3


def check_monotone(monotone: Mapping[str, int], columns: Sequence[Column], rulebook: Rulebook | None) -> None:
    """Refuse constraints that cannot be held.

    Args:
        monotone: column -> 1 (more never hurts) or -1 (more never helps).
        columns: the column contract.
        rulebook: a resolved rulebook.

    Raises:
        TrainingError: a column that is not there or holds no numbers, another direction, or rules against it.
    """
    kinds = {column.name: column.kind for column in columns}
    faults = [f"{name!r} is not among the columns" for name in monotone if name not in kinds]
    faults += [f"{name!r} is no number" for name in monotone if kinds.get(name, "number") != "number"]
    faults += [f"{name!r} is neither 1 nor -1 but {way!r}" for name, way in monotone.items() if way not in (1, -1)]
    faults += [
        f"the rules of {dimension.name} on {dimension.only_column!r} go against it"
        for dimension, points in _points_by_value(rulebook)
        if (way := monotone.get(str(dimension.only_column))) and (np.diff(points) * way < 0).any()
    ]
    if faults:
        raise TrainingError(f"The monotone columns cannot be held: {'; '.join(faults)}. Mend them.")


def said_by_rules(rulebook: Rulebook | None, columns: Sequence[Column]) -> dict[str, int]:
    """The number columns for which a rulebook's points only rise, or only fall, with the value."""
    numbers = {column.name for column in columns if column.kind == "number"}
    ways: dict[str, set[int]] = {}
    for dimension, points in _points_by_value(rulebook):
        if dimension.only_column in numbers:
            ways.setdefault(dimension.only_column, set()).update(map(int, np.sign(np.diff(points))))
    return {name: max(found - {0}) for name, found in ways.items() if len(found - {0}) == 1}


def directions(features: Sequence[Feature], monotone: Mapping[str, int]) -> tuple[int, ...]:
    """What each feature is held to: 1, -1, or 0 for nothing."""
    return tuple(monotone.get(feature.column, 0) if feature.kind == "number" else 0 for feature in features)


def held(tables: ScoreTables, sample: Sample) -> ScoreTables:
    """The tables nearest to these that keep to the sample's directions, by squares weighted with rows."""
    if not any(sample.directions):
        return tables
    main = [
        _held(table, way, np.bincount(codes, minlength=len(table))) if way else table
        for table, way, codes in zip(tables.main, sample.directions, sample.columns, strict=True)
    ]
    return replace(tables, main=tuple(main))


def _held(table: Floats, way: int, rows: np.ndarray) -> Floats:
    known = isotonic_regression(way * table[1:], sample_weight=rows[1:] + _EMPTY_BIN)
    return np.concatenate([table[:1], way * np.maximum.accumulate(known)])


def _points_by_value(rulebook: Rulebook | None) -> Iterator[tuple[Dimension, Floats]]:
    """For each dimension that one column decides on, its points as that column's number grows."""
    for dimension in rulebook.dimensions if rulebook else ():
        if rulebook is not None and dimension.only_column is not None:
            around = pa.table({dimension.only_column: from_numpy(_around(dimension, rulebook.unanswered))})
            ((_, points),) = dimension.evaluate(rulebook.rows(around))
            yield dimension, points


def _around(dimension: Dimension, unanswered: Sequence[str]) -> Floats:
    """At, just below and just above every number that a dimension's rules speak of, ascending."""
    conditions = [one for rule in dimension.rules for one in rule.when if isinstance(one, ValueCondition)]
    spoken = {bound for one in conditions for bound in (one.at_least, one.at_most) if bound is not None}
    words = (*unanswered, *(word for one in conditions for word in (*one.one_of, *one.none_of)))
    spoken |= {number for word in words if np.isfinite(number := number_in(word))}
    at = np.array(sorted(spoken), dtype=np.float64)
    return np.unique([np.nextafter(at, -np.inf), at, np.nextafter(at, np.inf)])
