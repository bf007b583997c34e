"""A rulebook: what sales and marketing believe in, as points, written down as data.

A rulebook has dimensions (BANT has four). Each dimension looks at one column, by default the answer to its
qualification question, and holds an ordered list of rules; the first rule that holds gives the points. A lead that has
not answered gets the dimension's `missing` points and can be asked the question. Nothing in a rulebook is evaluated as
code: a condition is a comparison with values that stand in the file.

Like a feature, a dimension turns rows into codes: 0 not answered, 1 no rule holds, 2 + k the k-th rule.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from leadml.errors import RulebookError
from leadml.predict.columns import plain_number
from leadml.predict.encoding import GROUPS, MISSING, Codes, Floats, Group, codes_by_value, fold, to_floats
from leadml.predict.reading import Problems, Table

FORMAT = 1
NO_RULE = 1
Evidence = Literal["explicit", "implicit"]
EVIDENCE: tuple[Evidence, ...] = ("explicit", "implicit")


@dataclass(frozen=True)
class Rule:
    """One condition and its points: the value is one of some texts, or lies within bounds (both inclusive)."""

    label: str
    points: float
    one_of: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The rule as it is written in a file, without the keys that say nothing."""
        every = {"label": self.label, "points": self.points, "one_of": list(self.one_of)}
        bounds = {"at_least": self.at_least, "at_most": self.at_most}
        return {key: value for key, value in (every | bounds).items() if value not in (None, [])}

    def holds_for(self, text: str, number: float) -> bool:
        """Whether the rule holds for one value, given as folded text and as a number (NaN if it is none)."""
        if self.one_of:
            return text in self._folded
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        return low <= number <= high

    @cached_property
    def _folded(self) -> frozenset[str]:
        return frozenset(fold(value) for value in self.one_of)


@dataclass(frozen=True)
class Dimension:
    """One dimension of qualification. `column` is the user's column once the rulebook is resolved, else None."""

    name: str
    answer: str
    question: str
    rules: tuple[Rule, ...]
    evidence: Evidence = "explicit"
    group: Group = "answer"
    missing: float = 0.0
    otherwise: float = 0.0
    column: str | None = None
    unanswered: tuple[str, ...] = ()

    @property
    def points_by_code(self) -> Floats:
        """Points of each code; shape (2 + rules,)."""
        return np.array([self.missing, self.otherwise, *(rule.points for rule in self.rules)], dtype=np.float64)

    def codes(self, values: pa.ChunkedArray | pa.Array) -> Codes:
        """Code of each row; shape (rows,). Works on the distinct values, so a million rows cost little."""
        return codes_by_value(values, self._codes_of)

    def describe(self, code: int) -> str:
        """What a code says of a lead, in words that complete "<dimension>: ..."."""
        if code == MISSING:
            return "not known"
        return "answered, but no rule holds" if code == NO_RULE else self.rules[code - 2].label

    def to_dict(self) -> dict[str, Any]:
        """The dimension as JSON values; `parse_rulebook` reads them back."""
        plain = {
            key: getattr(self, key)
            for key in ("name", "answer", "question", "evidence", "group", "missing", "otherwise", "column")
            if getattr(self, key) is not None
        }
        return plain | {"rule": [rule.to_dict() for rule in self.rules]}

    def _codes_of(self, distinct: pa.Array) -> list[int]:
        if _is_number(distinct.type):
            numbers = to_floats(distinct).tolist()
            texts = ["" if number != number else plain_number(number) for number in numbers]
        else:
            texts = [fold(str(value)) if value is not None else "" for value in distinct.to_pylist()]
            numbers = [_number_in(text) for text in texts]
        return [self._code(text, number) for text, number in zip(texts, numbers, strict=True)]

    def _code(self, text: str, number: float) -> int:
        if not text or text in self.unanswered:
            return MISSING
        holding = (code for code, rule in enumerate(self.rules, start=2) if rule.holds_for(text, number))
        return next(holding, NO_RULE)


