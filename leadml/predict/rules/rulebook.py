"""A rulebook: what sales and marketing believe in, as points, written down as data.

A rulebook has dimensions (BANT has four), each a list of rules. Either the first rule that holds gives the dimension's
points, or all that hold do, up to a cap. A lead that has not answered a dimension's question gets its `missing` points
and can be asked. Gates stop leads that must not be handed over, whatever their points. Nothing in a rulebook is
evaluated as code: a rule holds where comparisons with values that stand in the file hold.

The score is a sum of terms: a dimension of which the first rule counts is one, with code 0 not answered, 1 no rule
holds, 2 + k the k-th rule, and a last one where the dimension does not apply; of other dimensions each rule is a term,
with code 1 where it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import MISSING, Codes, Floats, Group
from leadml.predict.rules.conditions import ActivityCount, Condition, CountCondition, all_hold, counted
from leadml.predict.rules.rows import Mask, RuleRows, Values

NO_RULE = 1
HOLDS = 1
Evidence = Literal["explicit", "implicit"]
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
Counts = Literal["first", "all"]
COUNTS: tuple[Counts, ...] = get_args(Counts)
Stops = Literal["MQL", "SQL"]
STOPS: tuple[Stops, ...] = get_args(Stops)

TIER = "Tier"
"""The dimension that a rulebook's tiers make up: from the ideal customer profile down to the target market."""

# Rows whose points are added up at a time: few enough that the terms of sixty rules take little memory.
_PART = 65_536


