"""What asking for a little more would give: a fifth more volume, five points more precision or recall."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from leadml.training.cutoffs.curve import figures_at
from leadml.training.cutoffs.cutoff import Cutoff, unpublished
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import StagePolicy
from leadml.training.cutoffs.question import Answer, Question

_MORE_VOLUME, _MORE_POINTS = 1.2, 0.05


def alternatives(
    leads: OutOfTime, cutoffs: Sequence[Cutoff], *, base_rate: float, seed: int = 0
) -> list[dict[str, Any]]:
    """For each published cutoff what asking for a little more would give, as JSON values.

    Each is {stage, segment, asked (in words), cutoff, per_week, precision, recall, value_per_week, why}; `cutoff` is
    None where nothing gives that. All else that was asked is asked still. Where volume or precision was no question, or
    is long reached, a fifth more than the cutoff gives, or five points more, are asked instead. SQL stays at or above
    the published MQL.

    Args:
        leads: what the cutoffs were chosen on.
        cutoffs: those published.
        base_rate: share of snapshots that convert, from training.
        seed: picks the draws of the bootstrap.
    """
    segments = list(dict.fromkeys(one.segment for one in cutoffs if one.segment is not None))
    found: list[dict[str, Any]] = []
    for cutoff in cutoffs:
        own = leads.known.of_segment(None if cutoff.segment is None else segments.index(cutoff.segment))
        found += _of_cutoff(own, cutoff, _floor(cutoff, cutoffs), base_rate, seed)
    return found


def _floor(cutoff: Cutoff, cutoffs: Sequence[Cutoff]) -> float:
    if cutoff.stage == "MQL":
        return 0.0
    return next(one.probability or 0.0 for one in cutoffs if one.stage == "MQL" and one.segment == cutoff.segment)


def _of_cutoff(leads: OutOfTime, cutoff: Cutoff, floor: float, base_rate: float, seed: int) -> Iterator[dict[str, Any]]:
    asked = list(_a_little_more(cutoff))
    questions = [Question(cutoff.stage, one, base_rate, floor, cutoff.segment) for _, one in asked]
    answers = [question.answer(leads) for question in questions]
    places = [answer.cutoff for answer in answers if answer.cutoff is not None]
    figures = iter(figures_at(leads, cutoff.stage, places, seed=seed))
    for (words, _), question, answer in zip(asked, questions, answers, strict=True):
        other = _none(question, answer)
        if answer.cutoff is not None:
            other = question.cutoff(answer, next(figures), leads.cost_of_working)
        yield {
            "stage": other.stage,
            "segment": other.segment,
            "asked": words,
            "cutoff": other.probability,
            **other.figures.to_dict(),
            "why": other.why,
        }


def _none(question: Question, answer: Answer) -> Cutoff:
    return unpublished(question.stage, f"There is none: {answer.why}.", question.segment)


def _a_little_more(cutoff: Cutoff) -> Iterator[tuple[str, StagePolicy]]:
    """In words, and as a policy; nothing where no cutoff is published."""
    asked = cutoff.asked
    if cutoff.probability is None or asked is None:
        return
    goal = asked.expected_value or asked.probability is not None or asked.f_beta is not None
    if asked.target_per_week is not None:
        volume = asked.target_per_week * _MORE_VOLUME
        yield f"target {volume:g} a week (+20 %)", replace(asked, target_per_week=volume)
    elif asked.per_week is not None:
        volume = asked.per_week * _MORE_VOLUME
        yield f"capacity {volume:g} a week (+20 %)", replace(asked, per_week=volume)
    elif cutoff.per_week is not None:
        volume = round(cutoff.per_week[0] * _MORE_VOLUME, 1)
        yield f"capacity {volume:g} a week (+20 % of what there is)", StagePolicy(per_week=volume)
    yield from _more_precision(cutoff, asked, goal or asked.target_per_week is not None)
    if asked.minimum_recall is not None and asked.minimum_recall + _MORE_POINTS <= 1:
        share = round(asked.minimum_recall + _MORE_POINTS, 6)
        yield f"recall {share:.1%} (+5 points)", replace(asked, minimum_recall=share)


def _more_precision(cutoff: Cutoff, asked: StagePolicy, goal: bool) -> Iterator[tuple[str, StagePolicy]]:
    share, of_what = asked.minimum_precision, ""
    if cutoff.precision is not None and (share is None or cutoff.precision[0] >= share + _MORE_POINTS):
        share, of_what = cutoff.precision[0], " on what there is"  # what was asked has long been reached
    if share is None or share + _MORE_POINTS > 1:
        return
    share = round(share + _MORE_POINTS, 6)
    words = f"precision {share:.1%} (+5 points{of_what})"
    yield words, StagePolicy(minimum_precision=share) if goal and of_what else replace(asked, minimum_precision=share)
