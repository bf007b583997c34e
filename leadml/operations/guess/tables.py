"""Which table holds leads, activities or field history, and what the columns of the latter two mean."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from leadml.config import dotted
from leadml.errors import ConfigError
from leadml.features.plan import readable
from leadml.operations.guess import vocabulary as v
from leadml.operations.guess.evidence import Candidate, Guess, confidence_of, percent, quoted
from leadml.operations.guess.names import NameRule, words
from leadml.operations.guess.outcome import ending
from leadml.operations.guess.profile import Profile
from leadml.operations.guess.roles import NO, Judge, find_role

Profiles = Mapping[str, Profile]

_MOST_LABELS = 20
_LEADS = NameRule(v.LEAD_TABLES, v.NOT_LEAD_TABLES)
_ACTIVITIES = NameRule(v.ACTIVITY_TABLES, {"score", "scores"})
_HISTORY = NameRule(v.HISTORY_TABLES, {"score", "scores"})


def find_leads(tables: Mapping[str, Profiles], stated: str | None) -> tuple[str, Guess]:
    """Choose the lead table; `stated` is the one that the user named.

    Raises:
        ConfigError: there is none, or several are as likely.
    """
    if stated is not None:
        if stated not in tables:
            raise ConfigError(f"there is no table {stated!r}; there are {quoted(list(tables), 40)}")
        return stated, Guess(stated, "sure", "you said so")
    if not tables:
        raise ConfigError("there are no tables and no CSV or Parquet files in it; name the place where the leads are")
    if len(tables) == 1:
        (only,) = tables
        return only, Guess(only, "sure", "there is no other table")
    weights = {name: _like_leads(name, profiles) for name, profiles in tables.items()}
    ranked = sorted(weights, key=lambda name: -weights[name][0])
    if not ranked or weights[ranked[0]][0] < 2 or weights[ranked[0]][0] - weights[ranked[1]][0] < 0.5:
        raise ConfigError(
            f"no table is clearly the one with the leads; there are {quoted(list(tables), 40)}. "
            "State it: leadml init SOURCE --table TABLE"
        )
    weight, evidence = weights[ranked[0]]
    return ranked[0], Guess(ranked[0], confidence_of(weight), evidence)


def _like_leads(name: str, profiles: Profiles) -> tuple[float, str]:
    if set(words(name)) & v.NOT_LEAD_TABLES:
        return 0.0, ""
    named, phrase = _LEADS.match(name)
    best = max((ending(p) for p in profiles.values()), key=lambda e: e.weight, default=None)
    outcome = min(best.weight, 4.0) / 2 if best else 0.0
    evidence = [f"the name says {phrase}"] if phrase else []
    if best and outcome:
        evidence.append(f"'{best.column}' may be the outcome")
    return named + outcome, ", ".join(evidence)


def find_activities(tables: Mapping[str, Profiles], ids: Profile) -> dict[str, Guess]:
    """Find the activity table: guesses for its keys, or none."""
    best: tuple[float, dict[str, Guess]] = (0.0, {})
    for table, profiles in tables.items():
        columns = _columns(profiles, ids, {"occurred_at": _HAPPENED, "type": _TYPE, "value": _VALUE})
        if {"lead", "occurred_at", "type"} <= set(columns):
            best = max(best, _found(table, columns, _ACTIVITIES), key=lambda found: found[0])
    guesses = best[1]
    if guesses:
        types = tables[str(guesses["table"].value)][str(guesses["type"].value)]
        guesses |= _intent(types) | _labels(types)
    return {f"activities.{role}": guess for role, guess in guesses.items()}


def find_history(tables: Mapping[str, Profiles], ids: Profile) -> dict[str, Guess]:
    """Find the field history: guesses for its keys, or none."""
    best: tuple[float, dict[str, Guess]] = (0.0, {})
    for table, profiles in tables.items():
        columns = _columns(profiles, ids, {"changed_at": _CHANGED, "field": _FIELD, "value": _NEW})
        if len(columns) == 4:
            best = max(best, _found(table, columns, _HISTORY), key=lambda found: found[0])
    return {f"history.{role}": guess for role, guess in best[1].items()}


def _found(table: str, columns: Mapping[str, Candidate], rule: NameRule) -> tuple[float, dict[str, Guess]]:
    named, phrase = rule.match(table)
    weight = min(candidate.weight for candidate in columns.values()) + named
    evidence = f"has {quoted([candidate.column for candidate in columns.values()])}"
    said = f", the name says {phrase}" if phrase else ""
    guesses = {role: candidate.guess() for role, candidate in columns.items()}
    return weight, {"table": Guess(table, confidence_of(weight), evidence + said)} | guesses


def _columns(profiles: Profiles, ids: Profile, rules: Mapping[str, tuple[NameRule, Judge]]) -> dict[str, Candidate]:
    free = dict(profiles)
    found: dict[str, Candidate] = {}
    for role, (rule, judge) in ({"lead": (_LEAD_KEY, _refers_to(ids))} | dict(rules)).items():
        candidate = find_role(rule, judge, free.values())
        if candidate:
            found[role] = candidate
            del free[candidate.column]
    return found


def _refers_to(ids: Profile) -> Judge:
    known = pa.array(list(ids.levels), pa.string())

    def judge(p: Profile) -> tuple[float, str]:
        values = pa.array(list(p.levels), pa.string())
        share = pc.mean(pc.is_in(values, known)).as_py() if len(values) else 0.0
        # Both tables may be seen in part only, so that few values in common are enough, and none is too few.
        return (1.0 + share, f"{percent(share)} of its values are ids of leads") if share > 0 else NO

    return judge


def _is_moment(p: Profile) -> tuple[float, str]:
    return (1.0, f"{percent(p.dates)} dates") if p.dates >= 0.9 else NO


def _is_kind(p: Profile) -> tuple[float, str]:
    if not 1 <= len(p.levels) <= 200 or p.numbers > 0.5 or p.dates > 0.5 or p.distinct_share > 0.5:
        return NO
    return 1.0, f"values such as {quoted(list(p.levels), 3)}"


def _is_number(p: Profile) -> tuple[float, str]:
    return (1.0, "numbers") if p.numbers >= 0.9 and p.dates < 0.5 else NO


def _is_anything(p: Profile) -> tuple[float, str]:
    return (0.5, "") if p.filled else NO


_LEAD_KEY = NameRule(v.LEAD_KEY)
_HAPPENED = (NameRule(v.HAPPENED, {"modified", "updated", "changed"}), _is_moment)
_TYPE = (NameRule(v.ACTIVITY_TYPE), _is_kind)
_VALUE = (NameRule(v.ACTIVITY_VALUE, {"old", "new", "id"}), _is_number)
_CHANGED = (NameRule(v.CHANGED), _is_moment)
_FIELD = (NameRule(v.FIELD), _is_kind)
_NEW = (NameRule(v.NEW_VALUE, v.NOT_NEW_VALUE), _is_anything)


def _intent(types: Profile) -> dict[str, Guess]:
    found = [value for value in types.levels if v.INTENT & set(words(value))]
    if not found:
        return {}
    said = sorted({word for value in found for word in words(value)} & v.INTENT)
    return {"intent_types": Guess(sorted(found), "likely", f"they speak of {', '.join(said)}")}


def _labels(types: Profile) -> dict[str, Guess]:
    """Words to show for each type, to be put as a rep would say it; for so many that nobody would, none."""
    if len(types.levels) > _MOST_LABELS:
        return {}
    return {
        f"labels.{dotted([value])}": Guess(readable(value), "likely", "its name in words; say it as a rep would")
        for value in sorted(types.levels)
    }
