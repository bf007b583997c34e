"""How a run begins: what must be known of all leads before the first of them is scored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.features import leads_at
from leadml.operations.accounts import asks_for_roles, roles_seen
from leadml.operations.ledger.seen import seen_by
from leadml.operations.published import beside
from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.changed import Scope, roles_before
from leadml.operations.scoring.keeping import Beginning
from leadml.operations.scoring.reading import RunParts
from leadml.operations.scoring.runs import Closed
from leadml.operations.scoring.scores import right_after


def begun(
    asked: Asked, parts: RunParts, scope: Scope, run_id: str, now: datetime, rows: Mapping[str, int]
) -> Beginning:
    """Find out what holds for every part of a run.

    Args:
        asked: what is asked.
        parts: the leads that are looked at.
        scope: which these are.
        run_id: what the run is called.
        now: the clock, before anything was read (UTC without a zone).
        rows: what `rows_now` gave before anything was read.

    Raises:
        SourceError: no lead was open at the moment, or a table holds what leadml did not write.
    """
    as_of = _as_of(asked, parts, scope)
    closed = _closed(asked, parts, scope)
    if as_of is not None and scope.whole and not _anyone(asked, parts, as_of, open_only=closed == "left out"):
        raise SourceError(
            f"{asked.project.source.where}: no lead was open at {as_of:%Y-%m-%d %H:%M}. "
            "Choose another --as-of, or --leads all."
        )
    return Beginning(
        run_id=run_id,
        question=asked.identity,
        which=asked.which,
        closed=closed,
        started_at=now,
        as_of=as_of,
        moment=as_of if as_of is not None and asked.as_of is not None else _moment(parts, as_of, now),
        roles=needed(asked, parts, as_of) if scope.whole else roles_before(asked),
        why=[*scope.why, *_past(asked)],
        seen=seen_by(asked.project, rows, as_of=as_of, newest=parts.leads.newest),
        scores=rows_of_scores(asked),
    )


def _past(asked: Asked) -> list[str]:
    """What scoring as of a stated moment means for whoever reads the scores."""
    if asked.as_of is None:
        return []
    moment = f"{asked.as_of:%Y-%m-%d %H:%M}"
    return [
        f"Scores, work list and accounts speak as of {moment} until leads are scored without --as-of again. "
        "Stages that these scores move stay moved."
    ]


def rows_of_scores(asked: Asked) -> int:
    """How many score rows there are."""
    place = beside(asked.project)
    return place.count(asked.targets.scores) if asked.targets.scores in place.tables() else 0


def _as_of(asked: Asked, parts: RunParts, scope: Scope) -> datetime | None:
    if not scope.whole:
        return scope.moment
    if not asked.plan.calendar or parts.leads.newest is None:
        return None
    return asked.as_of or right_after(parts.leads.newest)


def _closed(asked: Asked, parts: RunParts, scope: Scope) -> Closed:
    if asked.which == "all" or (scope.last is not None and scope.last.closed == "asked for"):
        return "asked for"
    return "left out" if parts.leads.any_open or not scope.whole else "none is open"


def _anyone(asked: Asked, parts: RunParts, as_of: datetime, *, open_only: bool) -> bool:
    numbers = range(parts.count)
    return any(leads_at(parts.read(number), as_of, plan=asked.plan, open_only=open_only) for number in numbers)


def _moment(parts: RunParts, as_of: datetime | None, now: datetime) -> datetime:
    """Up to when decisions count: what people decided is on record too, so up to the newest, but not in the future."""
    if as_of is None:
        return now
    return min(now, max([as_of, *_newest(parts, now)]))


def _newest(parts: RunParts, now: datetime) -> Iterator[datetime]:
    """The newest move and the newest decision of each part."""
    for number in range(parts.count):
        moves = parts.moves(number)
        times = [moves["at"]]
        if parts.decided:
            ids = pa.chunked_array([*parts.read(number).leads["lead_id"].chunks, *moves["lead_id"].chunks], pa.string())
            decisions = parts.decisions(number, ids, now)
            times += [decisions.table["decided_at"]] if decisions is not None else []
        yield from (newest for newest in (pc.max(column).as_py() for column in times) if newest is not None)


def new_roles(asked: Asked, parts: RunParts, scope: Scope) -> bool:
    """Whether the accounts that are looked at bring a role that no account was known to need: all need it then."""
    if not asks_for_roles(asked.project, asked.plan):
        return False
    known = {role.strip().casefold() for role in roles_before(asked)}
    return any(role.strip().casefold() not in known for role in needed(asked, parts, scope.moment))


def needed(asked: Asked, parts: RunParts, as_of: datetime | None) -> list[str]:
    """The roles that a purchase needs: those stated, else every one that a contact is seen to have."""
    if not asks_for_roles(asked.project, asked.plan):
        return list(asked.project.settings.accounts.roles)
    seen: set[str] = set()
    for number in range(parts.count):
        seen |= roles_seen(parts.read(number), asked.plan, as_of)
    return sorted(seen)


def utc_now() -> datetime:
    """Now, in UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
