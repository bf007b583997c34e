"""What the tables know of that is still to come: dates that will be reached, events recorded ahead of their time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.features.engine import connect
from leadml.features.expiry.present import Present, earliest
from leadml.features.expiry.sensitivity import Sensitivity
from leadml.features.plan import Attribute
from leadml.features.spine import NEVER, Ints, close_times
from leadml.predict.columns import coerce
from leadml.predict.encoding import Column

__all__ = ["coming"]


def coming(present: Present, sensitivity: Sensitivity) -> Iterator[Ints]:
    """Moments of each row, at or after the snapshot, from which on more is known or the lead is closed."""
    leads, future = present.tables.leads, present.future
    yield _still_to_come(close_times(leads), present.at)[present.lead]
    yield earliest(len(present.accounts), future.lead, future.moment)[present.lead]
    if present.plan.accounts:
        accounts = int(present.accounts.max(initial=-1)) + 1
        yield earliest(accounts, future.account, future.moment)[present.account]
        arrivals = _still_to_come(present.created, present.at)
        yield earliest(accounts, present.accounts, arrivals)[present.account]
    changes = _changes(present)
    yield changes[present.lead]
    for attribute in present.plan.attributes:
        if attribute.name == "role" and present.plan.accounts:
            known = np.minimum(changes, _known_from(present, attribute))
            yield earliest(accounts, present.accounts, known)[present.account]
        if sensitivity.looks_at(attribute.name):
            yield _known_from(present, attribute)[present.lead]
            yield _date(present, attribute)[present.lead]


def _still_to_come(moments: Ints, at: int) -> Ints:
    return np.where(moments >= at, moments, NEVER)


def _changes(present: Present) -> Ints:
    """The first change of any field of each lead that is still to come."""
    history = present.tables.history
    if history is None:
        return np.full(len(present.accounts), NEVER)
    moment = history["changed_at"].cast(pa.int64()).to_numpy()
    ahead = history.filter(pa.array(moment >= present.at))
    return _by_lead(present, ahead["lead_id"], moment[moment >= present.at])


def _by_lead(present: Present, ids: pa.ChunkedArray, moment: Ints) -> Ints:
    lead = pc.index_in(ids, value_set=present.tables.leads["lead_id"].combine_chunks())
    known = pc.is_valid(lead).to_numpy(zero_copy_only=False)
    return earliest(len(present.accounts), lead.filter(pa.array(known)).to_numpy().astype(np.int64), moment[known])


def _known_from(present: Present, attribute: Attribute) -> Ints:
    leads = present.tables.leads
    if attribute.known_at is None or attribute.known_at not in leads.column_names:
        return np.full(len(present.accounts), NEVER)
    since = leads[attribute.known_at].cast(pa.int64())
    return _still_to_come(pc.fill_null(since, NEVER).to_numpy(), present.at)


def _date(present: Present, attribute: Attribute) -> Ints:
    """When a date of each lead that lies ahead is reached: until then it is not known."""
    leads, tables = len(present.accounts), present.tables
    if attribute.kind != "time" or not present.plan.calendar:
        return np.full(leads, NEVER)
    if not attribute.history:
        if attribute.name not in tables.leads.column_names:
            return np.full(leads, NEVER)
        dates = coerce(tables.leads[attribute.name], Column(attribute.name, "time", "fit", attribute.label))
        return _still_to_come(pc.fill_null(dates.cast(pa.int64()), NEVER).to_numpy(), present.at)
    if tables.history is None or not tables.history.num_rows:
        return np.full(leads, NEVER)
    own = tables.history.filter(pc.equal(tables.history["field"], attribute.name))
    with connect() as con:
        con.register("changes", own.select(["value"]))
        query = "select coalesce(epoch_us(try_cast(value as timestamp)), ?) as moment from changes"
        moment = con.sql(query, params=[int(NEVER)]).to_arrow_table()["moment"].to_numpy()
    return _by_lead(present, own["lead_id"], _still_to_come(moment, present.at))