@dataclass(frozen=True)
class Rule:
    """What it takes, and the points for it: once, or for `each` of an activity, up to `most_points` (of either sign).

    A rule with `each` holds where there is any such activity and all of `when` hold. `group` and `evidence` are those
    of its dimension where None.
    """

    label: str
    points: float
    when: tuple[Condition, ...] = ()
    each: ActivityCount | None = None
    most_points: float | None = None
    group: Group | None = None
    evidence: Evidence | None = None

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest points that it gives where it holds."""
        if self.each is None:
            return self.points, self.points
        most = float(np.copysign(np.inf if self.most_points is None else self.most_points, self.points))
        return min(0.0, most), max(0.0, most)

    @property
    def columns(self) -> tuple[str | None, ...]:
        """The columns that it looks at; None where it is not resolved."""
        each = () if self.each is None else (self.each.column,)
        return (*(condition.column for condition in self.when), *each)

    def holds(self, rows: RuleRows) -> Mask:
        """Which rows it holds for; shape (rows,)."""
        held = all_hold(self.when, rows)
        return held if self.each is None else held & (counted(rows, self.each) > 0)

    def of(self, values: Values) -> Mask:
        """Which of some values it holds for, where it looks at one column and counts nothing."""
        held = np.ones(len(values.numbers), dtype=np.bool_)
        for condition in self.when:
            held &= condition.of(values)
        return held

    def gives(self, rows: RuleRows) -> Floats:
        """The points for a lead that it holds for; shape (rows,)."""
        if self.each is None or not self.points:  # no points for each of endlessly many are none
            return np.full(len(rows), self.points)
        low, high = self.reach
        given: Floats = np.clip(self.points * counted(rows, self.each), low, high)
        return given


@dataclass(frozen=True)
class Dimension:
    """One dimension of qualification.

    `answer` names the question that fills it, `question` is its wording, and `column` the user's column with the answer
    once the rulebook is resolved; all None where nothing is asked. `only` says which leads it applies to.
    `most_points` and `least_points` bound what all its rules give together.
    """

    name: str
    rules: tuple[Rule, ...]
    answer: str | None = None
    question: str | None = None
    counts: Counts = "first"
    evidence: Evidence = "explicit"
    group: Group = "answer"
    missing: float = 0.0
    otherwise: float = 0.0
    most_points: float | None = None
    least_points: float | None = None
    only: tuple[Condition, ...] = ()
    column: str | None = None

    @property
    def columns(self) -> tuple[str | None, ...]:
        """The columns that it looks at; None where it is not resolved."""
        own = () if self.column is None else (self.column,)
        return (*own, *(one.column for one in self.only), *(name for rule in self.rules for name in rule.columns))

    @property
    def terms(self) -> int:
        """How many terms of the score it is."""
        return 1 if self.counts == "first" else len(self.rules)

    @cached_property
    def only_column(self) -> str | None:
        """The column that alone decides on its points; None where several do, or points are counted."""
        names = set(self.columns)
        plain = self.counts == "first" and not self.only and all(rule.each is None for rule in self.rules)
        return names.pop() if plain and len(names) == 1 else None

    @property
    def points_by_code(self) -> list[Floats] | None:
        """The points of each code of each of its terms; None where they are no matter of the code alone."""
        if self.counts_activities:
            return None
        if self.counts == "first":
            return [self._by_code]
        bounded = self.most_points is not None or self.least_points is not None
        return None if bounded else [np.array([0.0, rule.points]) for rule in self.rules]

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest points that a lead can get; the exact bounds of rules that can hold together."""
        if self.counts == "first":
            other = [self.otherwise] if self.column is None else [self.otherwise, self.missing]
            points = [*other, *([0.0] if self.only else []), *(end for rule in self.rules for end in rule.reach)]
            return min(points), max(points)
        low = sum(min(0.0, rule.reach[0]) for rule in self.rules)
        high = sum(max(0.0, rule.reach[1]) for rule in self.rules)
        return float(self._bounded(low)), float(self._bounded(high))

    def open(self, rows: RuleRows) -> Mask:
        """Which leads its question can be put to: it applies to them and they have not answered; shape (rows,)."""
        if self.column is None:
            return np.zeros(len(rows), dtype=np.bool_)
        return ~rows.column(self.column).said(_KNOWN) & all_hold(self.only, rows)

    def evaluate(self, rows: RuleRows) -> list[tuple[Codes, Floats]]:
        """Codes and points of each of its terms; each of shape (rows,)."""
        applies = all_hold(self.only, rows) if self.only else None
        if self.counts == "first":
            return [self._first(rows, applies)]
        held = [rule.holds(rows) if applies is None else rule.holds(rows) & applies for rule in self.rules]
        points = [np.where(mask, rule.gives(rows), 0.0) for mask, rule in zip(held, self.rules, strict=True)]
        share = self._share(points)
        codes = [mask.astype(np.uint16) for mask in held]
        return list(zip(codes, points if share is None else [given * share for given in points], strict=True))

    @property
    def counts_activities(self) -> bool:
        """Whether a rule gives points for each of something, so that points are no matter of codes alone."""
        return any(rule.each is not None for rule in self.rules)

    def points_of(self, codes: Sequence[Codes]) -> list[Floats]:
        """The points of each of its terms for codes of them, where nothing is counted; as `evaluate` gives them."""
        if self.counts == "first":
            return [self._by_code[codes[0]]]
        points = [np.where(code == HOLDS, rule.points, 0.0) for code, rule in zip(codes, self.rules, strict=True)]
        share = self._share(points)
        return points if share is None else [given * share for given in points]

    def describe(self, code: int) -> str:
        """What a code says of a lead, in words that complete "<dimension>: ...", where the first rule counts."""
        if code == MISSING:
            return "not known"
        if code == len(self.rules) + 2:
            return "does not apply"
        return "no rule holds" if code == NO_RULE else self.rules[code - 2].label

    def of(self, values: Values) -> Codes:
        """Codes of some values of the only column that it looks at."""
        codes = np.full(len(values.numbers), NO_RULE, dtype=np.uint16)
        if self.column is not None:
            codes[~values.known] = MISSING
        for code in range(len(self.rules) + 1, NO_RULE, -1):
            codes[self.rules[code - 2].of(values)] = code
        return codes

    def _codes(self, rows: RuleRows, applies: Mask | None) -> Codes:
        if self.only_column is not None:
            return rows.column(self.only_column).said(self)
        codes = np.full(len(rows), NO_RULE, dtype=np.uint16)
        if self.column is not None:
            codes[~rows.column(self.column).said(_KNOWN)] = MISSING
        for code in range(len(self.rules) + 1, NO_RULE, -1):
            codes[self.rules[code - 2].holds(rows)] = code
        if applies is not None:
            codes[~applies] = len(self.rules) + 2
        return codes

    def _first(self, rows: RuleRows, applies: Mask | None) -> tuple[Codes, Floats]:
        codes = self._codes(rows, applies)
        points = self._by_code[codes]
        for code, rule in enumerate(self.rules, start=2):
            if rule.each is not None:
                points = np.where(codes == code, rule.gives(rows), points)
        return codes, points

    @cached_property
    def _by_code(self) -> Floats:
        """Points by code, where the first rule counts and gives its points once."""
        return np.array([self.missing, self.otherwise, *(rule.points for rule in self.rules), 0.0])

    def _share(self, points: Sequence[Floats]) -> Floats | None:
        """What is left of each rule's points where all together pass a bound; None where nothing is bounded."""
        if self.most_points is None and self.least_points is None:
            return None
        total = sum(points, np.zeros(1))
        bounded: Floats = self._bounded(total)
        return np.divide(bounded, total, out=np.ones_like(bounded), where=total != 0)

    def _bounded(self, points: Any) -> Any:
        low = -np.inf if self.least_points is None else self.least_points
        high = np.inf if self.most_points is None else self.most_points
        return np.clip(points, low, high)


