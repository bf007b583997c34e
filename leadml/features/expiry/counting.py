"""Until when what a rulebook counts of activities says the same: windows, chains, caps per day and fading.

With nothing new a count only falls: it loses what leaves its window, and what fades falls by a known law: to half in
each half-life, or along a line that ends with the lifespan. So the moment at which it reaches the next cut has a lower
bound in closed form: what is left once the first k have left (had they counted in full), fading from there on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.features.expiry.leaving import drained, place
from leadml.features.expiry.present import Activities, Present, after, earliest
from leadml.features.expiry.sensitivity import Each
from leadml.features.spine import DAY, NEVER, Ints
from leadml.predict.encoding import Floats
from leadml.predict.rules.conditions import ANY_ACTIVITY, ActivityCount

__all__ = ["Counting", "counting"]

_MILLION = 1e6


@dataclass(frozen=True)
class Counting:
    """Until when a count of each row crosses no cut, and how fast what it gives for each falls.

    `falls` is a bound in log-odds per microsecond of where a rule gives points for each and the count fades.
    """

    until: Ints
    falls: Floats


def counting(present: Present, count: ActivityCount, values: Floats, cuts: Floats, each: tuple[Each, ...]) -> Counting:
    """Follow a count of each row while nothing new happens.

    Args:
        present: the leads and what they did.
        count: what is counted.
        values: the count of each row.
        cuts: the numbers at which conditions and tables tell counts apart.
        each: the rules that give points for each.
    """
    still = Counting(np.full(len(values), NEVER), np.zeros(len(values)))
    fades = count.half_life_days is not None or count.lifespan_days is not None
    if count.within_days is None and not fades:
        return still
    row_key, groups = _rows_by_key(present, count)
    had = np.zeros(groups)
    had[row_key] = values
    cuts = np.unique(np.concatenate([cuts, [one.most for one in each if np.isfinite(one.most)]]))
    near = _near(present, count)
    line = _Falling.of(near, count, present, had)
    until = np.minimum(_reached(line, had, cuts, present.at), _left(line, near, count, present, had, cuts, each))
    until[line.spoiled] = present.at
    falls = sum((one.log_odds * line.speed * (had <= one.most) for one in each), np.zeros(groups))
    return Counting(until[row_key], falls[row_key])


def _rows_by_key(present: Present, count: ActivityCount) -> tuple[Ints, int]:
    if count.whose == "account":
        return present.account, int(present.accounts.max(initial=-1)) + 1
    return present.lead, len(present.accounts)


def _key(activities: Activities, count: ActivityCount) -> Ints:
    return activities.account if count.whose == "account" else activities.lead


def _near(present: Present, count: ActivityCount) -> Activities:
    """The activities that the count looks at: of its types, or of a step of its chain, in its window."""
    past = present.past if count.within_days is None else present.within(round(count.within_days * DAY))
    steps = (*count.after, count.types)
    if any(ANY_ACTIVITY in step for step in steps):
        return past
    named = [present.plan.counted_types.index(kind) for step in steps for kind in step]
    return past[np.isin(past.counted, named)]


@dataclass(frozen=True)
class _Falling:
    """How counts fall by themselves, by lead or account: in microseconds per halving, or evenly, per microsecond.

    `rounded` bounds what rounding to millionths adds up to; `spoiled` are those with a negative value, which may rise.
    """

    half_life: float | None
    even: Floats | None
    speed: Floats
    rounded: Floats
    spoiled: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @classmethod
    def of(cls, near: Activities, count: ActivityCount, present: Present, had: Floats) -> _Falling:
        key, groups = _key(near, count), len(had)
        number = np.bincount(key, minlength=groups)
        spoiled = np.bincount(key[near.units < 0], minlength=groups) > 0
        if count.half_life_days is not None:
            half_life = count.half_life_days * DAY
            return cls(half_life, None, had * np.log(2) / half_life, number / _MILLION, spoiled)
        if count.lifespan_days is None:
            return cls(None, None, np.zeros(groups), np.zeros(groups), spoiled)
        lifespan = round(count.lifespan_days * DAY)
        alive = present.at - near.moment < lifespan
        even = np.bincount(key[alive], near.units[alive], groups) / _MILLION / lifespan
        return cls(None, even, even, number / _MILLION, spoiled)

    def until(self, at: int, had: Floats, least: Floats, key: Ints) -> Ints:
        """When what is had of some keys at a moment has fallen below what is asked."""
        least = least + self.rounded[key]
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.half_life is not None:
                lasts = self.half_life * np.log2(had / least)
            elif self.even is not None:
                lasts = (had - least) / self.even[key]
            else:
                lasts = np.full(len(had), np.inf)
        return after(at, np.where(np.isnan(lasts) | (least <= 0), np.inf, lasts))


def _least(had: Floats, cuts: Floats) -> Floats:
    """The cut that each count may not fall below; minus infinity where there is none, or none above 0."""
    below = np.concatenate([[-np.inf], cuts])[place(cuts, had)]
    return np.where(below > 0, below, -np.inf)


def _reached(line: _Falling, had: Floats, cuts: Floats, at: int) -> Ints:
    return line.until(at, had, _least(had, cuts), np.arange(len(had)))


def _left(
    line: _Falling,
    near: Activities,
    count: ActivityCount,
    present: Present,
    had: Floats,
    cuts: Floats,
    each: tuple[Each, ...],
) -> Ints:
    """When something leaves the window, and the count may cross a cut at once or by fading on."""
    if count.within_days is None:
        return np.full(len(had), NEVER)
    order = np.argsort(_key(near, count), kind="stable")
    key, units = _key(near, count)[order], near.units[order]
    leaves = near.moment[order] + round(count.within_days * DAY) + 1
    counts = had[key] > 0
    if count.after:  # a chain may break with any of its steps
        return earliest(len(had), key[counts], leaves[counts])
    total, rest = drained(key, units)
    left = had[key] - (total - rest) / _MILLION
    least = _least(had, cuts)[key]
    pays = np.zeros(len(key), np.bool_)
    for one in each:  # every one that leaves costs points, but those beyond the most that count
        pays |= np.minimum(left, one.most) < np.minimum(had[key], one.most)
    now = pays | (left < least)
    later = np.maximum(leaves, line.until(present.at, left, least, key))
    return earliest(len(had), key[counts], np.where(now, leaves, later)[counts])
