"""The buying committee of each account as of a moment: contacts, who of them is engaged, and which roles they have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import FeaturePlan, snapshots_at
from leadml.schema import LeadTables

ENGAGED_DAYS = 90

_TIME = pa.timestamp("us")
_ANY_TIME = datetime(1970, 1, 1)  # noqa: DTZ001 - without a calendar no moment is looked at


@dataclass(frozen=True)
class Committee:
    """What is known of one account's buying committee.

    `contacts` counts its leads, open or closed; `engaged` those with an activity in the last 90 days, None without
    activities. `seen` and `lacking` split the roles needed; both are empty where no role is known to be needed.
    """

    contacts: int
    engaged: int | None
    seen: tuple[str, ...]
    lacking: tuple[str, ...]

    @property
    def coverage(self) -> float | None:
        """Share of the roles needed that were seen; None where no role is known to be needed."""
        needed = len(self.seen) + len(self.lacking)
        return len(self.seen) / needed if needed else None


def contacts_before(tables: LeadTables, plan: FeaturePlan, moment: datetime | None) -> pa.Table:
    """Look up who was known strictly before a moment, in which role, and who was active in the 90 days before it.

    A role with a history is the role of then, as in the features. Without a moment every lead is a contact.

    Returns:
        One row per contact: lead_id, account_id and role (string) and engaged (bool; null where there are no
        activities, or no moment).
    """
    roles = tuple(attribute for attribute in plan.attributes if attribute.name == "role")
    looked_at = FeaturePlan(calendar=plan.calendar, attributes=roles)
    snapshots = snapshots_at(tables, moment or _ANY_TIME, plan=looked_at, open_only=False)
    count = len(snapshots.lead_id)
    columns = {
        "lead_id": snapshots.lead_id,
        "account_id": snapshots.account_id,
        "role": snapshots.features["role"] if roles else pa.nulls(count, pa.string()),
        "engaged": _engaged(snapshots.lead_id, tables.activities, moment),
    }
    contacts = pa.table(columns)
    if moment is None:
        return contacts
    known = tables.leads.filter(pc.less(tables.leads["created_at"], pa.scalar(moment, _TIME)))
    return contacts.filter(pc.is_in(contacts["lead_id"], value_set=known["lead_id"].combine_chunks()))


def needed_roles(contacts: pa.Table, stated: Iterable[str] = ()) -> dict[str, str]:
    """Give the roles that a purchase needs, by their folded form: those stated, else every one that a contact has.

    Roles are the same without regard to case and to blanks around them; of several spellings that nobody stated the
    first by letter is shown, so that the order of rows decides nothing.
    """
    spellings = [*stated] or sorted(role for role in pc.unique(contacts["role"]).to_pylist() if role is not None)
    needed: dict[str, str] = {}
    for role in spellings:
        needed.setdefault(_folded(role), role)
    return needed


def committees(contacts: pa.Table, needed: Mapping[str, str]) -> dict[str, Committee]:
    """Give the committee of each account, from its contacts and the roles that a purchase needs (`needed_roles`)."""
    members: dict[str, list[tuple[str | None, bool | None]]] = defaultdict(list)
    columns = (contacts[name].to_pylist() for name in ("account_id", "role", "engaged"))
    for account, role, engaged in zip(*columns, strict=True):
        members[account].append((role, engaged))
    return {account: _committee(people, needed) for account, people in members.items()}


def _committee(people: Sequence[tuple[str | None, bool | None]], needed: Mapping[str, str]) -> Committee:
    held = {_folded(role) for role, _ in people if role is not None}
    engaged = [active for _, active in people if active is not None]
    return Committee(
        contacts=len(people),
        engaged=sum(engaged) if engaged else None,
        seen=tuple(role for key, role in needed.items() if key in held),
        lacking=tuple(role for key, role in needed.items() if key not in held),
    )


def _engaged(lead_id: pa.Array, activities: pa.Table | None, moment: datetime | None) -> pa.Array:
    if activities is None or moment is None:
        return pa.nulls(len(lead_id), pa.bool_())
    at = activities["occurred_at"]
    first = pa.scalar(moment - timedelta(days=ENGAGED_DAYS), _TIME)
    recent = pc.and_(pc.greater_equal(at, first), pc.less(at, pa.scalar(moment, _TIME)))
    return pc.is_in(lead_id, value_set=pc.unique(activities["lead_id"].filter(recent)))


def _folded(role: str) -> str:
    return role.strip().casefold()
