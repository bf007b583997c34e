"""What no lead can pass: conditions that exclude each other, and words that a rulebook itself takes for no answer.

Only what follows from the rulebook alone is told; what no lead on record passes is for those who know the leads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leadml.predict.encoding import fold
from leadml.predict.reading import Problems
from leadml.predict.rules.conditions import Condition, CountCondition, ValueCondition
from leadml.predict.rules.rows import number_in
from leadml.predict.rules.rulebook import TIER, Dimension, Rulebook

_MOST_WORDS = 3


@dataclass(frozen=True)
class _Asked:
    """Conditions that stand together at a path of the file; `of_table`: the first is in the table, others under it."""

    path: str
    when: tuple[Condition, ...]
    only: tuple[Condition, ...] = ()
    outcome: str = "can never hold"
    of_table: bool = True


def note_impossible(rulebook: Rulebook, problems: Problems) -> None:
    """Note what cannot hold for any lead, each with its table in the file."""
    for asked in _all_asked(rulebook):
        _note_dead_words(asked, rulebook.unanswered, problems)
        excluded = _contradiction(asked.when)
        if excluded is None and asked.only and _contradiction(asked.only) is None:
            excluded = _contradiction((*asked.only, *asked.when))
        if excluded is not None:
            problems.add(asked.path, f"{asked.outcome}: {excluded}")


def _all_asked(rulebook: Rulebook) -> Iterator[_Asked]:
    tiers = rulebook.tier.rules if rulebook.tier else ()
    for place, tier in enumerate(tiers, start=1):
        yield _Asked(f"tier[{place}]", tier.when)
    written = [dimension for dimension in rulebook.dimensions if dimension.name != TIER]
    for place, dimension in enumerate(written, start=1):
        yield from _asked_by(dimension, f"dimension[{place}]")
    for place, gate in enumerate(rulebook.gates, start=1):
        stops = "every lead" if gate.must_have else "no lead"
        if gate.only:
            yield _Asked(f"gate[{place}].only", gate.only)
        yield _Asked(f"gate[{place}]", gate.when, gate.only, f"cannot be had, so it stops {stops}")


def _asked_by(dimension: Dimension, path: str) -> Iterator[_Asked]:
    if dimension.only:
        yield _Asked(f"{path}.only", dimension.only)
    for place, rule in enumerate(dimension.rules, start=1):
        yield _Asked(f"{path}.rule[{place}]", rule.when, dimension.only, of_table=rule.each is None)


def _note_dead_words(asked: _Asked, unanswered: Sequence[str], problems: Problems) -> None:
    for place, condition in enumerate(asked.when, start=0 if asked.of_table else 1):
        for key in ("one_of", "none_of"):
            dead = [word for word in getattr(condition, key, ()) if fold(word) in unanswered]
            if dead:
                path = f"{asked.path}.and[{place}].{key}" if place else f"{asked.path}.{key}"
                problems.add(path, f"{dead[0]!r} stands in unanswered, so it is no answer; take it out of one of them")


def _contradiction(conditions: Sequence[Condition]) -> str | None:
    """Say which conditions on one thing exclude each other, None where all can hold."""
    of_things: dict[str, list[Condition]] = {}
    for condition in conditions:
        of_things.setdefault(_thing(condition), []).append(condition)
    for thing, asked in of_things.items():
        values = [one for one in asked if isinstance(one, ValueCondition)]
        possible = _value_is_possible(values) if values else _bounds_meet(asked)
        # What is wrong with one condition alone is told where it is read.
        if len(asked) > 1 and not possible:
            return f"{thing} would have to be {', and '.join(map(_words, asked))}"
    return None


def _value_is_possible(conditions: Sequence[ValueCondition]) -> bool:
    if any(one.known is False for one in conditions):
        return all(one.known is False for one in conditions)
    words = [frozenset(map(fold, one.one_of)) for one in conditions if one.one_of]
    if not (words and _bounds_meet(conditions)):
        return _bounds_meet(conditions)
    none_of = {fold(word) for one in conditions for word in one.none_of}
    # In a column of numbers "1" and "1.0" are one value, so that only what differs as a number too is told apart.
    left = {word for word in words[0] - none_of if all(_among(word, others) for others in words[1:])}
    if any(one.at_least is not None or one.at_most is not None for one in conditions):
        low, high = _bounds(conditions)
        left = {word for word in left if low <= number_in(word) <= high}
    return bool(left)


def _among(word: str, words: frozenset[str]) -> bool:
    return word in words or any(number_in(word) == number_in(other) for other in words)


def _bounds_meet(conditions: Sequence[Condition]) -> bool:
    low, high = _bounds(conditions)
    return low <= high


def _bounds(conditions: Sequence[Condition]) -> tuple[float, float]:
    lows = [one.at_least for one in conditions if one.at_least is not None]
    highs = [one.at_most for one in conditions if one.at_most is not None]
    return max(lows, default=-math.inf), min(highs, default=math.inf)


def _thing(condition: Condition) -> str:
    if isinstance(condition, CountCondition):
        return f"the count of {condition.count.column.removeprefix('count: ')}"
    return f"{condition.subject} {condition.name!r}"


def _words(condition: Condition) -> str:
    bounds = [f"at least {condition.at_least:g}"] if condition.at_least is not None else []
    bounds += [f"at most {condition.at_most:g}"] if condition.at_most is not None else []
    if bounds or isinstance(condition, CountCondition):
        return " and ".join(bounds)
    if condition.known is not None:
        return "known" if condition.known else "not known"
    texts = condition.one_of or condition.none_of
    more = f" or {len(texts) - _MOST_WORDS} more" if len(texts) > _MOST_WORDS else ""
    shown = ", ".join(map(repr, texts[:_MOST_WORDS]))
    return f"{'one' if condition.one_of else 'none'} of {shown}{more}"
