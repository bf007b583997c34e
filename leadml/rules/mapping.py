"""From what a rulebook names to what the user has: questions, attributes and activities become columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from leadml.errors import RulebookError
from leadml.predict.encoding import fold
from leadml.predict.rules.conditions import (
    ACCOUNT_COLUMNS,
    ANY_ACTIVITY,
    ActivityCount,
    Condition,
    CountCondition,
    ValueCondition,
)
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook

__all__ = ["Names", "asked_of", "map_rulebook"]


@dataclass(frozen=True)
class Names:
    """What the user has, and what it is called in rulebooks.

    `columns` are the columns there are and `activities` the types of activity that occur; `answers` and `attributes`
    map names of a rulebook to columns, `activity_types` its activities to types of the user. A name that is itself a
    column or type, in whatever spelling, needs no mapping. `account` says which figures of the account there are.
    """

    columns: Collection[str]
    answers: Mapping[str, str] | None = None
    attributes: Mapping[str, str] | None = None
    activities: Collection[str] = ()
    activity_types: Mapping[str, Collection[str]] | None = None
    account: Collection[str] = ()

    def column(self, condition: ValueCondition) -> str | None:
        """The column that a condition looks at, None where there is none."""
        if condition.subject == "account":
            column = ACCOUNT_COLUMNS.get(condition.name)
            return column if column in self.account else None
        given = (self.answers if condition.subject == "answer" else self.attributes) or {}
        return self._column(given.get(condition.name, condition.name))

    def answer(self, name: str) -> str | None:
        """The column that holds the answer to a question, None where there is none."""
        return self._column((self.answers or {}).get(name, name))

    def types(self, name: str) -> tuple[str, ...]:
        """The user's types that an activity of a rulebook stands for."""
        if name == ANY_ACTIVITY:
            return (ANY_ACTIVITY,) if self.activities else ()
        wanted = {_spelled(one) for one in (self.activity_types or {}).get(name, (name,))}
        return tuple(sorted(one for one in self.activities if _spelled(one) in wanted))

    def _column(self, name: str) -> str | None:
        if name in self.columns:
            return name
        near = [column for column in self.columns if _spelled(column) == _spelled(name)]
        return near[0] if len(near) == 1 else None


def map_rulebook(rulebook: Rulebook, names: Names, *, advice: str) -> tuple[Rulebook, tuple[str, ...]]:
    """The rulebook over the user's columns, and what it asks for that there is not.

    A rule goes with any of its conditions, a dimension with all of its rules or with what says whom it applies to.
    What is gone is listed: "Need" for a dimension, "Engagement: asked for a demo" for a rule, "gate: ..." for a gate.

    Args:
        rulebook: as it was written.
        names: what the user has.
        advice: what the user can do where nothing of it can be mapped.

    Raises:
        RulebookError: no dimension is left.
    """
    mapped = [_mapped_dimension(dimension, names) for dimension in rulebook.dimensions]
    gates = [_mapped_gate(gate, names) for gate in rulebook.gates]
    kept = tuple(dimension for dimension in mapped if dimension is not None)
    unmapped = tuple(_unmapped(rulebook, mapped, gates))
    if not kept:
        raise RulebookError(
            f"No dimension of the rulebook {rulebook.name!r} has a column: {', '.join(unmapped)}. {advice}"
        )
    return replace(rulebook, dimensions=kept, gates=tuple(gate for gate in gates if gate is not None)), unmapped


def asked_of(rulebook: Rulebook, names: Names, columns: Collection[str]) -> list[str]:
    """Which of some columns, that are not among those that rules may look at, a rulebook asks for."""
    dimensions = rulebook.dimensions
    whens = [dimension.only for dimension in dimensions] + [one.when for d in dimensions for one in d.rules]
    whens += [when for gate in rulebook.gates for when in (gate.when, gate.only)]
    values = [one for when in whens for one in when if isinstance(one, ValueCondition) and one.subject != "account"]
    asked = {(names.attributes or {}).get(one.name, one.name) for one in values if names.column(one) is None}
    answers = [dimension.answer for dimension in dimensions if dimension.answer is not None]
    asked |= {answer for answer in answers if names.answer(answer) is None}
    spelled = {_spelled(name) for name in asked}
    return [column for column in columns if _spelled(column) in spelled]


def _unmapped(rulebook: Rulebook, dimensions: list[Dimension | None], gates: list[Gate | None]) -> Iterator[str]:
    for written, mapped in zip(rulebook.dimensions, dimensions, strict=True):
        if mapped is None:
            yield written.name
            continue
        left = {rule.label for rule in mapped.rules}
        yield from (f"{written.name}: {rule.label}" for rule in written.rules if rule.label not in left)
    yield from (f"gate: {one.name}" for one, mapped in zip(rulebook.gates, gates, strict=True) if mapped is None)


def _mapped_dimension(dimension: Dimension, names: Names) -> Dimension | None:
    rules = [_mapped_rule(rule, names) for rule in dimension.rules]
    kept = tuple(rule for rule in rules if rule is not None)
    only = _mapped_all(dimension.only, names)
    if not kept or only is None:
        return None
    column = None if dimension.answer is None else names.answer(dimension.answer)
    return replace(dimension, rules=kept, only=only, column=column)


def _mapped_rule(rule: Rule, names: Names) -> Rule | None:
    when = _mapped_all(rule.when, names)
    each = None if rule.each is None else _mapped_count(rule.each, names)
    if when is None or (rule.each is not None and each is None):
        return None
    return replace(rule, when=when, each=each)


def _mapped_gate(gate: Gate, names: Names) -> Gate | None:
    when, only = _mapped_all(gate.when, names), _mapped_all(gate.only, names)
    return None if when is None or only is None else replace(gate, when=when, only=only)


def _mapped_all(conditions: tuple[Condition, ...], names: Names) -> tuple[Condition, ...] | None:
    """All conditions over the user's columns; None where one has none."""
    mapped = [_mapped_condition(condition, names) for condition in conditions]
    kept = tuple(condition for condition in mapped if condition is not None)
    return kept if len(kept) == len(conditions) else None


def _mapped_condition(condition: Condition, names: Names) -> Condition | None:
    if isinstance(condition, CountCondition):
        count = _mapped_count(condition.count, names)
        return None if count is None else replace(condition, count=count)
    column = names.column(condition)
    return None if column is None else replace(condition, column=column)


def _mapped_count(count: ActivityCount, names: Names) -> ActivityCount | None:
    """The count of the user's own types; of several, those that occur are enough."""
    steps = [
        tuple(dict.fromkeys(one for name in step for one in names.types(name))) for step in (*count.after, count.types)
    ]
    return replace(count, types=steps[-1], after=tuple(steps[:-1])) if all(steps) else None


def _spelled(name: str) -> str:
    """What is left of a name without case, blanks and joints: "Pricing Page" is "pricing_page"."""
    return "".join(letter for letter in fold(name) if letter.isalnum())
