"""What the shipped rulebooks ask for under names of their own: which of the user's columns and activities that is.

A column or type of the same name, in whatever spelling, needs no guess: rulebooks find it by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from leadml.operations.guess import vocabulary as v
from leadml.operations.guess.evidence import Candidate, Guess, quoted
from leadml.operations.guess.names import NameRule, words
from leadml.operations.guess.profile import Profile

_LIKELY = 2.5
# Of the distinct values: where these are few, a slip or two weigh much.
_MOSTLY = 0.5
_ATTRIBUTES = {name: NameRule(phrases, v.NOT_RULE_ATTRIBUTE) for name, phrases in v.RULE_ATTRIBUTES.items()}
_ACTIVITIES = {name: NameRule(phrases) for name, phrases in v.RULE_ACTIVITIES.items()}


def find_rule_attributes(profiles: Iterable[Profile]) -> dict[str, Guess]:
    """Find columns that hold attributes of the rulebooks: rules.attributes.<name> -> column."""
    columns = list(profiles)
    there = {_spelled(p.name) for p in columns}
    best = {name: _best(rule, columns, name) for name, rule in _ATTRIBUTES.items() if _spelled(name) not in there}
    return {f"rules.attributes.{name}": found.guess() for name, found in best.items() if found is not None}


def find_rule_activities(types: Profile) -> dict[str, Guess]:
    """Find the user's types of activity that those of the rulebooks stand for: rules.activities.<name> -> types."""
    meant: dict[str, list[str]] = {}
    for kind in types.levels:
        weight, name = max((_weight(rule, name, kind), name) for name, rule in _ACTIVITIES.items())
        if weight >= _LIKELY - 1:
            meant.setdefault(name, []).append(kind)
    return {
        f"rules.activities.{name}": Guess(sorted(kinds), "likely", f"the words of {quoted(sorted(kinds), 3)}")
        for name, kinds in meant.items()
        if any(_spelled(kind) != _spelled(name) for kind in kinds)
    }


def find_same_answers(answers: Mapping[str, Candidate]) -> dict[str, Guess]:
    """Find questions that another framework asks in other words: leads.answers.<name> -> column."""
    return {
        f"leads.answers.{name}": Guess(answers[known].column, "unsure", f"what other frameworks call {known}")
        for name, known in v.SAME_QUESTIONS.items()
        if known in answers and name not in answers
    }


def find_segments(direction: Profile) -> dict[str, Guess]:
    """Find inbound and outbound leads, which are qualified by different rules: the segments they could make up."""
    segments = [
        {"name": name, "column": direction.name, "one_of": values, "preset": preset}
        for name, said, preset in (("inbound", v.INBOUND, "p_map"), ("outbound", v.OUTBOUND, "e_map"))
        if (values := sorted({value.casefold() for value in direction.levels if said & set(words(value))}))
    ]
    if len(segments) < 2:
        return {}
    return {"rules.segments": Guess(segments, "likely", f"'{direction.name}' tells inbound from outbound")}


def _best(rule: NameRule, columns: list[Profile], name: str) -> Candidate | None:
    found = [
        Candidate(p.name, weight, f"the name says {phrase}{', numbers' if name in v.IN_NUMBERS else ''}")
        for p in columns
        for weight, phrase in [rule.match(p.name)]
        if weight >= _LIKELY and p.filled and (name not in v.IN_NUMBERS or p.numbers > _MOSTLY)
    ]
    return max(found, key=lambda candidate: candidate.weight, default=None)


def _weight(rule: NameRule, name: str, kind: str) -> float:
    return 4.0 if _spelled(kind) == _spelled(name) else rule.match(kind)[0]


def _spelled(name: str) -> str:
    return "".join(words(name))