@dataclass(frozen=True)
class Rulebook:
    """Dimensions under a name. Only a resolved rulebook (every dimension has a column) can be evaluated."""

    name: str
    about: str
    dimensions: tuple[Dimension, ...]
    unanswered: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that rows must bring for the rules to be evaluated."""
        return tuple(dict.fromkeys(d.column for d in self.dimensions if d.column is not None))

    def resolve(self, answers: Mapping[str, str], columns: Collection[str]) -> tuple[Rulebook, tuple[str, ...]]:
        """Find each dimension's column, and list the dimensions for which there is none.

        `answers` maps question names to the user's columns; a question that is itself the name of one of `columns`
        needs no mapping. The rulebook returned holds only the dimensions that were found.
        """
        found = {d.name: answers.get(d.answer, d.answer) for d in self.dimensions}
        kept = [replace(d, column=found[d.name]) for d in self.dimensions if found[d.name] in columns]
        unmapped = tuple(d.name for d in self.dimensions if found[d.name] not in columns)
        return replace(self, dimensions=tuple(kept)), unmapped

    def codes(self, table: pa.Table) -> list[Codes]:
        """Code of each row in each dimension; each of shape (rows,)."""
        return [dimension.codes(table[dimension.column]) for dimension in self.dimensions]

    def points(self, table: pa.Table) -> dict[str, Floats]:
        """Points of each row by dimension name; each of shape (rows,)."""
        codes = self.codes(table)
        return {d.name: d.points_by_code[code] for d, code in zip(self.dimensions, codes, strict=True)}

    def total(self, codes: Sequence[Codes]) -> Floats:
        """Points of each row over all dimensions; shape (rows,)."""
        return sum((d.points_by_code[code] for d, code in zip(self.dimensions, codes, strict=True)), np.zeros(1))

    def to_dict(self) -> dict[str, Any]:
        """The rulebook as JSON values; `parse_rulebook` reads them back."""
        head = {"format": FORMAT, "name": self.name, "about": self.about, "unanswered": list(self.unanswered)}
        return head | {"dimension": [dimension.to_dict() for dimension in self.dimensions]}


def read_rulebook(text: str, where: str) -> Rulebook:
    """Parse a rulebook file's text; `where` names the file in messages.

    Raises:
        RulebookError: the text is not TOML, or not a rulebook; every problem is listed.
    """
    try:
        return parse_rulebook(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{where}: not valid TOML: {error}. Mend that line and try again.") from None


def parse_rulebook(content: Mapping[str, Any], where: str) -> Rulebook:
    """Build a rulebook from parsed TOML or JSON, checking every key; see `read_rulebook`."""
    problems = Problems()
    book = Table(content, "", problems)
    found = book.number("format", default=FORMAT)
    if found != FORMAT:
        problems.add("format", f"is {found:g}, but this version of leadml reads format {FORMAT}")
    unanswered = tuple(fold(text) for text in book.texts("unanswered"))
    rulebook = Rulebook(
        name=book.text("name"),
        about=book.text("about", default=""),
        dimensions=tuple(_dimension(table, unanswered) for table in book.tables("dimension")),
        unanswered=unanswered,
    )
    book.refuse_other_keys()
    names = [dimension.name for dimension in rulebook.dimensions]
    for name in {name for name in names if names.count(name) > 1}:
        problems.add("dimension", f"two dimensions are named {name!r}; names must differ")
    if problems:
        raise RulebookError(problems.message(where))
    return rulebook


def _dimension(table: Table, unanswered: tuple[str, ...]) -> Dimension:
    name = table.text("name")
    dimension = Dimension(
        name=name,
        answer=table.text("answer"),
        question=table.text("question"),
        rules=tuple(_rule(rule) for rule in table.tables("rule")),
        evidence=table.choice("evidence", EVIDENCE),
        group=table.choice("group", GROUPS[::-1]),
        missing=table.number("missing", default=0.0),
        otherwise=table.number("otherwise", default=0.0),
        column=table.text("column", default="") or None,
        unanswered=unanswered,
    )
    table.refuse_other_keys()
    return dimension


def _rule(table: Table) -> Rule:
    rule = Rule(
        label=table.text("label"),
        points=table.number("points"),
        one_of=table.texts("one_of"),
        at_least=table.optional_number("at_least"),
        at_most=table.optional_number("at_most"),
    )
    table.refuse_other_keys()
    bounded = rule.at_least is not None or rule.at_most is not None
    if bool(rule.one_of) == bounded:
        table.problem("", "needs a condition: either one_of, or at_least and/or at_most")
    if rule.at_least is not None and rule.at_most is not None and rule.at_least > rule.at_most:
        table.problem("at_least", f"is {rule.at_least}, above at_most ({rule.at_most}): the rule can never hold")
    return rule


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _number_in(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
