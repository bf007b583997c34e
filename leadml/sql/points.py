"""What rules say of a lead, as SQL: the codes and points of their terms, tiers, gates and segments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from leadml.predict import Scorer
from leadml.predict.policy import Policy
from leadml.predict.rules.conditions import Condition, ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.predict.terms import Term
from leadml.sql.codes import CodeColumn, CodeColumns
from leadml.sql.conditions import ALWAYS, Conditions
from leadml.sql.dialects import Dialect
from leadml.sql.inputs import Inputs
from leadml.sql.lines import Lines, case, chain, pick
from leadml.sql.steps import Column


@dataclass(frozen=True)
class PointTerm:
    """A term of the rules: its codes, and its points once a dimension's bounds are kept."""

    term: Term
    code: CodeColumn
    points: str


@dataclass
class Points:
    """What rules add to the steps of a query.

    `coded` are columns of the step that finds codes, `given` what each rule gives before a dimension's bounds, `shares`
    what is left of it, and `totals` the points of each dimension.
    """

    terms: list[PointTerm] = field(default_factory=list)
    coded: list[Column] = field(default_factory=list)
    given: list[Column] = field(default_factory=list)
    shares: list[Column] = field(default_factory=list)
    totals: list[Column] = field(default_factory=list)


def points_of(scorer: Scorer, columns: CodeColumns, inputs: Inputs) -> Points:
    """The points of a scorer's rules.

    Raises:
        RulebookError: a rule asks what SQL cannot say.
    """
    made = Points()
    if scorer.rulebook is None:
        return made
    terms = iter(scorer.terms)
    conditions = Conditions(inputs, scorer.rulebook.unanswered)
    for number, dimension in enumerate(scorer.rulebook.dimensions, start=1):
        own = [next(terms) for _ in range(dimension.terms)]
        builder = _Builder(number, dimension, conditions, inputs.dialect, columns, made)
        builder.first(own[0]) if dimension.counts == "first" else builder.each_that_holds(own)
    return made


