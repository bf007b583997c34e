"""What the other columns are: answers to questions, personal data, further ids, marks for "nothing filled in"."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from leadml.operations.guess import vocabulary as v
from leadml.operations.guess.evidence import Candidate, Guess, confidence_of, percent, quoted
from leadml.operations.guess.names import NameRule, words
from leadml.operations.guess.profile import Profile

_SPELT_ALIKE = 0.84
_PERSON = NameRule(v.PERSON_NAME, v.NOT_PERSON)
_NUMBERED = NameRule(v.ID | dict.fromkeys(("account id", "user id", "reference"), 2.0))


def find_answers(profiles: Iterable[Profile]) -> dict[str, Candidate]:
    """Find the columns that hold answers to qualification questions: question -> column."""
    found: dict[str, Candidate] = {}
    for profile in profiles:
        for question, names in v.QUESTIONS.items():
            candidate = _answer(profile, names)
            if candidate and (question not in found or candidate.weight > found[question].weight):
                found[question] = candidate
    return found


def _answer(p: Profile, names: Sequence[str]) -> Candidate | None:
    few = 2 <= len(p.levels) <= 15 and p.distinct_share < 0.5
    amounts = "budget" in names and p.numbers >= 0.9 and len(p.levels) > 1
    if not (few or amounts) or p.dates > 0.5:
        return None
    evidence = f"values {quoted(list(p.levels), 3)}" if few else "amounts"
    said = " ".join(words(p.name))
    for name in names:
        if f" {name} " in f" {said} ":
            return Candidate(p.name, 4.0 if said == name else 3.0, f"the name says {name}, {evidence}")
    near = [
        (word, name)
        for word in words(p.name)
        for name in names
        if len(name) > 5 and difflib.SequenceMatcher(None, word, name).ratio() >= _SPELT_ALIKE
    ]
    if near:
        return Candidate(p.name, 2.5, f"'{near[0][0]}' is spelt like {near[0][1]}, {evidence}")
    return None


def find_personal(profiles: Iterable[Profile]) -> list[Candidate]:
    """Find e-mail addresses, telephone numbers and people's names, by values and by name."""
    return [candidate for p in profiles if (candidate := _personal(p))]


def _personal(p: Profile) -> Candidate | None:
    said = set(words(p.name))
    if p.mails >= 0.5:
        return Candidate(p.name, 4.0, f"{percent(p.mails)} of its values are e-mail addresses")
    if p.phones >= 0.5 and (said & v.PHONE or _dialled(p)):
        return Candidate(p.name, 4.0, f"{percent(p.phones)} of its values look like telephone numbers")
    named, phrase = _PERSON.match(p.name)
    # Where the name leaves no doubt, repeated values do not either: there are only so many first names.
    various = len(p.levels) > 10 and p.numbers < 0.5 and (p.distinct_share > 0.3 or named >= 3)
    if phrase and named >= 1.5 and (various or ("birth" in phrase or phrase == "dob")):
        return Candidate(p.name, named, f"the name says {phrase}, {percent(p.distinct_share)} of its values differ")
    return None


def _dialled(p: Profile) -> bool:
    values = list(p.levels)[:200]
    return sum(value.startswith("+") for value in values) >= 0.5 * len(values) > 0


def find_ids(profiles: Iterable[Profile]) -> list[Candidate]:
    """Find columns that tell rows apart and nothing else: no two values alike, and made like a number plate."""
    found = []
    for p in profiles:
        named, phrase = _NUMBERED.match(p.name)
        if p.rows < 20 or p.distinct_share < 0.99 or p.filled_share < 0.5 or p.dates > 0.5:
            continue
        plated = p.codes > 0.9 and p.numbers < 0.5
        if plated or (phrase and named >= 1 and (p.codes > 0.9 or p.numbers > 0.9)):
            name = f", the name says {phrase}" if phrase else ""
            found.append(Candidate(p.name, 3.0 + named / 2, f"{percent(p.distinct_share)} of its values differ{name}"))
    return found


def find_missing_values(profiles: Iterable[Profile]) -> Guess | None:
    """Find texts that stand where nothing was filled in."""
    columns: dict[str, list[str]] = {}
    for p in profiles:
        for mark in p.marks:
            columns.setdefault(mark, []).append(p.name)
    if not columns:
        return None
    marks = sorted(columns)
    seen = ", ".join(f"'{mark}' in {quoted(columns[mark], 2)}" for mark in marks)
    return Guess(marks, confidence_of(4.0 if any(len(c) > 1 for c in columns.values()) else 2.5), seen)


def find_engagement(profiles: Iterable[Profile]) -> list[Candidate]:
    """Find numbers that count what a lead did: visits, views, clicks."""
    return [
        Candidate(p.name, 2.5, f"a number, the name says {said[0]}")
        for p in profiles
        if p.numbers >= 0.9 and (said := sorted(v.ENGAGEMENT & set(words(p.name))))
    ]
