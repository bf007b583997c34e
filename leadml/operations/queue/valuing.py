"""Which deals were won before the moment of the scores, and to which segment each lead belonged then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from leadml.config.qualification import QueueSettings
from leadml.errors import ConfigError
from leadml.features import snapshots_at
from leadml.operations.queue.reading import ScoredLeads
from leadml.training.business.worth import Worth, deals_won, learn_worth

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
    return learn_worth(deals_won(scored.tables.leads, segments, before=scored.moment), queue.values), segments
