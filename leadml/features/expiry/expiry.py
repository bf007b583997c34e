"""Until when each score holds although nothing new happens."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.features.account import account_measures
from leadml.features.activity import activity_measures
from leadml.features.expiry.coming import coming
from leadml.features.expiry.counting import counting
from leadml.features.expiry.drifting import Drifting, held_within, ways_of
from leadml.features.expiry.leaving import (
    colleagues_leave,
    intents_leave,
    kinds_leave,
    leads_leave,
    of_lead_leave,
    place,
    trend_turns,
)
from leadml.features.expiry.present import LAST, Present, after
from leadml.features.expiry.sensitivity import Sensitivity, sensitivity_of, steepest
from leadml.features.plan import STILL, Ebb, FeaturePlan
from leadml.features.snapshots import Snapshots
from leadml.features.spine import DAY, NEVER, Ints
from leadml.predict import Scorer
from leadml.predict.encoding import Codes, Floats
from leadml.schema import LeadTables

__all__ = ["valid_until"]

_TIME = pa.timestamp("us")
_SINCE = Ebb("since")
_DRIFTS = ("since", "points")
_NONE = np.empty(0)


def valid_until(
    tables: LeadTables,
    snapshots: Snapshots,
    scorer: Scorer,
    *,
    tolerance: float = 0.0,
    scores: pa.Table | None = None,
) -> pa.Array:
    """Until when what a scorer says of each row holds although nothing new happens.

    Without a tolerance the lead scores the same at every moment before, to the last bit of every term. With one, days
    that pass and points that fade may move the probability within it meanwhile, but not to another grade or stage.

    Args:
        tables: the tables that the snapshots were made from (whole accounts).
        snapshots: rows of one moment, one per lead, as `snapshots_at` gives them.
        scorer: whose codes and rules count; what it does not look at, or makes no difference of, does not.
        tolerance: how far a probability may move before it counts; in probability.
        scores: the scores of the rows, in their order; they make the bound within the tolerance sharper.

    Returns:
        timestamp[us] per row: the earliest moment at which the score can be another; never later than the true one.
        Null where it never can, as where snapshots have no moment.
    """
    count = len(snapshots.lead_id)
    if snapshots.as_of is None or not count:
        return pa.nulls(count, _TIME)
    moments = pc.min_max(snapshots.as_of.cast(pa.int64())).as_py()
    if moments["min"] != moments["max"]:
        raise ValueError("Rows of several moments have no one time from which on they hold; bring those of one.")
    present, sensitivity = Present(tables, snapshots, moments["min"]), sensitivity_of(scorer)
    until = np.full(count, NEVER)
    for bound in (*coming(present, sensitivity), *_by_time(present, sensitivity)):
        np.minimum(until, bound, out=until)
    falls = np.zeros(count)
    for one in snapshots.plan.counts:
        if sensitivity.looks_at(one.column):
            cuts, each = sensitivity.cuts_of(one.column), sensitivity.each.get(one.column, ())
            followed = counting(present, one, present.values(one.column), cuts, each)
            np.minimum(until, followed.until, out=until)
            falls += followed.falls
    room = np.full(count, 4 * tolerance) if scores is None else _room(scorer, tolerance, scores)
    np.minimum(until, _drifts(present, sensitivity, scorer, falls, room), out=until)
    return pa.array(np.maximum(until, present.at), mask=until >= LAST).cast(_TIME)


def _ebbs(plan: FeaturePlan) -> list[Ebb]:
    """How each feature of a plan changes by itself, in the order of `feature_columns`; the counts are left out."""
    attributes = [_SINCE if attribute.kind == "time" else STILL for attribute in plan.attributes]
    computed = [measure.ebb for measure in (*activity_measures(plan), *account_measures(plan))]
    return [*attributes, _SINCE, STILL, *computed]


def _by_time(present: Present, sensitivity: Sensitivity) -> Iterator[Ints]:
    """When the features of each row cross a cut, one after another."""
    columns = present.snapshots.columns
    month = columns[len(present.plan.attributes) + 1].name
    if len(cuts := sensitivity.cuts_of(month)):
        yield np.full(len(present.lead), _month_turns(present.at, cuts))
    for column, ebb in zip(columns, _ebbs(present.plan), strict=False):
        known = sensitivity.hard if ebb.how in _DRIFTS else sensitivity.cuts
        if ebb != STILL and len(cuts := known.get(column.name, _NONE)):
            yield _crossed(present, ebb, column.name, cuts)


def _drifts(present: Present, sensitivity: Sensitivity, scorer: Scorer, falls: Floats, room: Floats) -> Ints:
    """Until when what moves by small steps, or steadily (`falls`), has moved the log-odds within the room there is."""
    ebbs = zip(present.snapshots.columns, _ebbs(present.plan), strict=False)
    drifting = {column.name: ebb for column, ebb in ebbs if ebb.how in _DRIFTS}
    with np.errstate(divide="ignore", invalid="ignore"):
        untouched = after(present.at, np.where(falls > 0, room / falls, np.inf))
    soft = [
        position
        for position, feature in enumerate(scorer.features)
        if feature.column in drifting and feature.kind == "number" and len(sensitivity.cuts_of(feature.column))
    ]
    for position in soft:
        column = scorer.features[position].column
        np.minimum(untouched, _crossed(present, drifting[column], column, sensitivity.cuts_of(column)), out=untouched)
    if not soft or not (room > 0).any():
        return untouched
    found = []

    @cache
    def codes(position: int) -> Codes:
        feature = scorer.features[position]
        return feature.codes(present.snapshots.features[feature.column])

    for position in soft:
        feature = scorer.features[position]
        half_life = drifting[feature.column].days if drifting[feature.column].how == "points" else None
        ways = ways_of(scorer, position, codes, soft)
        found.append(Drifting(present.values(feature.column), feature.edges, ways, half_life))
    return np.maximum(untouched, held_within(present.at, found, falls, room / steepest(scorer), DAY))


def _crossed(present: Present, ebb: Ebb, column: str, cuts: Floats) -> Ints:
    window = ebb.days * DAY
    if ebb.how == "since":
        return _grown(present.at, present.values(column), cuts)
    if ebb.how == "points":
        return _decayed(present, present.values(column), window, cuts)
    if ebb.how == "colleagues":
        return colleagues_leave(present, window, cuts, present.values(column))
    if ebb.how == "trend":
        return trend_turns(present, window, cuts)[present.lead]
    if ebb.how == "kinds":
        return kinds_leave(present, window, cuts)[present.lead]
    if ebb.how in ("engaged", "roles"):
        had = np.zeros(int(present.accounts.max(initial=-1)) + 1, np.int64)
        had[present.account] = present.values(column).astype(np.int64)
        return leads_leave(present, window, cuts, had)[present.account]
    if ebb.how == "account window":
        return intents_leave(present, window, cuts)[present.account]
    return of_lead_leave(present, ebb.type, window, cuts)[present.lead]


def _grown(at: int, days: Floats, cuts: Floats) -> Ints:
    """When numbers of days that grow with time reach the next cut; what is missing stays missing."""
    following = np.append(cuts, np.inf)[place(cuts, days)]
    return after(at, np.where(np.isnan(days), np.inf, (following - days) * DAY))


def _decayed(present: Present, points: Floats, half_life: int, cuts: Floats) -> Ints:
    """When points that halve in a half-life cross the next cut on their way to 0."""
    number = np.bincount(present.past.lead, minlength=len(present.accounts))[present.lead]
    at = place(cuts, points)
    below, above = np.append(-np.inf, cuts)[at], np.append(cuts, np.inf)[at]
    # Each activity's points are rounded to millionths.
    least = np.where(points > 0, np.maximum(below, 0.0), np.maximum(-above, 0.0)) + number / 1e6
    crosses = np.where(points > 0, below > 0, above <= 0) & (points != 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        lasts = half_life * np.log2(np.abs(points) / least)
    return after(present.at, np.where(crosses, lasts, np.inf))


def _month_turns(at: int, cuts: Floats) -> int:
    """The beginning of the first month that the scorer tells from the present one."""
    now = np.datetime64(at, "us").astype("datetime64[M]")
    months = now + np.arange(13)
    numbers = months.astype(np.int64) % 12 + 1.0
    told = np.flatnonzero(place(cuts, numbers) != place(cuts, numbers[:1]))
    return int(months[told[0]].astype("datetime64[us]").astype(np.int64)) if len(told) else int(NEVER)


def _room(scorer: Scorer, tolerance: float, scores: pa.Table) -> Floats:
    """How far each row's log-odds may move: within the tolerance, and to no other grade, stage or intent."""
    policy, probability = scorer.policy, scores["probability"].to_numpy()
    cutoffs = [policy.mql, policy.sql, *(cut for one in policy.segments for cut in (one.mql, one.sql))]
    bounds = np.unique([cut for cut in (*policy.grade_bounds, *cutoffs) if cut is not None])
    at = place(bounds, probability)
    low = np.maximum(probability - tolerance, np.append(0.0, bounds)[at])
    high = np.minimum(probability + tolerance, np.append(bounds, 1.0)[at])
    with np.errstate(divide="ignore"):
        here, down, up = (np.log(p) - np.log1p(-p) for p in (probability, low, high))
    room: Floats = np.minimum(up - here, here - down)
    return np.minimum(room, np.abs(scores["intent"].to_numpy())) if policy.sql_needs_intent else room
