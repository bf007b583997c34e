"""What a rulebook asks for that the user does not have, name by name, with what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping

from leadml.predict.rules.conditions import ACCOUNT_COLUMNS, ActivityCount, Condition, CountCondition, ValueCondition
from leadml.predict.rules.rulebook import Rulebook
from leadml.rules.mapping import Names
from leadml.rules.remarks import Remark

__all__ = ["what_is_unmapped"]

_HOW = {
    "answer": "Say which column answers it under [leads.answers].",
    "attribute": "Say which column it is under [rules.attributes].",
    "account": "It needs an account for each lead (leads.account).",
    "activity": "Say what it is called under [rules.activities].",
}


def what_is_unmapped(rulebook: Rulebook, names: Names, left_out: Mapping[str, str]) -> list[Remark]:
    """A remark for each name of a rulebook, as written, that stands for nothing the user has.

    Args:
        rulebook: as it was written.
        names: what the user has.
        left_out: columns that rules may not see, each with the reason.
    """
    affected: dict[tuple[str, str], list[str]] = {}
    for place, condition in _conditions(rulebook):
        for missing in _missing(condition, names):
            rules = affected.setdefault(missing, [])
            if place not in rules:
                rules.append(place)
    return [_remark(kind, name, places, names, left_out) for (kind, name), places in affected.items()]


def _conditions(rulebook: Rulebook) -> Iterator[tuple[str, Condition | ActivityCount]]:
    """Everything that is asked, and by what."""
    for dimension in rulebook.dimensions:
        if dimension.answer is not None:
            yield dimension.name, ValueCondition("answer", dimension.answer, known=True)
        yield from ((dimension.name, condition) for condition in dimension.only)
        for rule in dimension.rules:
            yield from ((f"{dimension.name}: {rule.label}", condition) for condition in rule.when)
            if rule.each is not None:
                yield f"{dimension.name}: {rule.label}", rule.each
    for gate in rulebook.gates:
        yield from ((f"gate {gate.name}", condition) for condition in (*gate.when, *gate.only))


def _missing(condition: Condition | ActivityCount, names: Names) -> Iterator[tuple[str, str]]:
    """Kind and name of what a condition asks for and there is not."""
    if isinstance(condition, ValueCondition):
        if names.column(condition) is None:
            yield condition.subject, condition.name
        return
    count = condition.count if isinstance(condition, CountCondition) else condition
    yield from (("activity", name) for step in (*count.after, count.types) for name in step if not names.types(name))


def _remark(kind: str, name: str, places: list[str], names: Names, left_out: Mapping[str, str]) -> Remark:
    by = f"{', '.join(places[:4])}{f' and {len(places) - 4} more' if len(places) > 4 else ''}"
    given = {"answer": names.answers, "attribute": names.attributes}.get(kind) or {}
    column = given.get(name, name)
    if kind == "activity":
        what = "the activity *: there are no activities" if name == "*" else f"activity {name!r} never occurs"
        return Remark("warning", name, f"{what}; asked for by {by}. {_meant(name, names.activities)}{_HOW[kind]}")
    if kind == "account":
        return Remark("warning", name, f"there is no {ACCOUNT_COLUMNS[name]} here; asked for by {by}. {_HOW[kind]}")
    if column in left_out:
        return Remark("warning", column, f"column {column!r} is left out ({left_out[column]}); asked for by {by}.")
    hint = _meant(column, names.columns)
    return Remark("warning", name, f"there is no column for the {kind} {name!r}; asked for by {by}. {hint}{_HOW[kind]}")


def _meant(name: str, known: Collection[str]) -> str:
    folded = {other.casefold(): other for other in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"Did you mean {folded[near[0]]!r}? " if near else ""
