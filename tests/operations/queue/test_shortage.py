from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.operations.queue.shortage import SHORTAGES, STEPS, journey_step, shortage

GROUPS = ("fit", "engagement", "intent", "answer")


def row(fit: float = 1, engagement: float = 1, intent: float = 1, answer: float = 1) -> dict[str, float]:
    return {"fit": fit, "engagement": engagement, "intent": intent, "answer": answer}


@pytest.mark.parametrize(
    ("lead", "short_of"),
    [
        (row(fit=-1, engagement=-1), "neither fit nor engagement"),
        (row(fit=-1), "engagement without fit"),
        (row(engagement=0), "fit without engagement"),
        (row(engagement=-1, intent=-1), "fit without engagement"),
        (row(intent=-0.1), "engagement without intent"),
        (row(answer=0), "answers"),
        (row(), "nothing: just below the cutoff"),
    ],
)
def test_a_lead_is_short_of_the_first_thing_that_does_not_speak_for_it(lead: dict[str, float], short_of: str) -> None:
    assert shortage(lead, GROUPS) == short_of


def test_a_lead_is_not_short_of_what_the_scorer_knows_nothing_of() -> None:
    assert shortage(row(intent=0, answer=0), ("fit", "engagement")) == "nothing: just below the cutoff"


@pytest.mark.parametrize(
    ("lead", "judged", "short_of"),
    [
        (row(fit=-1, engagement=0), ("fit", "answer"), "fit"),
        (row(fit=0, engagement=-1), ("engagement",), "engagement"),
        (row(engagement=0, intent=-1), ("fit", "intent"), "intent"),
    ],
)
def test_a_lead_is_not_said_to_have_what_the_scorer_knows_nothing_of(
    lead: dict[str, float], judged: tuple[str, ...], short_of: str
) -> None:
    assert shortage(lead, judged) == short_of


SUBTOTAL = st.floats(-3, 3)


@given(st.builds(row, SUBTOTAL, SUBTOTAL, SUBTOTAL, SUBTOTAL), st.sets(st.sampled_from(GROUPS)))
def test_every_lead_has_a_shortage_and_a_step(lead: dict[str, float], judged: set[str]) -> None:
    assert shortage(lead, judged) in SHORTAGES
    assert journey_step(lead, None) in STEPS[:4]


@pytest.mark.parametrize(
    ("lead", "stage", "step"),
    [
        (row(engagement=0, intent=0, answer=-1), "raw", "unknown"),
        (row(intent=0, answer=-1), None, "awareness"),
        (row(engagement=-1, intent=1, answer=-1), "raw", "consideration"),
        (row(intent=-1, answer=1), "recycled", "consideration"),
        (row(intent=-1, answer=-1), "SAL", "consideration"),
        (row(), "raw", "decision"),
        (row(intent=-1, answer=-1), "sql", "decision"),
        (row(intent=-1, answer=-1), "opportunity", "purchase"),
        (row(), "won", "purchase"),
    ],
)
def test_the_step_of_the_journey_follows_from_subtotals_and_stage(
    lead: dict[str, float], stage: str | None, step: str
) -> None:
    assert journey_step(lead, stage) == step
