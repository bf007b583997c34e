"""What leads and their accounts have done up to a moment, as whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow.compute as pc

from leadml.features.engine import numbered_activities, numbered_leads
from leadml.features.plan import FeaturePlan
from leadml.features.snapshots import Snapshots
from leadml.features.spine import NEVER, Ints
from leadml.predict.encoding import Floats
from leadml.schema import LeadTables

__all__ = ["LAST", "Activities", "Present", "after", "earliest", "sums"]

LAST = 253_402_300_799_000_000
"""The end of the year 9999 in microseconds: what would come later never comes."""


@dataclass(frozen=True)
class Activities:
    """Activities in the order of time; of each: lead, account, moment, type, value in millionths, points, rule type."""

    lead: Ints
    account: Ints
    moment: Ints
    type: Ints
    units: Ints
    points: Ints
    counted: Ints

    def __getitem__(self, chosen: Any) -> Activities:
        return Activities(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True)
class Present:
    """A part's leads at the one moment `at` (microseconds) of its snapshots; `lead` and `account` are of the rows."""

    tables: LeadTables
    snapshots: Snapshots
    at: int

    @property
    def plan(self) -> FeaturePlan:
        """The plan of the snapshots."""
        return self.snapshots.plan

    @cached_property
    def lead(self) -> Ints:
        """The number of each row's lead."""
        known = self.tables.leads["lead_id"].combine_chunks()
        return np.asarray(pc.index_in(self.snapshots.lead_id, value_set=known), np.int64)

    @cached_property
    def account(self) -> Ints:
        """The number of each row's account."""
        return self.accounts[self.lead]

    @cached_property
    def accounts(self) -> Ints:
        """The number of each lead's account."""
        numbers: Ints = self._leads["account"].to_numpy()
        return numbers

    @cached_property
    def created(self) -> Ints:
        """When each lead came in."""
        created: Ints = pc.fill_null(self._leads["created"], NEVER).to_numpy()
        return created

    @cached_property
    def past(self) -> Activities:
        """What was done before the moment."""
        return self._activities[self._activities.moment < self.at]

    @cached_property
    def by_lead(self) -> Activities:
        """What was done before the moment, by lead and time."""
        return self.past[np.argsort(self.past.lead, kind="stable")]

    @cached_property
    def by_account(self) -> Activities:
        """What was done before the moment, by account and time."""
        return self.past[np.argsort(self.past.account, kind="stable")]

    @cached_property
    def future(self) -> Activities:
        """What was done at the moment or later, and does not count yet."""
        return self._activities[self._activities.moment >= self.at]

    def within(self, window: int) -> Activities:
        """What was done in the last so many microseconds."""
        return self.past[np.searchsorted(self.past.moment, self.at - window, side="left") :]

    def values(self, column: str) -> Floats:
        """A number feature of the rows; NaN where it is missing."""
        return np.asarray(self.snapshots.features[column].to_numpy(), np.float64)

    @cached_property
    def _leads(self) -> Any:
        return numbered_leads(self.tables.leads, self.plan)

    @cached_property
    def _activities(self) -> Activities:
        found = numbered_activities(self.tables, self._leads, self.plan)
        columns = (pc.fill_null(found[field.name], -1).to_numpy().astype(np.int64) for field in fields(Activities))
        activities = Activities(*columns)
        return activities[np.argsort(activities.moment, kind="stable")]


def after(at: int, microseconds: Floats) -> Ints:
    """The moments so much later, rounded to the safe side: a little earlier; never where that is beyond all time."""
    far = ~(microseconds < LAST - at)  # NaN, too
    # Features are numbers of days: a microsecond is near the last digit that they have.
    return np.where(far, NEVER, at + np.maximum(np.where(far, 0.0, microseconds) - 8, 0).astype(np.int64))


def earliest(groups: int, group: Ints, moment: Ints) -> Ints:
    """The earliest moment of each of so many groups; never where it has none."""
    found = np.full(groups, NEVER)
    np.minimum.at(found, group, moment)
    return found


def sums(groups: int, group: Ints, units: Ints) -> Ints:
    """The sum of each of so many groups, exactly."""
    total = np.zeros(groups, np.int64)
    np.add.at(total, group, units)
    return total
