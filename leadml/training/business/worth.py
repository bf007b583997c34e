"""What a deal is expected to be worth: never what the lead at hand says, always what deals won before were worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import fsum
from typing import NamedTuple

from leadml.schema import EVERY_OTHER

SHRUNK_BY = 10
"""A segment's mean is drawn towards the mean of all deals as if it had so many further deals of that worth."""


class Deal(NamedTuple):
    """A deal that was won: its key (leads of one account won at the same time are one deal), segment and value."""

    key: tuple[str, object]
    segment: str | None
    value: float


@dataclass(frozen=True)
class Worth:
    """Expected values of deals: one for any deal (None where nothing tells), and those of segments that are known.

    Segments are compared without regard to case. `deals` counts the deals that it was learned from.
    """

    overall: float | None
    segments: Mapping[str, float] = field(default_factory=dict)
    deals: int = 0

    def of(self, segment: str | None) -> float:
        """The expected value of a deal of a segment; 1 where no deal's value is known."""
        overall = 1.0 if self.overall is None else self.overall
        return overall if segment is None else self.segments.get(folded(segment), overall)


def learn_worth(deals: Iterable[Deal], stated: Mapping[str, float] | None = None) -> Worth:
    """Learn what deals are worth from those that were won.

    A deal counts once, with the mean over its leads; its segment is the one most of them have, the first by letter of
    equals. The mean of a segment with n deals is (sum + 10 x mean of all) / (n + 10): few deals say little.

    Args:
        deals: one entry per lead that was won, with a value above 0.
        stated: values by segment that overrule what was learned; "*" is any other.
    """
    stated = {folded(segment): value for segment, value in (stated or {}).items()}
    values: dict[str | None, list[float]] = defaultdict(list)
    for deal in each_once(deals):
        values[deal.segment].append(deal.value)
    everything = [value for several in values.values() for value in several]
    overall = stated.pop(EVERY_OTHER, None)
    if overall is not None:
        return Worth(overall, stated, 0)
    if not everything:
        return Worth(None, stated, 0)
    mean = fsum(everything) / len(everything)
    learned = {
        segment: (fsum(several) + SHRUNK_BY * mean) / (len(several) + SHRUNK_BY)
        for segment, several in values.items()
        if segment is not None
    }
    return Worth(mean, learned | stated, len(everything))


def each_once(deals: Iterable[Deal]) -> Iterator[Deal]:
    """One entry per deal, with the mean value of its leads and the segment (folded) that most of them have."""
    by_key: dict[tuple[str, object], list[Deal]] = defaultdict(list)
    for deal in deals:
        by_key[deal.key].append(deal)
    for key, leads in by_key.items():
        yield Deal(key, _common([lead.segment for lead in leads]), fsum(lead.value for lead in leads) / len(leads))


def folded(segment: str) -> str:
    """A segment as it is compared."""
    return segment.strip().casefold()


def _common(segments: list[str | None]) -> str | None:
    known = [folded(segment) for segment in segments if segment is not None]
    return min(known, key=lambda segment: (-known.count(segment), segment)) if known else None