@dataclass(frozen=True)
class _Builder:
    number: int
    dimension: Dimension
    conditions: Conditions
    dialect: Dialect
    columns: CodeColumns
    made: Points

    def first(self, term: Term) -> None:
        """A dimension of which the first rule that holds counts."""
        dimension, rules = self.dimension, self.dimension.rules
        whens = [(self._fails_only(), str(len(rules) + 2))] if dimension.only else []
        whens += [(self._holds(rule), str(code)) for code, rule in enumerate(rules, start=2)]
        if dimension.column is not None:
            whens.append((self.conditions.unknown(dimension.column), "0"))
        code = self.columns.of_rule(dimension.name, case(whens, "1") if whens else ["1"], term.texts)
        values = [self._double(dimension.missing), self._double(dimension.otherwise)]
        values += [self._given(place, rule) for place, rule in enumerate(rules, start=1)]
        points = f"p{code.number}"
        self.made.given.append(
            Column(pick(code.name, [*values, self._double(0.0)], term.texts), points, dimension.name)
        )
        self.made.terms.append(PointTerm(term, code, points))
        self.made.totals.append(Column([points], self._total, dimension.name))

    def each_that_holds(self, terms: Sequence[Term]) -> None:
        """A dimension of which all rules that hold count, within bounds."""
        names, here = [], self.dimension.only
        for place, (term, rule) in enumerate(zip(terms, self.dimension.rules, strict=True), start=1):
            code = self.columns.of_rule(term.texts[1], case([(self._holds(rule, here), "1")], "0"), term.texts)
            given = [f"CASE {code.name} WHEN 1 THEN {self._given(place, rule)} ELSE {self._double(0.0)} END"]
            self.made.given.append(Column(given, f"p{code.number}", term.texts[1]))
            names.append(f"p{code.number}")
            share = names[-1] if self._unbounded else f"{names[-1]} * {self._share}"
            self.made.terms.append(PointTerm(term, code, share))
        if not self._unbounded:
            self.made.shares.append(Column(self._bounded(names), self._share, self.dimension.name))
        shares = names if self._unbounded else [f"{name} * {self._share}" for name in names]
        self.made.totals.append(Column(chain(shares or [self._double(0.0)]), self._total, self.dimension.name))

    def _holds(self, rule: Rule, only: tuple[Condition, ...] = ()) -> str:
        held = self.conditions.all_hold((*only, *rule.when), f"The rule {rule.label!r} of {self.dimension.name!r}")
        if rule.each is None:
            return held
        counted = f"{self.conditions.counted(rule.each)} > {self._double(0.0)}"
        return counted if held == ALWAYS else f"{held} AND {counted}"

    def _given(self, place: int, rule: Rule) -> str:
        """The points of a rule where it holds; counted ones are found where the columns still are."""
        if rule.each is None or not rule.points:
            return self._double(rule.points)
        name, (low, high) = f"g{self.number}_{place}", rule.reach
        counted = f"{self._double(rule.points)} * {self.conditions.counted(rule.each)}"
        self.made.coded.append(Column([self._clipped(counted, low, high)], name, rule.label))
        return name

    def _fails_only(self) -> str:
        return self.conditions.fails(self.dimension.only, f"The dimension {self.dimension.name!r} (only)")

    def _bounded(self, names: Sequence[str]) -> Lines:
        """What is left of each rule's points where all together pass a bound."""
        total = f"({' + '.join([self._double(0.0), *names])})"
        low, high = self.dimension.least_points, self.dimension.most_points
        kept = self._clipped(total, float("-inf") if low is None else low, float("inf") if high is None else high)
        return [f"CASE WHEN {total} <> 0 THEN {kept} / {total} ELSE {self._double(1.0)} END"]

    def _clipped(self, value: str, low: float, high: float) -> str:
        if low > float("-inf"):
            value = f"{self.dialect.greatest}({value}, {self._double(low)})"
        return f"{self.dialect.least}({value}, {self._double(high)})" if high < float("inf") else value

    @property
    def _unbounded(self) -> bool:
        return self.dimension.most_points is None and self.dimension.least_points is None

    @property
    def _share(self) -> str:
        return f"share{self.number}"

    @property
    def _total(self) -> str:
        return f"points{self.number}"

    def _double(self, value: float) -> str:
        return self.dialect.double(float(value))


def gates_of(rulebook: Rulebook | None, inputs: Inputs) -> list[Column]:
    """For each gate g<number>: 1 where it stops a lead, else 0.

    Raises:
        RulebookError: a gate asks what SQL cannot say.
    """
    if rulebook is None:
        return []
    conditions = Conditions(inputs, rulebook.unanswered)
    stops = [(_stops(gate, conditions), gate) for gate in rulebook.gates]
    return [Column(case([(sql, "1")], "0"), f"gate{n}", gate.name) for n, (sql, gate) in enumerate(stops, start=1)]


def _stops(gate: Gate, conditions: Conditions) -> str:
    of = f"The gate {gate.name!r}"
    stops = conditions.fails(gate.when, of) if gate.must_have else conditions.all_hold(gate.when, of)
    return f"{stops} AND {conditions.all_hold(gate.only, of)}" if gate.only else stops


def segment_of(policy: Policy, inputs: Inputs) -> list[Column]:
    """The number of a lead's segment, from 0, NULL for none; no column where there are no segments."""
    if not policy.segments:
        return []
    return [Column(case(list(_segments(policy, Conditions(inputs))), "NULL"), "segment_number", "")]


def _segments(policy: Policy, conditions: Conditions) -> Iterator[tuple[str, str]]:
    # Of several that a lead belongs to, the last counts.
    for number, segment in reversed(list(enumerate(policy.segments))):
        asked = ValueCondition("attribute", segment.column, one_of=segment.values, column=segment.column)
        yield conditions.all_hold([asked], f"The segment {segment.name!r}"), str(number)
