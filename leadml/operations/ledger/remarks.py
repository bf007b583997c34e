"""What has to be said beside a replayed score, in sentences: when it was written, if not before the moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from leadml.operations.ledger.standing import Standing
from leadml.operations.ledger.written import Writing, moment_text

__all__ = ["remarks_at", "remarks_until"]


def remarks_at(moment: datetime, stood: Standing, first: Writing, now: datetime) -> Iterator[str]:
    """What to say of the score that stood at a moment.

    Args:
        moment: that moment.
        stood: what counts then.
        first: the lead's first row in the history.
        now: the clock (UTC without a zone).
    """
    last = stood.last
    if stood.hindsight:
        yield (
            f"At {moment_text(moment)} no score of lead {first.row['lead_id']!r} had been written: the first was by "
            f"the run of {moment_text(first.began)}. A run made on {moment_text(last.began)} as of "
            f"{moment_text(last.as_of)} says:"
        )
    elif moment < (last.over or now):
        over = "" if last.over is None else f" to {moment_text(last.over)}"
        yield (
            f"The run that wrote this score was under way at {moment_text(moment)} (from {moment_text(last.began)}"
            f"{over}): until it came to this lead, {_before(stood)} stood."
        )


def remarks_until(moment: datetime, stood: Standing) -> Iterator[str]:
    """What to say of the score that another one is compared with, at a moment."""
    last = stood.last
    if stood.hindsight:
        yield (
            f"At {moment_text(moment)} nothing had been written either: it is compared with what a run made on "
            f"{moment_text(last.began)} as of {moment_text(last.as_of)} says."
        )


def _before(stood: Standing) -> str:
    if stood.before.last is stood.last:
        return "no score"
    row = stood.before.last.row
    return f"score {row['score']:g}, grade {row['grade'] or 'none'}, as of {moment_text(row['as_of'])}"
