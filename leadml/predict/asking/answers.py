"""The answers that a question can get, and how likely each is for a lead of a given score.

Answers that no table and no condition tells apart are one: whoever gives any of them scores the same, whatever else is
known of the lead. Each is kept as a value that stands for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from leadml.errors import ColumnsError
from leadml.predict.arrays import from_values
from leadml.predict.columns import coerce, plain_number
from leadml.predict.encoding import Column, Feature, Floats
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rows import Mask, RuleRows, number_in
from leadml.predict.rules.rulebook import Rulebook

Value: TypeAlias = str | float
Kinds: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True)
class Answers:
    """How leads answer the question that a column holds the answers to.

    `values` stand for the answers: numbers where the column is one, else texts (of a time: in ISO 8601). `bounds`
    (ascending) cut the log-odds of leads that have not answered, and `shares` has, for each of the parts, the
    probability of each answer: shape (bounds + 1, answers).
    """

    column: str
    values: tuple[Value, ...]
    bounds: tuple[float, ...]
    shares: tuple[tuple[float, ...], ...]

    def likely(self, log_odds: Floats) -> Floats:
        """How likely each answer is for leads that have not given any, from their log-odds; shape (answers, rows)."""
        bounds, shares = self._arrays
        likely: Floats = shares[:, np.searchsorted(bounds, log_odds, side="right")]
        return likely

    def as_column(self, column: Column) -> pa.Array:
        """The answers as rows would bring them.

        Raises:
            ColumnsError: they are not of the column's kind.
        """
        values = coerce(from_values(self.values), column)
        return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values

    def to_dict(self) -> dict[str, Any]:
        """The answers as JSON values; `Answers.from_dict` reads them back."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, answers: Mapping[str, Any]) -> Answers:
        """Read back what `to_dict` gave."""
        values, bounds = tuple(answers["values"]), tuple(answers["bounds"])
        return cls(**{**answers, "values": values, "bounds": bounds, "shares": tuple(map(tuple, answers["shares"]))})

    def are_sound(self, column: Column | None, rulebook: Rulebook | None) -> bool:
        """Whether they are answers to a question of the rulebook: of the column's kind, and probabilities."""
        if column is None or rulebook is None or self.column not in questioned(rulebook):
            return False
        kind = float if column.kind == "number" else str
        if not self.values or not all(type(value) is kind for value in self.values):
            return False
        bounds, shares = self._arrays
        try:
            values = self.as_column(column)
        except ColumnsError:  # a time that is none
            return False
        return (
            bool(answered(values, column.name, rulebook).all())
            and bounds.ndim == 1
            and shares.shape == (len(self.values), len(bounds) + 1)
            and bool(np.isfinite(bounds).all() and (np.diff(bounds) > 0).all())
            and bool((shares >= 0).all() and np.allclose(shares.sum(axis=0), 1, rtol=0, atol=1e-9))
        )

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats]:
        return np.array(self.bounds, np.float64), np.array(self.shares, np.float64).T


def questioned(rulebook: Rulebook) -> tuple[str, ...]:
    """The columns that hold the answers to a rulebook's questions, in the order of its dimensions."""
    asking = (dimension for dimension in rulebook.dimensions if dimension.question is not None)
    return tuple(dict.fromkeys(dimension.column for dimension in asking if dimension.column is not None))


def answered(values: pa.Array | pa.ChunkedArray, column: str, rulebook: Rulebook) -> Mask:
    """Which values answer a question; shape (values,)."""
    known = ValueCondition("answer", column, known=True, column=column)
    return known.holds(RuleRows(pa.table({column: values}), rulebook.unanswered))


def told_apart(values: pa.Array, column: str, features: Sequence[Feature], rulebook: Rulebook) -> Kinds:
    """A number per value of a column, equal for values that the score can never tell apart; shape (values,)."""
    rows = RuleRows(pa.table({column: values}), rulebook.unanswered)
    codes = [feature.codes(values) for feature in features if feature.column == column]
    held = [condition.holds(rows) for condition in _conditions(rulebook, column)]
    told = np.array([*codes, *held, np.zeros(len(values))], np.int64)
    return np.unique(told, axis=1, return_inverse=True)[1].reshape(-1)


def assumed_answers(column: Column, features: Sequence[Feature], rulebook: Rulebook) -> Answers | None:
    """The answers that rules and tables name, each as likely as any other: where no lead has been seen to answer.

    None where they name none.
    """
    own = [feature for feature in features if feature.column == column.name]
    named = list(dict.fromkeys(_named(column, own, list(_conditions(rulebook, column.name)))))
    if column.kind == "time" or not named:
        return None
    values = Answers(column.name, tuple(named), (), ()).as_column(column)
    says = answered(values, column.name, rulebook)
    kinds = told_apart(values, column.name, own, rulebook)
    places = [place for kind in dict.fromkeys(kinds[says]) for place in np.flatnonzero(says & (kinds == kind))[:1]]
    if not places:
        return None
    return Answers(column.name, tuple(named[place] for place in places), (), ((1 / len(places),) * len(places),))


def _conditions(rulebook: Rulebook, column: str) -> Iterator[ValueCondition]:
    """Every condition that looks at a column, of whatever it decides on."""
    whens = [rule.when for dimension in rulebook.dimensions for rule in dimension.rules]
    whens += [dimension.only for dimension in rulebook.dimensions]
    whens += [when for gate in rulebook.gates for when in (gate.when, gate.only)]
    for when in whens:
        yield from (one for one in when if isinstance(one, ValueCondition) and one.column == column)


def _named(column: Column, features: Sequence[Feature], conditions: Sequence[ValueCondition]) -> Iterator[Value]:
    """Words and levels as they stand, and numbers at, between and beyond every bound that there is."""
    words = [word for one in conditions for word in (*one.one_of, *one.none_of)]
    words += [level for feature in features for level in feature.levels]
    bounds = [bound for one in conditions for bound in (one.at_least, one.at_most) if bound is not None]
    bounds += [edge for feature in features for edge in feature.edges.tolist()]
    ends = sorted(set(bounds))
    between = [(low + high) / 2 for low, high in pairwise(ends)]
    numbers = sorted([*ends, *between, *([ends[0] - 1, ends[-1] + 1] if ends else [])])
    if column.kind == "number":
        yield from (number for word in words if np.isfinite(number := number_in(word)))
        yield from numbers
    else:
        yield from words
        yield from map(plain_number, numbers)
