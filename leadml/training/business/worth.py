"""What a deal is expected to be worth: never what the lead at hand says, always what deals won before were worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import fsum
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

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


def deals_won(leads: pa.Table, segments: Mapping[str, str | None], *, before: datetime | None = None) -> Iterator[Deal]:
    """One entry per lead that was won and whose deal's value is on record; none where the columns are not there.

    Leads of one account won at the same moment share a deal; where that moment is not on record each has its own.

    Args:
        leads: the checked lead table.
        segments: the segment of each lead, by its id; what is not there has none.
        before: leads closed from this moment (UTC without a zone) on, or at none on record, are left out.
    """
    if not {"outcome", "deal_value"} <= set(leads.column_names):
        return
    won = pc.and_(pc.equal(leads["outcome"], "won"), pc.greater(leads["deal_value"], 0.0))
    dated = "closed_at" in leads.column_names
    if before is not None and dated:
        won = pc.and_(won, pc.less(leads["closed_at"], pa.scalar(before, pa.timestamp("us"))))
    names = ["lead_id", "account_id", "deal_value", *(["closed_at"] if dated else [])]
    for row in leads.select(names).filter(pc.fill_null(won, False)).to_pylist():
        when = row.get("closed_at")
        key = (row["account_id"], row["lead_id"] if when is None else when)
        yield Deal(key, segments.get(row["lead_id"]), row["deal_value"])


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
