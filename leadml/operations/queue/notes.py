"""What had to be assumed to make a work list, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from leadml.config.qualification import QueueSettings
from leadml.operations.queue.reading import ScoredLeads
from leadml.sources import nearest
from leadml.training.business.worth import Worth


def notes_on(scored: ScoredLeads, worth: Worth, queue: QueueSettings) -> Iterator[str]:
    """Say how the order came about, and what is missing that would make it better."""
    if worth.overall is None and not worth.segments:
        yield "No deal with a value was won before, so leads are in order of probability (every deal counts as 1)."
    elif worth.deals:
        split = f", by {queue.value_by}" if queue.value_by else ""
        yield f"A deal counts {worth.overall:,.0f}: the mean of {worth.deals:,} deals won before{split}."
    if scored.moment is None:
        yield "Leads have no dates, so nothing tells how fresh they are."
    elif not queue.contact_types:
        yield (
            "[queue] contact_types is not stated, so nobody counts as contacted: "
            f"every lead's value halves in every {queue.half_life_days:g} days that it waits."
        )
    else:
        yield from _unknown_types(scored, queue)
    if scored.states is None and scored.moment is not None:
        yield "No lifecycle is kept (table lead_lifecycle): a lead waits since its own last activity."
    if scored.undecided:
        yield "No cutoff is published, so no lead has a stage and every open lead is listed."
    if scored.vanished:
        yield f"Scored leads that are no longer among the leads: {scored.vanished:,}. Run `leadml score` again."


def _unknown_types(scored: ScoredLeads, queue: QueueSettings) -> Iterator[str]:
    known = [] if scored.tables.activities is None else pc.unique(scored.tables.activities["type"]).to_pylist()
    folded = {kind.strip().casefold() for kind in known}
    for kind in queue.contact_types:
        if kind.strip().casefold() not in folded:
            yield f"[queue] contact_types: no activity is a {kind!r}. {nearest(kind, known)}"
