"""What winning the lead of each snapshot was expected to bring, from deals that had been won before its moment.

The lead's own amount has no say in it: it is often filled in, or changed, on winning the deal. Leads of one account
that are won together are one deal, so each of them brings its share.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import Snapshots
from leadml.predict.encoding import Floats
from leadml.schema import EVERY_OTHER, LeadTables
from leadml.training.business.worth import SHRUNK_BY, Deal, deals_won, each_once, folded
from leadml.training.folds import Rows

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all moments are UTC without a zone)
_NEEDED = {"outcome", "closed_at", "deal_value"}


def expected_values(
    tables: LeadTables, snapshots: Snapshots, value_by: str | None, stated: Mapping[str, float]
) -> Floats | None:
    """The worth that `worth.learn_worth` would have told at each snapshot's moment, over the leads that share a deal.

    Args:
        tables: the checked tables.
        snapshots: leads at moments.
        value_by: the attribute that tells deals apart, None where nothing does. A lead is told apart by what was known
            of it at its moment, a deal by what its leads say.
        stated: values by that attribute which overrule what was learned; "*" is any other.

    Returns:
        Floats of shape (snapshots,), NaN before the first deal; None where nothing ever tells.
    """
    count = len(snapshots.lead_id)
    asked = {folded(segment): value for segment, value in stated.items()}
    anything = asked.pop(EVERY_OTHER, None)
    learnable = set(tables.leads.column_names) >= _NEEDED
    if anything is None and not asked and not (learnable and snapshots.as_of is not None):
        return None
    codes, segments = _segments(snapshots.features, value_by)
    values = np.full(count, np.nan if anything is None else anything)
    if anything is None and learnable and snapshots.as_of is not None:
        values = _learned(_deals(tables, value_by), snapshots.as_of, codes, segments)
    for code, segment in enumerate(segments):
        if segment in asked:
            values[codes == code] = asked[segment]
    return values / _leads_per_deal(tables, snapshots.as_of)


def _leads_per_deal(tables: LeadTables, as_of: pa.Array | None) -> Floats | float:
    """How many leads shared a deal, on average, of those won before each moment; 1 where nothing tells."""
    leads = tables.leads
    if as_of is None or not {"outcome", "closed_at"} <= set(leads.column_names):
        return 1.0
    won = leads.filter(pc.fill_null(pc.and_(pc.equal(leads["outcome"], "won"), pc.is_valid(leads["closed_at"])), False))
    deals = won.group_by(["account_id", "closed_at"]).aggregate([([], "count_all")])
    moment = as_of.cast(pa.int64()).to_numpy()
    closed_leads, closed_deals = (
        np.searchsorted(np.sort(part["closed_at"].cast(pa.int64()).to_numpy()), moment) for part in (won, deals)
    )
    shared: Floats = closed_leads / np.maximum(closed_deals, 1)
    return np.maximum(shared, 1.0)


def _segments(features: pa.Table, value_by: str | None) -> tuple[Rows, list[str]]:
    """Each row's place among the segments there are, -1 where nothing tells."""
    if value_by is None or value_by not in features.column_names:
        return np.full(features.num_rows, -1), []
    texts = [None if value is None else folded(str(value)) for value in features[value_by].to_pylist()]
    segments = sorted({text for text in texts if text is not None})
    places = {text: place for place, text in enumerate(segments)}
    return np.array([-1 if text is None else places[text] for text in texts], np.int64), segments


def _deals(tables: LeadTables, value_by: str | None) -> list[Deal]:
    """The deals won, in the order of their closing; the second part of a key is that moment."""
    closed = tables.leads.filter(pc.is_valid(tables.leads["closed_at"]))
    segments: dict[str, str | None] = {}
    if value_by in closed.column_names:
        said = zip(closed["lead_id"].to_pylist(), closed[value_by].to_pylist(), strict=True)
        segments = {lead: None if value is None else str(value) for lead, value in said}
    return sorted(each_once(deals_won(closed, segments)), key=_closed)


def _closed(deal: Deal) -> float:
    closed: datetime = deal.key[1]  # type: ignore[assignment]
    return (closed - _EPOCH).total_seconds()


def _learned(deals: list[Deal], as_of: pa.Array, codes: Rows, segments: list[str]) -> Floats:
    """Means of the deals before each moment; a segment's is drawn towards that of all (`worth.learn_worth`)."""
    moment = pc.divide(as_of.cast(pa.int64()).cast(pa.float64()), 1e6).to_numpy()
    overall, number = _before(deals, moment)
    values = np.where(number > 0, overall / np.maximum(number, 1), np.nan)
    mean = values.copy()
    own: dict[str, list[Deal]] = defaultdict(list)
    for deal in deals:
        if deal.segment is not None:
            own[deal.segment].append(deal)
    by_code = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[by_code], np.arange(len(segments) + 1))
    for code, segment in enumerate(segments):
        if segment not in own:
            continue
        rows = by_code[ends[code] : ends[code + 1]]
        total, number = _before(own[segment], moment[rows])
        values[rows] = np.where(number > 0, (total + SHRUNK_BY * mean[rows]) / (number + SHRUNK_BY), mean[rows])
    return values


def _before(deals: list[Deal], moment: Floats) -> tuple[Floats, Floats]:
    """The sum and the number of the values of deals closed before each moment."""
    closed = np.array([_closed(deal) for deal in deals])
    sums = np.r_[0.0, np.cumsum([deal.value for deal in deals])]
    number = np.searchsorted(closed, moment, side="left")
    return sums[number], number.astype(np.float64)
