"""Which column says how a lead ended, and which of its values mean won and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadml.errors import ConfigError
from leadml.operations.guess.evidence import Guess, confidence_of, percent, quoted
from leadml.operations.guess.names import NameRule, words
from leadml.operations.guess.profile import Profile
from leadml.operations.guess.vocabulary import (
    BARELY_WON,
    LOST,
    NEGATIONS,
    NOT_OUTCOME,
    OUTCOME,
    PLAIN_NO,
    PLAIN_YES,
    WON,
)

_RULE = NameRule(OUTCOME, NOT_OUTCOME)
_ENOUGH = 3.0
_MOST_LEVELS = 40
_FEW = 10
_CLEAR_LEAD = 0.75


@dataclass(frozen=True)
class Ending:
    """A column that may be the outcome, with the values that seem to mean won and lost."""

    column: str
    weight: float
    won: tuple[str, ...]
    lost: tuple[str, ...]
    evidence: str


def ending(profile: Profile) -> Ending:
    """Weigh a column as the outcome; weight 0 where nothing speaks for it."""
    named, phrase = _RULE.match(profile.name)
    levels = list(profile.levels) if len(profile.levels) <= _MOST_LEVELS else []
    won, lost, spoken = _won_and_lost(levels)
    weight, evidence = spoken, []
    if won or lost:
        evidence.append(f"has the values {quoted([*won, *lost])}")
    if phrase and (won or lost):
        weight += named
        evidence.append(f"the name says {phrase}")
    return Ending(profile.name, weight if won else 0.0, won, lost, ", ".join(evidence))


def _won_and_lost(levels: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], float]:
    """Sort the values that mean won and lost, and weigh how plainly they say so."""
    lost = tuple(v for v in levels if _means_lost(v))
    won = tuple(v for v in levels if v not in lost and WON & set(words(v)))
    if lost and not won:  # some systems know leads as qualified or disqualified, and nothing else
        won = tuple(v for v in levels if v.casefold() in BARELY_WON)
    if won and lost:
        return won, lost, 4.0
    yes = tuple(v for v in levels if _plain(v) in PLAIN_YES)
    no = tuple(v for v in levels if _plain(v) in PLAIN_NO)
    if not (won or lost) and yes and no:
        return yes, no, 1.0 if len(levels) == 2 else 0.5
    return won, lost, 1.5 if won else 0.0


def _means_lost(value: str) -> bool:
    found = set(words(value))
    return bool(LOST & found) or bool(WON & found and NEGATIONS & found)


def _plain(value: str) -> str:
    return value.casefold().removesuffix(".0").replace("í", "i")


def find_outcome(profiles: Mapping[str, Profile], stated: str | None = None, won: Sequence[str] = ()) -> Ending:
    """Choose the outcome column.

    `stated` is the column that the user named, `won` the values that the user says mean won.

    Raises:
        ConfigError: no column, or no value of the stated one, looks like an outcome; the message names those that are
            possible and how to state one.
    """
    if stated is not None:
        return _stated(profiles, stated, won)
    endings = sorted((ending(p) for p in profiles.values()), key=lambda e: -e.weight)
    if not endings or endings[0].weight < _ENOUGH:
        raise ConfigError(_refusal(profiles, endings))
    best = endings[0]
    rivals = [e.column for e in endings[1:] if e.weight > max(_ENOUGH, best.weight - _CLEAR_LEAD)]
    if rivals:
        evidence = f"{best.evidence}; it might also be {quoted(rivals)}"
        return Ending(best.column, min(best.weight, 2.0), best.won, best.lost, evidence)
    return best


def _stated(profiles: Mapping[str, Profile], column: str, won: Sequence[str]) -> Ending:
    if column not in profiles:
        raise ConfigError(f"--outcome {column}: there is no such column; there are {quoted(list(profiles), 40)}")
    found = ending(profiles[column])
    levels = list(profiles[column].levels)
    if not levels and won:  # no lead has closed yet: nothing can gainsay it, and whatever else comes up is lost
        return Ending(column, 4.0, tuple(won), ("*",), "you said so; no lead has an outcome yet")
    absent = [value for value in won if value not in levels]
    if absent or not (won or found.won):
        fault = f"{quoted(absent)} is none of its values" if absent else "none of its values says that it means won"
        raise ConfigError(
            f"--outcome {column}: {fault}; it has {quoted(levels, 12) or 'no value in any row'}; say which mean won: "
            f"--outcome {column!r} --won VALUE"
        )
    if won:
        lost = tuple(value for value in found.lost if value not in won)
        return Ending(column, 4.0, tuple(won), lost, "you said so")
    return Ending(column, 4.0, found.won, found.lost, "you said so")


def _refusal(profiles: Mapping[str, Profile], endings: Sequence[Ending]) -> str:
    few = [p.name for p in profiles.values() if 2 <= len(p.levels) <= _FEW]
    possible = list(dict.fromkeys([*(e.column for e in endings if e.weight > 0), *few]))
    shown = "; ".join(f"{name!r} with {quoted(list(profiles[name].levels))}" for name in possible[:8])
    seen = f"Possible are {shown}" if shown else f"There are {quoted(list(profiles), 40)}"
    alone = [p for p in profiles.values() if len(p.levels) == 1 and _RULE.match(p.name)[0] > 0]
    if alone:
        only = f"{alone[0].name!r} holds nothing but {quoted(list(alone[0].levels))}: bring leads of both outcomes"
        seen = f"{only}. {seen}"
    return (
        f"no column says clearly which leads were won and which were lost. {seen}. "
        "State it: leadml init SOURCE --outcome COLUMN"
    )


def outcome_guesses(best: Ending, profile: Profile, timed: bool) -> dict[str, Guess]:
    """Turn the chosen outcome into guesses for leads.outcome, leads.won and leads.lost.

    `timed` says that there are dates of creation and closing, with which no value needs to mean lost.
    """
    confidence = confidence_of(best.weight)
    rest = [v for v in profile.levels if v not in best.won and v not in best.lost]
    return {
        "leads.outcome": Guess(best.column, confidence, best.evidence),
        "leads.won": Guess(list(best.won), confidence, _rows(best.won, profile)),
        "leads.lost": _lost(best, profile, rest, timed),
    }


def _lost(best: Ending, profile: Profile, rest: list[str], timed: bool) -> Guess:
    if best.lost:
        still_open = f"; {quoted(rest)} = still open" if rest else ""
        return Guess(list(best.lost), confidence_of(best.weight), _rows(best.lost, profile) + still_open)
    if timed:
        return Guess([], "unsure", f"no value says lost; {quoted(rest)} = still open, and time tells")
    return Guess(["*"], "unsure", f"no value says lost, so {quoted(rest)} and all others mean lost")


def _rows(values: Sequence[str], profile: Profile) -> str:
    rows = sum(profile.levels.get(value, 0) for value in values)
    return f"{rows:,} rows, {percent(rows / profile.rows)}"
