"""Conditions as keys of a rulebook's tables.

The first condition stands in the table itself, further ones in `[[...and]]` tables below it; all must hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadml.predict.reading import Table
from leadml.predict.rules.conditions import (
    ACCOUNT_COLUMNS,
    ANY_ACTIVITY,
    SUBJECTS,
    WHOSE,
    ActivityCount,
    Condition,
    CountCondition,
    Subject,
    ValueCondition,
)

_OF_COUNTS = ("within_days", "after", "gap_days", "whose", "per_day", "half_life_days", "lifespan_days")
_OF_VALUES = ("one_of", "none_of", "known")
_BOUNDS = ("at_least", "at_most")


def conditions_of(table: Table, answer: str | None = None, each: ActivityCount | None = None) -> tuple[Condition, ...]:
    """The conditions that stand in a table; without a subject of its own the first is about `answer`.

    `each` is what `each_of` found there. Without it, a table without any condition is a problem; so is one that can
    never hold.
    """
    more = table.tables("and", required=False)
    first = _condition(table, answer, each, required=each is None)
    rest = [_condition(other, answer, None, required=True) for other in more]
    for other in more:
        other.refuse_other_keys()
    return tuple(condition for condition in (first, *rest) if condition is not None)


def only_of(table: Table) -> tuple[Condition, ...]:
    """The conditions that say to which leads a table applies (`only`); none where it applies to all."""
    only = table.table("only")
    if only is None:
        return ()
    conditions = conditions_of(only)
    only.refuse_other_keys()
    return conditions


def each_of(table: Table) -> ActivityCount | None:
    """The activities that a rule gives points for one by one (`each = true`)."""
    if not table.flag("each"):
        if table.has("activity"):
            for key in ("half_life_days", "lifespan_days", "per_day"):
                if table.has(key):
                    table.problem(key, "counts only with each = true (points for each activity)")
        return None
    if not table.has("activity"):
        table.problem("each", "gives points for each activity; name one (activity)")
        return ActivityCount((ANY_ACTIVITY,))
    for key in _BOUNDS:
        if table.has(key):
            table.problem(key, "does not go with each = true, which counts from the first; leave it out")
    return _count(table)


def when_to_dict(when: Sequence[Condition], each: ActivityCount | None = None) -> dict[str, Any]:
    """Conditions as the keys of a table; `conditions_of` and `each_of` read them back."""
    tables = [*([_count_to_dict(each) | {"each": True}] if each else []), *map(_condition_to_dict, when)]
    if not tables:
        return {}
    return tables[0] | ({"and": tables[1:]} if tables[1:] else {})


def _says(table: Table) -> bool:
    """Whether a table holds a condition of its own."""
    return any(table.has(key) for key in (*SUBJECTS, "activity", *_OF_VALUES, *_BOUNDS))


def _condition(table: Table, answer: str | None, each: ActivityCount | None, *, required: bool) -> Condition | None:
    subjects = [key for key in (*SUBJECTS, "activity") if table.has(key)]
    if len(subjects) > 1:
        table.problem("", f"has {' and '.join(subjects)}; a condition is about one of them (put others under [[and]])")
        table.skip([*subjects, *_OF_COUNTS, *_OF_VALUES, *_BOUNDS])
        return None
    if "activity" in subjects:
        return _count_condition(table) if each is None else None
    for key in _OF_COUNTS:
        if table.has(key):
            table.problem(key, "is said of activities; name one (activity)")
    if not required and not _says(table):
        return None
    return _value_condition(table, answer)


def _value_condition(table: Table, answer: str | None) -> ValueCondition:
    subject: Subject = next((key for key in SUBJECTS if table.has(key)), "answer")
    condition = ValueCondition(
        subject=subject,
        name=table.text(subject, default=answer or ""),
        one_of=table.texts("one_of"),
        none_of=table.texts("none_of"),
        at_least=table.optional_number("at_least"),
        at_most=table.optional_number("at_most"),
        known=table.flag("known") if table.has("known") else None,
        column=table.optional_text("of_column"),
    )
    _check_bounds(table, condition.at_least, condition.at_most)
    if answer is None and not table.has(subject):
        table.problem("", "is about nothing; name an attribute, an answer, an account figure or an activity")
        return condition
    if subject == "account" and condition.name not in ACCOUNT_COLUMNS:
        table.problem("account", f"must be one of {', '.join(ACCOUNT_COLUMNS)}, got {condition.name!r}")
    _check_one_condition(table, condition)
    return condition


def _check_one_condition(table: Table, condition: ValueCondition) -> None:
    """Note where a value is asked nothing, or two things that each need a condition of their own."""
    bounds = [key for key in _BOUNDS if table.has(key)]
    asked = [*(key for key in _OF_VALUES if table.has(key)), *bounds[:1]]
    if not asked:
        table.problem("", "needs one condition: one_of, or none_of, or at_least and/or at_most, or known")
    if len(asked) > 1:
        table.problem("", f"has {' and '.join(asked)}; a condition asks one thing (put others under [[and]])")
    for key, words in (("one_of", condition.one_of), ("none_of", condition.none_of)):
        if table.is_empty(key):
            table.problem(key, "is empty; name the texts")
        if any(not word.strip() for word in words):
            table.problem(key, "holds an empty text; what is not known is asked for by known = false")


def _count_condition(table: Table) -> CountCondition:
    bounded = any(table.has(key) for key in _BOUNDS)
    at_least, at_most = table.optional_number("at_least"), table.optional_number("at_most")
    for key in _OF_VALUES:
        if table.has(key):
            table.problem(key, "is said of values, not of activities; use at_least or at_most")
    _check_bounds(table, at_least, at_most)
    if at_most is not None and at_most < 0:
        table.problem("at_most", f"is {at_most:g}, and no count is below 0: it can never hold")
    if at_most is None and at_least is not None and at_least <= 0:
        table.problem("at_least", f"is {at_least:g}, and no count is below 0: it always holds")
    return CountCondition(_count(table), at_least if bounded else 1.0, at_most)


def _count(table: Table) -> ActivityCount:
    numbers = {key: table.optional_number(key) for key in ("within_days", "per_day", "half_life_days", "lifespan_days")}
    for key, value in numbers.items():
        if value is not None and value <= 0:
            table.problem(key, f"is {value:g}; it must be above 0")
    if numbers["half_life_days"] and numbers["lifespan_days"]:
        table.problem("lifespan_days", "is given beside half_life_days; points fade in one way only")
    gap = table.number("gap_days", default=0.0)
    after = table.steps("after")
    if gap < 0:
        table.problem("gap_days", f"is {gap:g}; it must not be negative")
    if gap and not after:
        table.problem("gap_days", "is the time between steps; name those before (after)")
    return ActivityCount(
        types=table.text_or_texts("activity"), after=after, gap_days=gap, whose=table.choice("whose", WHOSE), **numbers
    )


def _check_bounds(table: Table, at_least: float | None, at_most: float | None) -> None:
    if at_least is not None and at_most is not None and at_least > at_most:
        table.problem("at_least", f"is {at_least:g}, above at_most ({at_most:g}): it can never hold")


def _condition_to_dict(condition: Condition) -> dict[str, Any]:
    bounds = {key: getattr(condition, key) for key in _BOUNDS if getattr(condition, key) is not None}
    if isinstance(condition, CountCondition):
        return _count_to_dict(condition.count) | bounds
    said: dict[str, Any] = {condition.subject: condition.name} | bounds
    for key in ("one_of", "none_of"):
        if getattr(condition, key):
            said[key] = list(getattr(condition, key))
    if condition.known is not None:
        said["known"] = condition.known
    return said if condition.column is None else said | {"of_column": condition.column}


def _count_to_dict(count: ActivityCount) -> dict[str, Any]:
    said = {key: getattr(count, key) for key in ("within_days", "per_day", "half_life_days", "lifespan_days")}
    plain: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
    if count.after:
        plain |= {"after": [list(step) if len(step) > 1 else step[0] for step in count.after]}
    if count.gap_days:
        plain["gap_days"] = count.gap_days
    if count.whose != "lead":
        plain["whose"] = count.whose
    return {"activity": list(count.types)} | plain
