"""What usually moved leads on that were short of the same: what was seen of those that were won later.

Looked at are leads at past moments. What happened in the 30 days after such a moment is held against whether the lead,
still open then, was won in the horizon after these 30 days. So nothing counts that came with the win or after it, and
leads that stayed open longer had no more time to do things. It is a sign, not a cause.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log, sqrt

SEEN_DAYS = 30

LEAST_WON = 5
"""Wins of different accounts below which nothing is said."""

_SURE = 2.576  # both sides of 99 %: a dozen things are tried for each shortage, and some would pass 95 % by chance


@dataclass(frozen=True)
class Case:
    """A lead at a past moment: what it was short of, what was seen of it then, and whether it was won later."""

    account_id: str
    shortage: str
    seen: frozenset[str]
    won: bool


@dataclass(frozen=True)
class Mover:
    """Something seen of leads that were won later.

    `lift` is the share won of those it was seen of, over the share won of all with this shortage; `won` of `seen`
    accounts it was seen of were won.
    """

    what: str
    lift: float
    won: int
    seen: int

    def in_words(self) -> str:
        """Say it in one line."""
        return f"{self.what} (x{self.lift:.1f}: {self.won} of {self.seen} accounts won)"


def movers(cases: Iterable[Case]) -> dict[str, Mover]:
    """Give the mover of each shortage: what was seen most often of those won later, among what proves to matter.

    Cases are of different accounts within a shortage, so that no deal counts twice. Something
    proves to matter where it was seen of at least five accounts that were won, and the 99 % interval of the ratio of
    shares won with and without it (Katz et al. 1978) lies above 1. A shortage for which nothing does is not there.
    """
    by_shortage: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_shortage[case.shortage].append(case)
    found = {shortage: _mover(of_it) for shortage, of_it in by_shortage.items()}
    return {shortage: mover for shortage, mover in sorted(found.items()) if mover is not None}


def _mover(cases: list[Case]) -> Mover | None:
    total, won = len(cases), sum(case.won for case in cases)
    seen = Counter(what for case in cases for what in case.seen)
    seen_won = Counter(what for case in cases if case.won for what in case.seen)
    proven = [
        Mover(what, seen_won[what] / count / (won / total), seen_won[what], count)
        for what, count in seen.items()
        if seen_won[what] >= LEAST_WON and _least_ratio(seen_won[what], count, won, total) > 1
    ]
    return min(proven, key=lambda mover: (-mover.won, -mover.lift, mover.what), default=None)


def _least_ratio(seen_won: int, seen: int, won: int, total: int) -> float:
    """The lower end of the interval of the ratio of shares; half a win keeps it finite where none was won without."""
    without, without_won = total - seen, max(won - seen_won, 0.5)
    if not without:
        return 0.0
    ratio = (seen_won / seen) / (without_won / without)
    spread = sqrt(max(0.0, 1 / seen_won - 1 / seen + 1 / without_won - 1 / without))
    return exp(log(ratio) - _SURE * spread)
