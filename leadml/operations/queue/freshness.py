"""Since when a lead waits to be worked, whether it was contacted since, and what waiting costs.

A fresh MQL goes cold in days: while nobody has contacted it, its value falls by half in every half-life. A contact
stops the clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc

_TIME = pa.timestamp("us")
_DAY = 86_400.0


@dataclass(frozen=True)
class Touches:
    """What happened to each lead before a moment, by lead id, ascending: its own activities, and our contacts."""

    own: Mapping[str, Sequence[datetime]]
    contacts: Mapping[str, Sequence[datetime]]


@dataclass(frozen=True)
class Freshness:
    """How fresh a lead is; times in days, None where no date tells.

    `waiting` counts from when the lead became workable to the moment, or to the first contact since. `first_contact`
    is how long that contact took, None where there was none yet.
    """

    waiting: float | None
    contacted: bool
    first_contact: float | None

    def discount(self, half_life: float) -> float:
        """The share of its value that a lead has kept: 0.5 ** (days waited / half-life), 1 once it was contacted."""
        if self.contacted or self.waiting is None:
            return 1.0
        return float(0.5 ** (self.waiting / half_life))


def touches_before(
    activities: pa.Table | None, lead_ids: Sequence[str], contact_types: Sequence[str], moment: datetime | None
) -> Touches:
    """Sort activities of some leads, strictly before a moment, into their own and our contacts.

    Types compare without regard to case.
    """
    if activities is None or moment is None:
        return Touches({}, {})
    known = pc.is_in(activities["lead_id"], value_set=pa.array(lead_ids, pa.string()))
    before = activities.filter(pc.and_(known, pc.less(activities["occurred_at"], pa.scalar(moment, _TIME))))
    stated = {kind.strip().casefold() for kind in contact_types}
    types = [kind for kind in pc.unique(before["type"]).to_pylist() if kind.strip().casefold() in stated]
    ours = pc.is_in(before["type"], value_set=pa.array(types, pa.string()))
    return Touches(_by_lead(before.filter(pc.invert(ours))), _by_lead(before.filter(ours)))


def workable_since(
    lead_id: str, *, entered: datetime | None, created: datetime | None, touches: Touches
) -> datetime | None:
    """Since when a lead is there to be worked.

    That is when it entered its lifecycle stage; where nobody keeps a lifecycle, its own last activity; without any,
    when it was created.
    """
    if entered is not None:
        return entered
    own = touches.own.get(lead_id)
    return own[-1] if own else created


def freshness_of(since: datetime | None, contacts: Sequence[datetime], moment: datetime | None) -> Freshness:
    """How fresh a lead is at a moment, given since when it was workable and when it was contacted (ascending)."""
    if since is None or moment is None:
        return Freshness(None, contacted=False, first_contact=None)
    first = next((contact for contact in contacts if contact >= since), None)
    if first is None:
        return Freshness(max(0.0, (moment - since).total_seconds() / _DAY), contacted=False, first_contact=None)
    took = (first - since).total_seconds() / _DAY
    return Freshness(took, contacted=True, first_contact=took)


def median_first_contact(several: Sequence[Freshness]) -> float | None:
    """The median days to the first contact over the leads that were contacted; None where none was."""
    times = [one.first_contact for one in several if one.first_contact is not None]
    return median(times) if times else None


def _by_lead(activities: pa.Table) -> dict[str, list[datetime]]:
    ordered = activities.sort_by([("lead_id", "ascending"), ("occurred_at", "ascending")])
    found: dict[str, list[datetime]] = {}
    columns = (ordered[name].to_pylist() for name in ("lead_id", "occurred_at"))
    for lead, at in zip(*columns, strict=True):
        found.setdefault(lead, []).append(at)
    return found
