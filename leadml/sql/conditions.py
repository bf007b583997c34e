"""What rules ask of a lead, as SQL. A condition that looks at a missing value may give NULL, which counts as no."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from leadml.errors import RulebookError
from leadml.predict.encoding import fold
from leadml.predict.rules.conditions import ActivityCount, Condition, CountCondition, ValueCondition
from leadml.predict.rules.rows import number_in
from leadml.sql.dialects import LARGEST
from leadml.sql.inputs import Inputs

ALWAYS, NEVER = "TRUE", "FALSE"


class Conditions:
    """Conditions over the columns of a query; texts in `unanswered` (folded) count as not known."""

    def __init__(self, inputs: Inputs, unanswered: Iterable[str] = ()) -> None:
        self._inputs = inputs
        self._unanswered = frozenset(unanswered)

    def all_hold(self, conditions: Sequence[Condition], of: str) -> str:
        """Whether all conditions hold; `of` names the rule that asks."""
        return " AND ".join(self._holds(condition, of) for condition in conditions) or ALWAYS

    def fails(self, conditions: Sequence[Condition], of: str) -> str:
        """Whether not all conditions hold."""
        return f"NOT COALESCE({self.all_hold(conditions, of)}, {NEVER})"

    def unknown(self, column: str) -> str:
        """Whether a column says nothing."""
        return self._unknown(column, self._of_kind(column, self._unanswered))

    def counted(self, count: ActivityCount) -> str:
        """A count of activities, 0 where nothing is known."""
        return self._count(count.column)

    def _holds(self, condition: Condition, of: str) -> str:
        column = str(condition.column)
        if isinstance(condition, CountCondition):
            return _within(self._count(column), condition.at_least, condition.at_most, self._literal)
        unanswered = self._of_kind(column, self._unanswered)
        if condition.known is not None:
            return self._known(column, unanswered) if condition.known else self._unknown(column, unanswered)
        if condition.one_of or condition.none_of:
            return self._among(condition, column, unanswered, of)
        return self._bounded(condition, column, unanswered)

    def _among(self, condition: ValueCondition, column: str, unanswered: list[str], of: str) -> str:
        if self._inputs.kind(column) == "time":
            raise RulebookError(
                f"{of}: it compares the moment {column!r} with texts, which cannot be said in SQL alike everywhere. "
                "Ask whether it is known (known), or train without this rule."
            )
        value = self._inputs.value(column)
        words = self._of_kind(column, {fold(word) for word in condition.one_of or condition.none_of} - {""})
        if condition.one_of:
            left = [word for word in words if word not in unanswered]
            return f"{value} IN ({', '.join(left)})" if left else NEVER
        return self._known(column, sorted({*words, *unanswered}))

    def _bounded(self, condition: ValueCondition, column: str, unanswered: list[str]) -> str:
        kind = self._inputs.kind(column)
        if kind == "time":
            return NEVER
        if kind == "category":
            unanswered = self._of_kind(column, {word for word in self._unanswered if not math.isnan(number_in(word))})
        within = _within(self._number(column), condition.at_least, condition.at_most, self._literal)
        return f"{within} AND {self._known(column, unanswered)}" if unanswered else within

    def _known(self, column: str, unanswered: Sequence[str]) -> str:
        value = self._inputs.value(column)
        return f"{value} NOT IN ({', '.join(unanswered)})" if unanswered else f"{value} IS NOT NULL"

    def _unknown(self, column: str, unanswered: Sequence[str]) -> str:
        value = self._inputs.value(column)
        return f"({value} IS NULL OR {value} IN ({', '.join(unanswered)}))" if unanswered else f"{value} IS NULL"

    def _count(self, column: str) -> str:
        unanswered, none = self._of_kind(column, self._unanswered), self._literal(0.0)
        value = self._number(column)
        if not unanswered:
            return f"COALESCE({value}, {none})"
        return f"CASE WHEN {self._known(column, unanswered)} THEN {value} ELSE {none} END"

    def _number(self, column: str) -> str:
        value = self._inputs.value(column)
        return value if self._inputs.kind(column) == "number" else f"({self._inputs.dialect.number_in(value)})"

    def _of_kind(self, column: str, words: Iterable[str]) -> list[str]:
        """Literals of words as they are compared with a column: of a column of numbers only the numbers."""
        kind = self._inputs.kind(column)
        if kind == "category":
            return [self._inputs.dialect.text(word) for word in sorted(words)]
        numbers = {number for word in words if math.isfinite(number := number_in(word))}
        return [] if kind == "time" else [self._literal(number) for number in sorted(numbers)]

    def _literal(self, number: float) -> str:
        return self._inputs.dialect.double(number)


def _within(value: str, at_least: float | None, at_most: float | None, literal: Callable[[float], str]) -> str:
    low, high = (None if end is None else literal(min(max(end, -LARGEST), LARGEST)) for end in (at_least, at_most))
    if low is not None and high is not None:
        return f"{value} BETWEEN {low} AND {high}"
    if low is None and high is None:
        return f"{value} IS NOT NULL"
    return f"{value} <= {high}" if low is None else f"{value} >= {low}"
