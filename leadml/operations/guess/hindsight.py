"""Columns that look filled in after the outcome was known. Nobody can tell by looking, so they are only named."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.guess.evidence import Suggestion, percent
from leadml.operations.guess.names import words
from leadml.operations.guess.outcome import Ending, ending
from leadml.operations.guess.profile import Profile

_NAMED = {
    "people set tags while they work the lead": "tag tags label labels",
    "people or a vendor may rate a lead late": "quality rating grade score scoring index profile probability forecast",
    "what is overwritten until the end tells how it ended": "last latest modified updated touched next",
    "it may move with the lead, up to its outcome": "stage status phase lifecycle qualified",
    "how long something took is known only afterwards": "duration elapsed length",
    "reasons are given when a lead is lost": "reason churn disqualified lost loss",
    "it belongs to customers": "onboarding invoice contract signed implementation renewal kickoff paid payment",
    "it is named after the outcome": "converted conversion closed close won",
}
_GAP = 0.15
_CHANCE = 4.0  # standard errors: with dozens of columns, 2 would cry wolf
_ENOUGH_ROWS = 20
_DISGUISE = 3.0


def find_hindsight(profiles: Iterable[Profile], outcome: Ending, results: pa.Array) -> list[Suggestion]:
    """Name the columns that may have been filled in after the outcome, with the reason.

    `results` is the outcome column as text.
    """
    won = pc.fill_null(pc.is_in(results, pa.array(outcome.won, pa.string())), False)
    if outcome.lost:
        lost = pc.fill_null(pc.is_in(results, pa.array(outcome.lost, pa.string())), False)
    else:
        lost = pc.and_(pc.invert(won), pc.is_valid(results))
    found = []
    for profile in profiles:
        reason = _by_values(profile, won, lost) or _by_name(profile)
        if reason:
            found.append(Suggestion(profile.name, reason))
    return found


def _by_name(profile: Profile) -> str:
    if len(profile.levels) < 2:
        return ""  # a constant is dropped anyway
    if ending(profile).weight >= _DISGUISE:
        return "it looks like the outcome under another name"
    said = set(words(profile.name))
    return next((reason for reason, names in _NAMED.items() if said & set(names.split())), "")


def _by_values(profile: Profile, won: pa.Array, lost: pa.Array) -> str:
    """Compare how often the column is filled in among won and lost leads."""
    among_won, among_lost = (profile.texts.filter(rows) for rows in (won, lost))
    if min(len(among_won), len(among_lost)) < _ENOUGH_ROWS:
        return ""
    first, second = _filled_share(among_won), _filled_share(among_lost)
    share = _filled_share(profile.texts)
    error = math.sqrt(share * (1 - share) * (1 / len(among_won) + 1 / len(among_lost)))
    if abs(first - second) < max(_GAP, _CHANCE * error):
        return ""
    return f"filled in for {percent(first)} of won and {percent(second)} of lost leads"


def _filled_share(texts: pa.Array) -> float:
    return 1 - float(texts.null_count) / len(texts)
