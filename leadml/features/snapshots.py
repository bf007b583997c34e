"""Snapshots: leads as they were known at a moment, with what became of them (training) or without (scoring)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import ColumnsError, TrainingError
from leadml.features.censoring import Censoring, CensoringRule, censoring_weights
from leadml.features.frame import feature_columns, features_of
from leadml.features.plan import FeaturePlan
from leadml.features.planning import make_plan
from leadml.features.spine import (
    DAY,
    Spine,
    close_times,
    flat_spine,
    hash_numbers,
    scoring_spine,
    training_spine,
    weekly_spine,
)
from leadml.predict.encoding import Column, Floats, Group
from leadml.predict.rules.conditions import ActivityCount
from leadml.schema import LeadTables

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Snapshots", "build_snapshots", "newest_moment", "snapshots_at"]

_TIME = pa.timestamp("us")


@dataclass(frozen=True)
class Snapshots:
    """Rows of (lead, moment) with their features.

    `features` has n rows and the columns that `columns` describe (double, string or timestamp[us]), where the plan says
    so with "team" (string) beside them. `lead_id` and
    `account_id` are strings. `as_of` is timestamp[us] in UTC, None without dates. `label` is 1 (won within
    `horizon_days`), 0 or nan (not yet known, as always when scoring). `order` is sortable time: days since 1970, or the
    lead table's "order"; None without any. `horizon_days` is None without dates and when scoring. `plan` says how
    to make the same features for other leads. `censoring` says how rows count where some are younger than the horizon;
    None: all count alike.
    """

    features: pa.Table
    columns: tuple[Column, ...]
    lead_id: pa.Array
    account_id: pa.Array
    as_of: pa.Array | None
    label: Floats
    order: Floats | None
    horizon_days: float | None
    plan: FeaturePlan
    censoring: Censoring | None = None

    def take(self, rows: Any) -> Snapshots:
        """The snapshots at some row numbers, in their order."""
        indices = pa.array(rows)
        return replace(
            self,
            features=self.features.take(indices),
            lead_id=self.lead_id.take(indices),
            account_id=self.account_id.take(indices),
            as_of=None if self.as_of is None else self.as_of.take(indices),
            label=self.label[rows],
            order=None if self.order is None else self.order[rows],
            censoring=None if self.censoring is None else self.censoring.take(rows),
        )

    def to_pandas(self) -> DataFrame:
        """One frame: lead_id, account_id, as_of, the features, label, and weight and complete where rows are censored.

        A feature of such a name gets "(feature)".
        """
        keys = {"lead_id": self.lead_id, "account_id": self.account_id}
        if self.as_of is not None:
            keys["as_of"] = self.as_of
        known = {"label": pa.array(self.label)}
        if self.censoring is not None:
            known |= {"weight": pa.array(self.censoring.weight), "complete": pa.array(self.censoring.complete)}
        taken = {*keys, *known}
        names = [f"{name} (feature)" if name in taken else name for name in self.features.column_names]
        arrays = [*keys.values(), *self.features.columns, *known.values()]
        frame: DataFrame = pa.table(arrays, names=[*keys, *names, *known]).to_pandas()
        return frame


def build_snapshots(
    tables: LeadTables,
    *,
    horizon_days: float = 90,
    every_days: float = 7,
    per_lead: int | None = 3,
    since: datetime | None = None,
    censoring: CensoringRule = "full_horizon",
    intent_types: Sequence[str] = (),
    groups: Mapping[str, Group] | None = None,
    labels: Mapping[str, str] | None = None,
    activity_labels: Mapping[str, str] | None = None,
    counts: Sequence[ActivityCount] = (),
    teams: bool = False,
    now: datetime | None = None,
) -> Snapshots:
    """Make the snapshots that a scorer is trained on.

    With dates (created_at, closed_at and outcome mapped): each lead at no more than `per_lead` moments at which it was
    open, on a calendar grid of `every_days` that starts on Monday 1970-01-05. Label: won after the moment and
    within `horizon_days` of it. Only moments whose whole horizon has passed at `now` count, won early or not, unless
    `censoring` is "weighted". Rows are ordered by lead id, then moment. A lead that was closed nobody knows when has no
    snapshot.

    Without dates: one row per lead, its attributes as given, label 1, 0 or nan (open); ordered by lead id.

    Args:
        tables: the checked tables.
        horizon_days: days within which a win counts.
        every_days: days between two moments.
        per_lead: most snapshots of one lead; None takes every moment at which it was open.
        since: with `per_lead` None, the first moment to look at.
        censoring: "weighted" looks at every moment up to `now`: recent leads that have closed have their label and a
            weight that makes up for those still open, whose label is nan and whose weight is zero.
        intent_types: activity types that show intent; when empty, those whose name says so ("pricing", "demo", ...).
        groups: feature groups of attributes; the others are fit, or answer where they answer a question.
        labels: names that people read, by attribute.
        activity_labels: names that people read, by activity type.
        counts: what a mapped rulebook counts of activities (`Rulebook.counts`).
        teams: let each lead's team stand beside its features, as "team".
        now: until when the tables tell everything (UTC if without a zone); the newest date in them if not given.

    Raises:
        TrainingError: there is no outcome, or no moment has its whole horizon behind it.
        ColumnsError: none of the `intent_types`, or of the types with labels, occurs among the activities.
    """
    leads = tables.leads
    if "outcome" not in leads.column_names:
        raise TrainingError("The leads have no outcome to learn from. Map the column that says won or lost (outcome).")
    plan = make_plan(
        tables,
        intent_types=intent_types,
        groups=groups,
        labels=labels,
        activity_labels=activity_labels,
        counts=counts,
        teams=teams,
    )
    if not plan.calendar:
        spine = flat_spine(leads, open_only=False)
        return _assembled(tables, spine, plan, label=_outcomes(leads)[spine.lead])
    horizon = round(horizon_days * DAY)
    end = _microseconds(newest_moment(tables) if now is None else now)
    every, until = round(every_days * DAY), end if censoring == "weighted" else end - horizon
    if per_lead is None:
        spine = weekly_spine(leads, every=every, since=0 if since is None else _microseconds(since), until=until)
    else:
        spine = training_spine(leads, every=every, per_lead=per_lead, until=until)
    if not (spine.at + horizon <= end).any():
        raise TrainingError(
            f"No lead was open at a moment with {horizon_days:g} days of data behind it; the data ends on "
            f"{_date(end)}. Shorten the horizon (horizon_days), or bring older leads."
        )
    label, counted = _won_within(leads, spine, horizon), None
    if censoring == "weighted":
        counted = _censoring(leads, spine, horizon, end)
        label = np.where(counted.weight > 0, label, np.nan)
    return replace(_assembled(tables, spine, plan, label), horizon_days=float(horizon_days), censoring=counted)


def snapshots_at(
    tables: LeadTables,
    as_of: datetime,
    *,
    plan: FeaturePlan | None = None,
    intent_types: Sequence[str] = (),
    groups: Mapping[str, Group] | None = None,
    labels: Mapping[str, str] | None = None,
    activity_labels: Mapping[str, str] | None = None,
    counts: Sequence[ActivityCount] = (),
    teams: bool = False,
    open_only: bool = True,
    part: tuple[int, int] = (0, 1),
) -> Snapshots:
    """Make the rows to be scored: one per lead, with its features as of a moment, ordered by lead id.

    Args:
        tables: the checked tables.
        as_of: the moment (UTC if without a zone); leads created later are left out. Without meaning where the
            plan has no calendar.
        plan: the plan of the snapshots that the scorer was trained on; made from these tables if not given.
        intent_types: as for `build_snapshots`; only without a plan.
        groups: as for `build_snapshots`; only without a plan.
        labels: as for `build_snapshots`; only without a plan.
        activity_labels: as for `build_snapshots`; only without a plan.
        counts: as for `build_snapshots`; only without a plan.
        teams: as for `build_snapshots`; only without a plan.
        open_only: leave out the leads that were closed at the moment.
        part: (i, n) takes the i-th (from 0) of n parts; accounts are whole, and only their id decides on the part.

    Raises:
        ColumnsError: the tables lack what the plan was made from.
    """
    if plan is None:
        plan = make_plan(
            tables,
            intent_types=intent_types,
            groups=groups,
            labels=labels,
            activity_labels=activity_labels,
            counts=counts,
            teams=teams,
        )
    tables = _part(tables, part)
    spine = _scored(tables, as_of, plan, open_only=open_only)
    return _assembled(tables, spine, plan, label=np.full(len(spine.lead), np.nan))


def leads_at(tables: LeadTables, as_of: datetime, *, plan: FeaturePlan, open_only: bool = True) -> int:
    """Count the rows that `snapshots_at` would make, without their features."""
    return len(_scored(tables, as_of, plan, open_only=open_only).lead)


def _scored(tables: LeadTables, as_of: datetime, plan: FeaturePlan, *, open_only: bool) -> Spine:
    if plan.calendar and "created_at" in tables.leads.column_names:
        return scoring_spine(tables.leads, at=_microseconds(as_of), open_only=open_only)
    return flat_spine(tables.leads, open_only=open_only)


def _assembled(tables: LeadTables, spine: Spine, plan: FeaturePlan, label: Floats) -> Snapshots:
    features = features_of(tables, spine, plan)
    leads = tables.leads.select(["lead_id", "account_id"]).take(pa.array(spine.lead)).combine_chunks()
    return Snapshots(
        features=features,
        columns=feature_columns(plan),
        lead_id=_whole(leads["lead_id"]),
        account_id=_whole(leads["account_id"]),
        as_of=pa.array(spine.at).cast(_TIME) if plan.calendar else None,
        label=label,
        order=spine.at / DAY if plan.calendar else _flat_order(tables.leads, spine),
        horizon_days=None,
        plan=plan,
    )


def _whole(values: pa.ChunkedArray) -> pa.Array:
    return values.chunk(0) if values.num_chunks == 1 else pa.concat_arrays(values.chunks or [pa.array([], pa.string())])


def _part(tables: LeadTables, part: tuple[int, int]) -> LeadTables:
    number, count = part
    if not 0 <= number < count:
        raise ValueError(f"part must be (i, n) with 0 <= i < n, got {part} instead.")
    if count == 1:
        return tables
    accounts = pc.unique(tables.leads["account_id"])
    chosen = accounts.filter(pa.array(hash_numbers(accounts, 1)[:, 0] % count == number))
    return replace(tables, leads=tables.leads.filter(pc.is_in(tables.leads["account_id"], value_set=chosen)))


def _outcomes(leads: pa.Table) -> Floats:
    won: Floats = pc.equal(leads["outcome"], "won").cast(pa.float64()).to_numpy()
    return won


def _won_within(leads: pa.Table, spine: Spine, horizon: int) -> Floats:
    won = _outcomes(leads)[spine.lead] == 1
    closed = close_times(leads)[spine.lead]
    within: Floats = (won & (spine.at < closed) & (closed <= spine.at + horizon)).astype(np.float64)
    return within


def _censoring(leads: pa.Table, spine: Spine, horizon: int, end: int) -> Censoring:
    seen_for = end - spine.at
    closed = np.minimum(close_times(leads)[spine.lead], end + horizon)  # NEVER would overflow
    weight = censoring_weights(closed - spine.at, seen_for, horizon)
    return Censoring(weight, seen_for >= horizon)


def _flat_order(leads: pa.Table, spine: Spine) -> Floats | None:
    if "created_at" in leads.column_names:
        days = pc.divide(leads["created_at"].cast(pa.int64()).cast(pa.float64()), float(DAY))
    elif "order" in leads.column_names:
        days = leads["order"]
    else:
        return None
    order: Floats = days.to_numpy()[spine.lead]
    return order


def newest_moment(tables: LeadTables) -> datetime:
    """The newest date of something that happened (UTC without a zone): a close date of an open lead did not.

    Raises:
        ColumnsError: the leads have no dates.
    """
    if "created_at" not in tables.leads.column_names:
        raise ColumnsError("The leads have no dates (created_at), so nothing tells until when the data goes.")
    return tables.newest or datetime(1970, 1, 1)  # noqa: DTZ001 (UTC)


def _microseconds(moment: datetime) -> int:
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return int(pa.scalar(moment, _TIME).cast(pa.int64()).as_py())


def _date(moment: int) -> str:
    return f"{pa.scalar(moment, pa.int64()).cast(_TIME).as_py():%Y-%m-%d}"
