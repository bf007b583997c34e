"""What has to be said beside a replayed score, in sentences: when it was written, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from leadml.operations.ledger.standing import Standing
from leadml.operations.ledger.written import Writing, moment_text

__all__ = ["remarks_at", "remarks_since", "remarks_until"]


def remarks_at(moment: datetime, stood: Standing, first: Writing, now: datetime) -> Iterator[str]:
    """What to say of the score that stood at a moment.

    Args:
        moment: that moment.
        stood: what counts then.
        first: the lead's first score in the history.
        now: the clock (UTC without a zone).
    """
    newest, lead = stood.newest, f"lead {first.row['lead_id']!r}"
    if stood.hindsight:
        yield (
            f"At {moment_text(moment)} no score of {lead} had been written: the first was by the run of "
            f"{moment_text(first.began)}. {_hindsight(stood)}"
        )
        return
    if not newest.scored:
        yield f"At {moment_text(moment)} {lead} had no score any more. What follows is its last one before."
    if moment < (newest.over or now):
        did = "wrote this score" if newest.scored else "took it out of the scores"
        over = "" if newest.over is None else f" to {moment_text(newest.over)}"
        yield (
            f"The run that {did} was under way at {moment_text(moment)} (from {moment_text(newest.began)}{over}): "
            f"until it came to this lead, {_before(stood)} stood."
        )


def remarks_until(moment: datetime, stood: Standing) -> Iterator[str]:
    """What to say of the score that another one is compared with, at a moment."""
    last = stood.last
    if stood.hindsight:
        yield (
            f"At {moment_text(moment)} nothing had been written either: it is compared with what a run made on "
            f"{moment_text(last.began)} as of {moment_text(last.as_of)} says."
        )


def remarks_since(then: Writing, compared: Standing) -> Iterator[str]:
    """When the lead was taken out of the scores after a score, and whether it came back, by a moment.

    Args:
        then: the score.
        compared: what counts at that moment.
    """
    after = compared.after(then)
    for place, one in enumerate(after):
        if not one.scored:
            back = next((other for other in after[place:] if other.scored), None)
            yield (
                f"The run of {moment_text(one.began)}, as of {moment_text(one.as_of)}, took lead "
                f"{one.row['lead_id']!r} out of the scores: as of then it was closed, gone or not there yet. "
                + (
                    f"The run of {moment_text(back.began)} scored it again."
                    if back
                    else "It had no score from then on."
                )
            )


def _hindsight(stood: Standing) -> str:
    newest, last = stood.newest, stood.last
    made = f"made on {moment_text(last.began)} as of {moment_text(last.as_of)}"
    if newest is last:
        return f"A run {made} says:"
    since = f"A run made on {moment_text(newest.began)} as of {moment_text(newest.as_of)}"
    return f"{since} gives it none any more; one {made} says:"


def _before(stood: Standing) -> str:
    earlier = stood.writings[-2] if len(stood.writings) > 1 else None
    if earlier is None or not earlier.scored:
        return "no score"
    row = earlier.row
    return f"score {row['score']:g}, grade {row['grade'] or 'none'}, as of {moment_text(earlier.as_of)}"
