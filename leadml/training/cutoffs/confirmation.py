"""Whether what is asked would have been kept: cutoffs chosen on the older half of the weeks, seen on the newer half.

The published cutoff is chosen on all weeks, so its own figures are a little flattered. The same policy on the older
half alone gives another cutoff, whose figures on the newer half nobody had a say in.

Nearly so: outcomes of the older half's last weeks came in up to one horizon into the newer half, and accounts span
both. What a horizon's drift does is therefore seen a little late, and not all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from leadml.training.cutoffs.crossings import Period
from leadml.training.cutoffs.curve import figures_at
from leadml.training.cutoffs.cutoff import Confirmation, Cutoff, Figures
from leadml.training.cutoffs.demands import FEWEST_LEADS
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import StagePolicy
from leadml.training.cutoffs.question import Question
from leadml.training.cutoffs.words import in_words
from leadml.training.evaluation import Interval


def confirmed(cutoff: Cutoff, questions: Sequence[Question], leads: OutOfTime, seed: int) -> Cutoff:
    """The cutoff with what the same questions, asked on the older half of the weeks, came to on the newer half.

    Args:
        cutoff: as it is published; one set by hand answers no question.
        questions: those of the stages up to its own, in order.
        leads: of the cutoff's segment, with known outcomes; without weeks nothing can be confirmed.
        seed: picks the draws of the bootstrap.
    """
    halves = _halves(leads)
    if cutoff.probability is None or cutoff.binding == "manual" or cutoff.asked is None or halves is None:
        return cutoff
    older, newer = halves
    asked = in_words(cutoff.asked, leads.cost_of_working)
    place = _answered(questions, older)
    if place is None:
        return replace(cutoff, confirmation=Confirmation(asked, None, Figures(), None))
    got = _figures(newer, older, questions[-1], place, seed)
    found = Confirmation(asked, place, got, _held(cutoff.asked, got))
    why = cutoff.why if found.held is not False else f"{cutoff.why} {_not_held(found)}"
    return replace(cutoff, confirmation=found, why=why)


def _halves(leads: OutOfTime) -> tuple[OutOfTime, OutOfTime] | None:
    """The snapshots of the older half of the period, and those of the newer one, whose weeks begin where it ends."""
    whole = leads.period or Period.of(leads.order)
    if whole is None or leads.order is None:
        return None
    early = leads.order <= (whole.first + whole.last) / 2
    if early.all() or not early.any():
        return None
    last = float(leads.order[early].max())
    if last == whole.first:
        return None
    periods = Period(whole.first, last), Period(last, whole.last)
    older, newer = (
        replace(leads.take(np.flatnonzero(rows)), period=period, known_period=period)
        for rows, period in zip((early, ~early), periods, strict=True)
    )
    return older, newer


def _answered(questions: Sequence[Question], older: OutOfTime) -> float | None:
    """The cutoff that the last question gives, none lying below that of the one before."""
    place: float | None = 0.0
    for question in questions:
        if place is not None:
            place = replace(question, floor=place).answer(older).cutoff
    return place


def _figures(newer: OutOfTime, older: OutOfTime, question: Question, cutoff: float, seed: int) -> Figures:
    """What a cutoff of the older half did on the newer one: who came was new, who was missed is told of all.

    Winners that had crossed before were reached, not missed: without them recall would be told of the others alone.
    """
    came, all_there = (
        figures_at(leads, question.stage, [cutoff], seed=seed)[0]
        for leads in (_not_yet_over(newer, older, question, cutoff), newer)
    )
    return replace(came, recall=all_there.recall, missed=all_there.missed)


def _not_yet_over(newer: OutOfTime, older: OutOfTime, question: Question, cutoff: float) -> OutOfTime:
    """The newer snapshots without the leads that had crossed the cutoff before: they do not come a second time."""
    over = older.lead[older.crossings(question.stage).rows(cutoff)]
    left = newer.take(np.flatnonzero(~np.isin(newer.lead, over)))
    return replace(left, period=newer.period, known_period=newer.known_period)


def _held(asked: StagePolicy, got: Figures) -> bool | None:
    """Whether nothing asked is outside its interval; None where there are too few leads, or nothing to hold to."""
    if got.leads is None or got.leads[0] < FEWEST_LEADS:
        return None
    kept = list(_kept(asked, got))
    return all(kept) if kept else None


def _kept(asked: StagePolicy, got: Figures) -> Iterator[bool]:
    """Of each bound whether it lies within its interval. The best value, or F-beta, is no bound that could be kept."""
    least: list[tuple[float | None, Interval | None]] = [
        (asked.minimum_precision, got.precision),
        (asked.minimum_recall, got.recall),
        (asked.target_per_week, got.per_week),
    ]
    most = [(asked.per_week, got.per_week), (asked.target_per_week, got.per_week)]
    yield from (bound <= figure[2] for bound, figure in least if bound is not None and figure is not None)
    yield from (figure[1] <= bound for bound, figure in most if bound is not None and figure is not None)


def _not_held(found: Confirmation) -> str:
    got = found.got
    did = [] if got.per_week is None else [f"in the newer half {got.per_week[0]:.1f} leads a week crossed it"]
    did += [] if got.precision is None else [f"{got.precision[0]:.1%} of them converted"]
    did += [] if got.recall is None else [f"{got.recall[0]:.1%} of all that did"]
    return f"Chosen so on the older half of the weeks ({found.cutoff:.3f}), that did not hold: {', '.join(did)}."
