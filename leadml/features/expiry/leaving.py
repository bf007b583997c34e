"""What leaves a window: the first moment at which the scorer would say something else for it.

An activity counts in a window of w while it is at most w old, so it leaves in the microsecond after. Between two such
moments nothing changes, and after each the rest is known: no bound is needed but where said.
"""

from __future__ import annotations

import numpy as np

from leadml.features.expiry.present import Present, earliest, sums
from leadml.features.spine import NEVER, Ints
from leadml.predict.encoding import Floats

__all__ = [
    "colleagues_leave",
    "drained",
    "intents_leave",
    "kinds_leave",
    "leads_leave",
    "of_lead_leave",
    "place",
    "trend_turns",
]

_MILLION = 1e6
# Logarithms of two libraries may differ in their last digit.
_SLACK = 1e-9


def place(cuts: Floats, values: Floats) -> Ints:
    """How many cuts are at or below each value."""
    return np.searchsorted(cuts, values, side="right")


def drained(group: Ints, units: Ints) -> tuple[Ints, Ints]:
    """Of activities by group and time: what their group has in all, and what is left once each has left too."""
    if not len(group):
        return units, units
    first = np.append(True, group[1:] != group[:-1])
    number = np.cumsum(first) - 1
    running = np.cumsum(units)
    last = np.append(np.flatnonzero(first)[1:] - 1, len(group) - 1)
    before = running[np.flatnonzero(first)] - units[np.flatnonzero(first)]
    total = (running[last] - before)[number]
    return total, running[last][number] - running


def of_lead_leave(present: Present, kind: int | None, window: int, cuts: Floats) -> Ints:
    """When what was done in a window, of one type or of any (None), crosses a cut, for each lead."""
    own = present.by_lead
    chosen = own.moment >= present.at - window
    if kind is not None:
        chosen &= own.type == kind
    return _leave(own.lead[chosen], own.moment[chosen], own.units[chosen], len(present.accounts), window, cuts)


def intents_leave(present: Present, window: int, cuts: Floats) -> Ints:
    """When what an account's leads did in a window that tells intent crosses a cut, for each account."""
    own = present.by_account
    chosen = (own.moment >= present.at - window) & (own.points > 1)
    accounts = int(present.accounts.max(initial=-1)) + 1
    return _leave(own.account[chosen], own.moment[chosen], own.units[chosen], accounts, window, cuts)


def kinds_leave(present: Present, window: int, cuts: Floats) -> Ints:
    """When the number of kinds of activity in a window crosses a cut, for each lead."""
    own = present.by_lead
    recent = np.flatnonzero(own.moment >= present.at - window)
    newest = recent[_last_of(own.lead[recent], own.type[recent])]
    one_each = np.full(len(newest), int(_MILLION), np.int64)
    return _leave(own.lead[newest], own.moment[newest], one_each, len(present.accounts), window, cuts)


def _leave(group: Ints, moment: Ints, units: Ints, groups: int, window: int, cuts: Floats) -> Ints:
    """When the sum over a window crosses a cut, for each group; what is in the window comes by group and time."""
    total, rest = drained(group, units)
    crossed = place(cuts, rest / _MILLION) != place(cuts, total / _MILLION)
    return earliest(groups, group[crossed], moment[crossed] + window + 1)


def leads_leave(present: Present, window: int, cuts: Floats, had: Ints) -> Ints:
    """When the number of an account's leads that did something in a window crosses a cut, for each account.

    `had` is what the feature says of each account. Where it counts the roles of these leads, each lead that leaves is
    taken to take a role with it: a bound on the safe side.
    """
    activities = present.within(window)
    newest = np.sort(_last_of(activities.lead, activities.lead))
    leaving = activities[newest]
    order = np.argsort(leaving.account, kind="stable")
    account, moment = leaving.account[order], leaving.moment[order]
    one = np.ones(len(account), np.int64)
    gone = np.subtract(*drained(account, one)) if len(account) else one
    crossed = place(cuts, (had[account] - gone).astype(np.float64)) != place(cuts, had[account].astype(np.float64))
    return earliest(len(had), account[crossed], moment[crossed] + window + 1)


