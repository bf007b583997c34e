"""Which deals were won before the moment of the scores, and to which segment each lead belonged then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from leadml.config.qualification import QueueSettings
from leadml.errors import ConfigError
from leadml.features import snapshots_at
from leadml.operations.queue.reading import ScoredLeads
from leadml.training.business.worth import Deal, Worth, learn_worth

_TIME = pa.timestamp("us")
_ANY_TIME = datetime(1970, 1, 1)  # noqa: DTZ001 - without dates no moment is looked at


def worth_of_deals(
    scored: ScoredLeads, segment: str | None, queue: QueueSettings
) -> tuple[Worth, Mapping[str, str | None]]:
    """What deals are worth by those won before the moment, and each lead's segment as it was known then.

    Raises:
        ConfigError: the segment is no attribute of the leads.
    """
    segments: dict[str, str | None] = {}
    if segment is not None:
        if segment not in scored.tables.attributes:
            why = scored.tables.dropped.get(segment, "it has a role of its own")
            raise ConfigError(f"queue.value_by = {queue.value_by!r}: deals cannot be told apart by it ({why}).")
        plain = replace(scored.tables, activities=None)
        known = snapshots_at(plain, scored.moment or _ANY_TIME, open_only=False)
        segments = dict(zip(known.lead_id.to_pylist(), known.features[segment].to_pylist(), strict=True))
    return learn_worth(_deals_won(scored, segments), queue.values), segments


def _deals_won(scored: ScoredLeads, segments: Mapping[str, str | None]) -> Iterator[Deal]:
    leads = scored.tables.leads
    if not {"outcome", "deal_value"} <= set(leads.column_names):
        return
    won = pc.and_(pc.equal(leads["outcome"], "won"), pc.greater(leads["deal_value"], 0.0))
    dated = "closed_at" in leads.column_names
    if scored.moment is not None and dated:
        won = pc.and_(won, pc.less(leads["closed_at"], pa.scalar(scored.moment, _TIME)))
    names = ["lead_id", "account_id", "deal_value", *(["closed_at"] if dated else [])]
    for row in leads.select(names).filter(pc.fill_null(won, False)).to_pylist():
        when = row.get("closed_at")
        key = (row["account_id"], row["lead_id"] if when is None else when)
        yield Deal(key, segments.get(row["lead_id"]), row["deal_value"])
