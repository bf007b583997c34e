"""What people decide while a run is under way: it has read their leads before, so their stages are the next run's.

`leadml lead` writes a decision together with the move that it makes. Neither is lost or made twice, whenever it comes:

- before the run read the decisions: it reads the moves after them, so it has both (`reading.py`);
- after that, and before the transaction of the lead's part: the decision is found here, inside that transaction, and
  the run leaves the lead's moves and stage alone;
- during that transaction: a place lets one writer in at a time (`Source.transaction`), so the decision waits;
- if the decision was prepared before the part was written and is written after it: it sees, inside its own
  transaction, that the lead was moved meanwhile, and is refused in words (`operations/lead.py`). So is the second of
  two people who decide at once.

A CRM writes decisions without moves; what the run did not read is the next run's to make.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.ledger.changed import MARGIN
from leadml.operations.published import beside
from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.part import ScoredPart
from leadml.operations.scoring.session import Session
from leadml.sources import Since

_NAMES = ["lead_id", "decided_at"]


def without_decided(asked: Asked, session: Session, part: ScoredPart) -> ScoredPart:
    """A part without moves and stages of leads that somebody has decided about since the run read them.

    To be asked inside the transaction that writes the part: whoever decides then waits until it is written.

    Raises:
        SourceError: the decisions cannot be read.
    """
    ids = _decided(asked, session, part.number)
    if not len(ids):
        return part
    own = (asked.targets.moves, asked.targets.stages)
    kept = []
    for change in part.changes:
        if change.table in own:
            others = pc.invert(pc.is_in(change.rows["lead_id"], value_set=ids))
            change = replace(change, rows=change.rows.filter(others))
        kept.append(change)
    return replace(part, changes=kept)


def _decided(asked: Asked, session: Session, number: int) -> pa.Array:
    """The leads with a decision that is not among those that the run read: it may be stamped before the run began."""
    source, table = beside(asked.project), asked.targets.decisions
    if table not in source.tables():
        return pa.array([], pa.string())
    since = Since("decided_at", session.begun.started_at - MARGIN)
    now = Counter(_stamps(source.stream(table, _NAMES, rows=since)))
    if now and session.parts.decided:
        now -= Counter(_stamps(session.parts.leads.others(number, table).select(_NAMES).to_batches()))
    return pa.array(sorted({lead for lead, _ in now}), pa.string())


def _stamps(decisions: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, Any]]:
    """The lead and the moment of each decision that has both."""
    for batch in decisions:
        for lead, moment in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if lead is not None and moment is not None:
                yield str(lead).strip(), moment