@dataclass(frozen=True)
class Gate:
    """What a lead must have, or must not have, to be handed over as MQL or as SQL; `only` says to which it applies."""

    name: str
    when: tuple[Condition, ...]
    must_have: bool = True
    stops: Stops = "MQL"
    only: tuple[Condition, ...] = ()

    @property
    def columns(self) -> tuple[str | None, ...]:
        """The columns that it looks at; None where it is not resolved."""
        return tuple(condition.column for condition in (*self.when, *self.only))

    def stopped(self, rows: RuleRows) -> Mask:
        """Which leads it stops; shape (rows,). What is not known does not count as had."""
        held = all_hold(self.when, rows)
        return (~held if self.must_have else held) & all_hold(self.only, rows)


@dataclass(frozen=True)
class Evaluation:
    """What rules say of rows: code and points of each term, each of shape (rows,)."""

    codes: tuple[Codes, ...]
    points: tuple[Floats, ...]


@dataclass(frozen=True)
class Rulebook:
    """Dimensions and gates under a name. Only a resolved one, whose columns are the user's, can be evaluated."""

    name: str
    about: str
    dimensions: tuple[Dimension, ...]
    gates: tuple[Gate, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that rows must bring for the rules to be evaluated."""
        return tuple(dict.fromkeys(name for name in self._columns if name is not None))

    @property
    def is_resolved(self) -> bool:
        """Whether every condition knows its column."""
        return None not in self._columns

    @property
    def _columns(self) -> list[str | None]:
        parts: list[Dimension | Gate] = [*self.dimensions, *self.gates]
        return [name for part in parts for name in part.columns]

    @cached_property
    def counts(self) -> tuple[ActivityCount, ...]:
        """The counts of activities among its columns."""
        rules = [rule for dimension in self.dimensions for rule in dimension.rules]
        whens = [*(rule.when for rule in rules), *(dimension.only for dimension in self.dimensions)]
        whens += [when for gate in self.gates for when in (gate.when, gate.only)]
        asked = [one.count for when in whens for one in when if isinstance(one, CountCondition)]
        return tuple(dict.fromkeys([*asked, *(rule.each for rule in rules if rule.each is not None)]))

    @property
    def tier(self) -> Dimension | None:
        """The dimension that says which tier of customers a lead belongs to, if there is one: the first of all."""
        first = self.dimensions[0] if self.dimensions else None
        return first if first is not None and first.name == TIER else None

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest points that there are."""
        reaches = np.array([dimension.reach for dimension in self.dimensions]).reshape(-1, 2)
        return float(reaches[:, 0].sum()), float(reaches[:, 1].sum())

    def rows(self, table: pa.Table) -> RuleRows:
        """The rows of a table as these rules look at them."""
        return RuleRows(table, self.unanswered)

    def evaluate(self, rows: RuleRows) -> Evaluation:
        """Codes and points of all terms: dimension by dimension, in the order of the file."""
        terms = [term for dimension in self.dimensions for term in dimension.evaluate(rows)]
        return Evaluation(tuple(codes for codes, _ in terms), tuple(points for _, points in terms))

    def points(self, table: pa.Table) -> dict[str, Floats]:
        """Points of each row by dimension name; each of shape (rows,)."""
        parts = [
            [sum((points for _, points in dimension.evaluate(rows)), np.zeros(1)) for dimension in self.dimensions]
            for rows in self._parts(table)
        ]
        names = (dimension.name for dimension in self.dimensions)
        return {name: np.concatenate(arrays) for name, arrays in zip(names, zip(*parts, strict=True), strict=True)}

    def total(self, table: pa.Table) -> Floats:
        """Points of each row over all dimensions; shape (rows,)."""
        return np.concatenate([sum(self.evaluate(rows).points, np.zeros(len(rows))) for rows in self._parts(table)])

    def stopped(self, rows: RuleRows) -> dict[str, Mask]:
        """Which rows each gate stops, by the gate's name; each of shape (rows,)."""
        return {gate.name: gate.stopped(rows) for gate in self.gates}

    def kept_from(self, stage: Stops, rows: RuleRows) -> Mask:
        """Which rows a gate keeps from a stage; what is kept from MQL is kept from SQL. Shape (rows,)."""
        kept = np.zeros(len(rows), dtype=np.bool_)
        for gate in self.gates:
            if gate.stops in ("MQL", stage):
                kept |= gate.stopped(rows)
        return kept

    def _parts(self, table: pa.Table) -> Iterator[RuleRows]:
        rows = self.rows(table)
        if len(rows) > _PART:
            rows.read(self.columns)
        for start in range(0, max(len(rows), 1), _PART):
            yield rows.part(start, min(start + _PART, len(rows)))


class _Known:
    """Whether a value says anything."""

    def of(self, values: Values) -> Mask:
        return values.known


_KNOWN = _Known()