def colleagues_leave(present: Present, window: int, cuts: Floats, values: Floats) -> Ints:
    """When what others of the account did in a window falls below a cut, for each row.

    What the account does without what the lead itself did so far is a lower bound, and crosses it no later.
    """
    recent = present.by_account.moment >= present.at - window
    account, moment, units = (
        each[recent] for each in (present.by_account.account, present.by_account.moment, present.by_account.units)
    )
    accounts = int(present.accounts.max(initial=-1)) + 1
    _, rest = drained(account, units)
    start = np.searchsorted(account, np.arange(accounts + 1))
    own = sums(len(present.accounts), present.by_account.lead[recent], units)[present.lead]
    below = place(cuts, values)
    least = np.where(below > 0, np.concatenate([[0.0], cuts])[below], -np.inf) * _MILLION + own
    low, high = start[present.account], start[present.account + 1]
    found = _first_below(rest, low, high, least)
    until = np.where(found < high, np.append(moment, NEVER)[np.minimum(found, len(moment))] + window + 1, NEVER)
    # A negative value that leaves makes the rest rise: then the first of any to leave is the bound.
    spoiled = earliest(accounts, account, np.where(units < 0, 0, NEVER))[present.account] == 0
    first = earliest(accounts, account, moment + window + 1)[present.account]
    return np.where(spoiled, first, np.where((below > 0) & (values > 0), until, NEVER))


def trend_turns(present: Present, month: int, cuts: Floats) -> Ints:
    """When the log ratio of the last 30 days to the 30 before crosses a cut, for each lead."""
    activities = present.within(2 * month)
    recent = activities[np.searchsorted(activities.moment, present.at - month, side="left") :]
    leads = len(present.accounts)
    lead = np.concatenate([recent.lead, activities.lead])
    moment = np.concatenate([recent.moment + month, activities.moment + 2 * month]) + 1
    none = np.zeros(len(activities.units), np.int64)
    of_recent = np.concatenate([-recent.units, none])
    of_both = np.concatenate([np.zeros(len(recent.units), np.int64), -activities.units])
    order = np.lexsort((moment, lead))
    lead, moment = lead[order], moment[order]
    had, both = (sums(leads, each.lead, each.units) for each in (recent, activities))
    now = had[lead] + _running(lead, of_recent[order])
    of_sixty = both[lead] + _running(lead, of_both[order])
    ratio, then = _ratio(now, of_sixty - now), _ratio(had, both - had)
    at_first = place(cuts, then)[lead]
    crossed = (place(cuts, ratio - _SLACK) != at_first) | (place(cuts, ratio + _SLACK) != at_first)
    return earliest(leads, lead[crossed], moment[crossed])


def _ratio(recent: Ints, before: Ints) -> Floats:
    return np.log((np.maximum(recent, 0) / _MILLION + 1) / (np.maximum(before, 0) / _MILLION + 1))


def _running(group: Ints, steps: Ints) -> Ints:
    """Sums of each group's steps up to and including each."""
    total, rest = drained(group, steps)
    return total - rest


def _last_of(group: Ints, kind: Ints) -> Ints:
    """The places of the last activity of each group and kind, of activities in the order of time; in that order."""
    order = np.lexsort((kind, group))
    last = np.append((np.diff(group[order]) != 0) | (np.diff(kind[order]) != 0), np.ones(min(len(order), 1), np.bool_))
    return np.sort(order[last])


def _first_below(falling: Ints, low: Ints, high: Ints, least: Floats) -> Ints:
    """The first place from `low` up to `high` at which a falling run is below what is asked; `high` where none is."""
    low, high = low.copy(), high.copy()
    while (low < high).any():
        middle = (low + high) // 2
        below = np.append(falling, 0)[middle] < least
        searching = low < high
        high = np.where(searching & below, middle, high)
        low = np.where(searching & ~below, middle + 1, low)
    return low
