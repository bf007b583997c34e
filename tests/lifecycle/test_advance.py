"""The lifecycle: walks worked by hand, and laws that hold for any walk."""

from __future__ import annotations

import datetime as dt
import random
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.lifecycle import DECISIONS, STAGES, Advance, Lifecycle, advance, load_lifecycle, read_lifecycle
from leadml.lifecycle.walk import STATES

SHIPPED = load_lifecycle()
CUTOFFS = {"MQL": 0.3, "SQL": 0.6}
START = dt.datetime(2026, 3, 2, 9)  # noqa: DTZ001 - leadml's times are naive UTC
TIME = pa.timestamp("us")
DECIDED = pa.schema(
    [
        ("lead_id", pa.string()),
        ("decision", pa.string()),
        ("reason", pa.string()),
        ("decided_by", pa.string()),
        ("decided_at", TIME),
    ]
)
ENDED = pa.schema([("lead_id", pa.string()), ("outcome", pa.string()), ("closed_at", TIME)])
DONE = pa.schema([("lead_id", pa.string()), ("type", pa.string()), ("occurred_at", TIME)])


def day(number: float) -> dt.datetime:
    return START + dt.timedelta(days=number)


def raw(*leads: str) -> pa.Table:
    never_moved = [dict.fromkeys(STATES.names) | {"lead_id": lead, "stage": "raw"} for lead in leads]
    return pa.Table.from_pylist(never_moved, STATES)


def scores(**probability: float) -> pa.Table:
    """Score rows of leads; the recommended stage is that of the cutoffs."""
    stages = ["SQL" if p >= CUTOFFS["SQL"] else "MQL" if p >= CUTOFFS["MQL"] else "raw" for p in probability.values()]
    return pa.table({"lead_id": list(probability), "probability": list(probability.values()), "stage": stages})


def decisions(*rows: tuple[str, str, float]) -> pa.Table:
    cells = [dict(zip(DECIDED.names, (lead, what, "why", "Ann", day(when)), strict=True)) for lead, what, when in rows]
    return pa.Table.from_pylist(cells, DECIDED)


def outcomes(*rows: tuple[str, str, float | None]) -> pa.Table:
    cells = [(lead, what, None if when is None else day(when)) for lead, what, when in rows]
    return pa.Table.from_pylist([dict(zip(ENDED.names, row, strict=True)) for row in cells], ENDED)


def activities(*rows: tuple[str, str, float]) -> pa.Table:
    cells = [(lead, what, day(when)) for lead, what, when in rows]
    return pa.Table.from_pylist([dict(zip(DONE.names, row, strict=True)) for row in cells], DONE)


def step(states: pa.Table, when: float, **happened: Any) -> Advance:
    return advance(SHIPPED, states, moment=day(when), cutoffs={None: CUTOFFS}, **happened)


def moves(advanced: Advance) -> list[tuple[str, str, str, str]]:
    rows = advanced.transitions.to_pylist()
    return [(row["lead_id"], row["from_stage"], row["to_stage"], row["by"]) for row in rows]


def stage(advanced: Advance, lead: str = "a") -> str:
    return {row["lead_id"]: row["stage"] for row in advanced.states.to_pylist()}[lead]


def asked(advanced: Advance) -> dict[str, str]:
    return {row["lead_id"]: row["proposal"] for row in advanced.proposals.to_pylist()}


def test_a_lead_goes_from_raw_to_won() -> None:
    now = step(raw("a"), 0, scores=scores(a=0.31))
    assert moves(now) == [("a", "raw", "MQL", "score")]
    assert asked(now) == {"a": "accept or reject"}
    taken = decisions(("a", "accept", 1))
    now = step(now.states, 1, scores=scores(a=0.5), decisions=taken)
    assert moves(now) == [("a", "MQL", "SAL", "person")]
    assert asked(now) == {}
    now = step(now.states, 2, scores=scores(a=0.61), decisions=taken)
    assert moves(now) == [("a", "SAL", "SQL", "score")]
    assert asked(now) == {"a": "opportunity"}
    taken = decisions(("a", "accept", 1), ("a", "opportunity", 2.5))
    now = step(now.states, 3, scores=scores(a=0.61), decisions=taken)
    assert moves(now) == [("a", "SQL", "opportunity", "person")]
    now = step(now.states, 40, decisions=taken, outcomes=outcomes(("a", "won", 39)))
    assert now.transitions.to_pylist()[0] == {
        "lead_id": "a",
        "from_stage": "opportunity",
        "to_stage": "won",
        "by": "outcome",
        "reason": "won: as the lead table says",
        "at": day(39),
        "probability": None,
    }


def test_what_is_decided_of_one_lead_moves_no_other_leads_clock() -> None:
    high = scores(a=0.9, b=0.9)
    rejected = step(step(raw("a", "b"), 0, scores=high).states, 1, decisions=decisions(("a", "reject", 1)))
    both = decisions(("a", "reject", 1), ("b", "accept", 100))
    later = step(rejected.states, 100, as_of=day(5), scores=high, decisions=both)
    assert moves(later) == [("b", "MQL", "SAL", "person"), ("b", "SAL", "SQL", "score")]
    again = step(later.states, 100, as_of=day(31), scores=high, decisions=both)
    assert [(row["lead_id"], row["to_stage"], row["at"]) for row in again.transitions.to_pylist()] == [
        ("a", "MQL", day(31))
    ]


def test_what_a_move_says_of_itself() -> None:
    now = step(raw("a"), 2, scores=scores(a=0.7), decisions=decisions(("a", "disqualify", 1)))
    (row,) = now.transitions.to_pylist()
    assert (row["reason"], row["at"], row["probability"]) == ("disqualify by Ann: why", day(1), 0.7)
    (row,) = step(raw("a"), 2, scores=scores(a=0.7)).transitions.to_pylist()
    assert (row["reason"], row["at"]) == ("probability 0.700 is past the MQL cutoff", day(2))


def test_a_score_past_the_sql_cutoff_makes_no_sql_without_a_person() -> None:
    now = step(raw("a"), 0, scores=scores(a=0.99))
    assert stage(now) == "MQL"
    assert stage(step(now.states, 100, scores=scores(a=0.99))) == "MQL"
    assert stage(step(now.states, 1, scores=scores(a=0.99), decisions=decisions(("a", "accept", 1)))) == "SQL"


def test_acceptance_makes_no_sql_without_the_score() -> None:
    taken = decisions(("a", "accept", 1))
    now = step(step(raw("a"), 0, scores=scores(a=0.4)).states, 1, scores=scores(a=0.59), decisions=taken)
    assert stage(now) == "SAL"


def test_an_mql_goes_back_only_below_its_share_of_the_cutoff_and_after_its_stay() -> None:
    mql = step(raw("a"), 0, scores=scores(a=0.3)).states
    assert moves(step(mql, 8, scores=scores(a=0.25))) == []  # 0.8 x 0.3 = 0.24
    assert moves(step(mql, 6.9, scores=scores(a=0.1))) == []
    back = step(mql, 7, scores=scores(a=0.23))
    assert moves(back) == [("a", "MQL", "raw", "score")]
    assert moves(step(back.states, 13.9, scores=scores(a=0.9))) == []
    assert moves(step(back.states, 14, scores=scores(a=0.9))) == [("a", "raw", "MQL", "score")]


def test_a_stage_that_a_person_gave_is_not_taken_back_by_a_score() -> None:
    sal = step(raw("a"), 0, scores=scores(a=0.4)).states
    sal = step(sal, 1, scores=scores(a=0.4), decisions=decisions(("a", "accept", 1))).states
    assert moves(step(sal, 90, scores=scores(a=0.01))) == []


def test_what_sales_reject_rests_for_a_month() -> None:
    mql = step(raw("a"), 0, scores=scores(a=0.4)).states
    rested = step(mql, 1, scores=scores(a=0.4), decisions=decisions(("a", "reject", 1)))
    assert stage(rested) == "recycled"
    assert moves(step(rested.states, 30, scores=scores(a=0.9))) == []
    assert moves(step(rested.states, 31, scores=scores(a=0.9))) == [("a", "recycled", "MQL", "score")]


def test_a_disqualified_lead_is_proposed_for_recycling_once_its_score_rises_and_never_moved() -> None:
    given_up = decisions(("a", "disqualify", 1), ("b", "disqualify", 1))
    gone = step(raw("a", "b"), 1, scores=scores(a=0.4, b=0.1), decisions=given_up).states
    assert asked(step(gone, 30, scores=scores(a=0.9, b=0.9))) == {}  # not yet a month
    assert asked(step(gone, 31, scores=scores(a=0.59, b=0.29))) == {}  # below 1.5 x 0.4; below the MQL cutoff
    risen = step(gone, 31, scores=scores(a=0.61, b=0.31))
    assert asked(risen) == {"a": "recycle", "b": "recycle"}
    assert moves(risen) == []
    assert risen.proposals.to_pylist()[0]["reason"] == "probability 0.610, 0.400 when it came into its stage"
    assert stage(step(gone, 32, decisions=decisions(("a", "recycle", 32)))) == "recycled"


def test_using_the_product_makes_a_pql_and_an_old_trial_counts_once() -> None:
    tried = activities(("a", "Trial_Use", -40), ("b", "trial_use", -2), ("c", "page_view", -1))
    now = step(raw("a", "b", "c"), 0, activities=tried)
    assert moves(now) == [("b", "raw", "PQL", "product")]
    assert now.transitions["reason"].to_pylist() == ["1 times trial or trial_start or trial_use or product_use"]
    rejected = step(now.states, 2, activities=tried, decisions=decisions(("b", "reject", 1)))
    assert stage(rejected, "b") == "recycled"
    again = activities(("b", "trial_use", -2), ("b", "trial_use", 3))
    assert moves(step(rejected.states, 4, activities=again)) == [("b", "recycled", "PQL", "product")]


def test_a_gate_that_stops_a_lead_stops_what_needs_no_gate() -> None:
    stopped = scores(a=0.2, b=0.2).append_column("stopped_by", pa.array([["competitor"], []], pa.list_(pa.string())))
    tried = activities(("a", "trial", 0), ("b", "trial", 0))
    assert moves(step(raw("a", "b"), 1, activities=tried, scores=stopped)) == [("b", "raw", "PQL", "product")]


def test_gates_are_named_where_a_person_is_asked() -> None:
    stopped = scores(a=0.4).append_column("stopped_by", pa.array([["no budget", "too small"]]))
    (row,) = step(raw("a"), 1, scores=stopped).proposals.to_pylist()
    assert row["reason"] == "probability 0.400; stopped by no budget, too small"


def test_an_outcome_is_made_once_and_a_person_may_bring_the_lead_back() -> None:
    lost = outcomes(("a", "lost", 1))
    gone = step(raw("a"), 2, outcomes=lost)
    back = step(gone.states, 40, outcomes=lost, decisions=decisions(("a", "recycle", 39)))
    assert moves(back) == [("a", "lost", "recycled", "person")]
    assert moves(step(back.states, 41, outcomes=lost)) == []
    assert moves(step(back.states, 90, outcomes=outcomes(("a", "lost", 80)))) == [("a", "recycled", "lost", "outcome")]
    assert moves(step(back.states, 90, outcomes=outcomes(("a", "won", 80)))) == [("a", "recycled", "won", "outcome")]


def test_an_outcome_without_a_date_does_not_undo_a_persons_recycling() -> None:
    lost = outcomes(("a", "lost", None))
    gone = step(raw("a"), 2, outcomes=lost)
    back = step(gone.states, 40, outcomes=lost, decisions=decisions(("a", "recycle", 39)))
    assert stage(back) == "recycled"
    assert moves(step(back.states, 41, outcomes=lost)) == []


def test_years_of_decisions_and_outcomes_are_replayed_in_the_order_of_time() -> None:
    taken = decisions(("a", "recycle", 30), ("a", "disqualify", 60), ("a", "recycle", 50))
    now = step(raw("a"), 100, decisions=taken, outcomes=outcomes(("a", "lost", 10)))
    assert [(row["to_stage"], row["at"]) for row in now.transitions.to_pylist()] == [
        ("lost", day(10)),
        ("recycled", day(30)),
        ("disqualified", day(60)),
    ]
    assert now.unheeded.to_pylist() == [
        {
            "lead_id": "a",
            "decision": "recycle",
            "decided_at": day(50),
            "reason": "not allowed: a lead in stage recycled can be disqualified",
        }
    ]


def test_what_has_not_happened_yet_does_not_count() -> None:
    ahead = {
        "decisions": decisions(("a", "disqualify", 2)),
        "outcomes": outcomes(("b", "won", 2)),
        "activities": activities(("c", "trial", 2)),
    }
    assert moves(step(raw("a", "b", "c"), 1, **ahead)) == []
    assert len(moves(step(raw("a", "b", "c"), 2, **ahead))) == 3


def test_a_moment_before_a_leads_last_move_changes_nothing() -> None:
    now = step(raw("a"), 10, scores=scores(a=0.4)).states
    earlier = step(now, 5, scores=scores(a=0.1), decisions=decisions(("a", "disqualify", 4)))
    assert earlier.states.equals(now)
    assert moves(earlier) == []


def test_a_decision_made_before_the_lead_came_into_its_stage_has_no_effect() -> None:
    mql = step(raw("a"), 10, scores=scores(a=0.4)).states
    assert stage(step(mql, 11, decisions=decisions(("a", "accept", 9)))) == "MQL"


def test_one_step_is_one_stair_for_a_score_a_decision_and_the_product() -> None:
    up = {"scores": scores(a=0.9, b=0.1), "decisions": decisions(("b", "accept", 1))}
    now = advance(STAIRS, raw("a", "b"), moment=day(1), cutoffs={None: CUTOFFS}, **up)
    assert moves(now) == [("b", "raw", "recycled", "person"), ("a", "raw", "MQL", "score")]
    now = advance(STAIRS, now.states, moment=day(2), cutoffs={None: CUTOFFS}, **up)
    assert moves(now) == [("a", "MQL", "PQL", "score")]


def test_decisions_of_one_moment_are_taken_in_a_fixed_order() -> None:
    mql = step(raw("a"), 0, scores=scores(a=0.4)).states
    taken = [("a", "opportunity", 1.0), ("a", "accept", 1.0), ("a", "accept", 1.0)]
    assert moves(step(mql, 2, decisions=decisions(*taken))) == [
        ("a", "MQL", "SAL", "person"),
        ("a", "SAL", "opportunity", "person"),
    ]


def test_without_published_cutoffs_no_score_moves_anyone() -> None:
    unknown = pa.table({"lead_id": ["a"], "probability": [0.9], "stage": pa.array([None], pa.string())})
    assert moves(advance(SHIPPED, raw("a"), moment=day(0), scores=unknown)) == []


def test_leads_that_are_not_there_are_passed_over() -> None:
    happened = {
        "scores": scores(x=0.9),
        "decisions": decisions(("x", "disqualify", 0)),
        "outcomes": outcomes(("x", "won", 0)),
        "activities": activities(("x", "trial", 0)),
    }
    now = step(raw("a"), 1, **happened)
    assert now.states["stage"].to_pylist() == ["raw"]
    assert moves(now) == []


# --- laws ---

LEADS = ("a", "b", "c")
chance = st.sampled_from([0.01, 0.2, 0.239, 0.24, 0.29, 0.3, 0.41, 0.42, 0.59, 0.6, 0.9])
when = st.integers(0, 60)
lead = st.sampled_from(LEADS)
worlds = st.fixed_dictionaries(
    {
        "scores": st.fixed_dictionaries(dict.fromkeys(LEADS, chance)).map(lambda rows: scores(**rows)),
        "decisions": st.lists(st.tuples(lead, st.sampled_from(DECISIONS), when), max_size=8).map(
            lambda rows: decisions(*rows)
        ),
        "outcomes": st.lists(
            st.tuples(lead, st.sampled_from(["won", "lost"]), st.none() | when),
            max_size=3,
            unique_by=lambda row: row[0],
        ).map(lambda rows: outcomes(*rows)),
        "activities": st.lists(st.tuples(lead, st.sampled_from(["trial", "visit"]), when), max_size=4).map(
            lambda rows: activities(*rows)
        ),
    }
)  # fmt: skip


# One decision, score or activity could carry a lead through all of it at once.
STAIRS = read_lifecycle(
    'name = "Stairs"\n'
    + "".join(
        f'[[transition]]\nfrom = ["{source}"]\nto = "{to}"\n{how}\n'
        for source, to, how in [
            ("raw", "MQL", 'by = "score"\ncutoff = "MQL"\nhysteresis = 1'),
            ("MQL", "PQL", 'by = "score"\ncutoff = "MQL"'),
            ("raw", "recycled", 'by = "person"\ndecision = "accept"'),
            ("recycled", "SAL", 'by = "person"\ndecision = "accept"'),
            ("PQL", "SAL", 'by = "product"\nactivities = ["trial"]'),
            ("SAL", "opportunity", 'by = "product"\nactivities = ["trial"]'),
        ]
    ),
    "stairs.toml",
)


@given(st.sampled_from([SHIPPED, STAIRS]), st.lists(st.tuples(worlds, st.integers(0, 40)), min_size=1, max_size=4))
@settings(max_examples=60)
def test_doing_it_twice_changes_nothing(lifecycle: Lifecycle, history: list[tuple[dict[str, pa.Table], int]]) -> None:
    states, now = raw(*LEADS), 0
    for world, later in history:
        now += later
        once = advance(lifecycle, states, moment=day(now), cutoffs={None: CUTOFFS}, **world)
        twice = advance(lifecycle, once.states, moment=day(now), cutoffs={None: CUTOFFS}, **world)
        assert moves(twice) == []
        assert twice.states.equals(once.states)
        assert twice.proposals.equals(once.proposals)
        states = once.states


def test_a_close_date_that_is_mended_up_to_the_recycling_closes_the_lead_no_second_time() -> None:
    states = advance(SHIPPED, raw(*LEADS), moment=day(1), outcomes=outcomes(("c", "lost", 0))).states
    world = {"outcomes": outcomes(("c", "lost", 1)), "decisions": decisions(("c", "recycle", 1))}
    once = advance(SHIPPED, states, moment=day(1), **world)
    assert moves(once) == [("c", "lost", "recycled", "person")]
    assert moves(advance(SHIPPED, once.states, moment=day(1), **world)) == []
    again = advance(SHIPPED, once.states, moment=day(9), outcomes=outcomes(("c", "lost", 5)))
    assert moves(again) == [("c", "recycled", "lost", "outcome")]


@given(worlds, st.integers(0, 80), st.randoms())
@settings(max_examples=40)
def test_the_order_of_rows_does_not_matter(world: dict[str, pa.Table], now: int, chaos: random.Random) -> None:
    def shuffled(table: pa.Table) -> pa.Table:
        return table.take(pa.array(chaos.sample(range(len(table)), len(table)), pa.int64()))

    once = step(raw(*LEADS), now, **world)
    again = step(shuffled(raw(*LEADS)), now, **{name: shuffled(table) for name, table in world.items()})
    assert again == once


@given(worlds, st.integers(0, 80))
@settings(max_examples=40)
def test_moves_chain_in_the_order_of_time_and_end_where_the_lead_is(world: dict[str, pa.Table], now: int) -> None:
    advanced = step(raw(*LEADS), now, **world)
    here, since = dict.fromkeys(LEADS, "raw"), dict.fromkeys(LEADS, day(-1))
    for row in advanced.transitions.to_pylist():
        assert row["from_stage"] == here[row["lead_id"]]
        assert since[row["lead_id"]] <= row["at"] <= day(now)
        here[row["lead_id"]], since[row["lead_id"]] = row["to_stage"], row["at"]
    assert {row["lead_id"]: row["stage"] for row in advanced.states.to_pylist()} == here


@given(worlds, st.integers(0, 80))
@settings(max_examples=40)
def test_no_lead_is_an_sql_without_acceptance_and_none_leaves_disqualified_by_itself(
    world: dict[str, pa.Table], now: int
) -> None:
    for row in step(raw(*LEADS), now, **world).transitions.to_pylist():
        if row["to_stage"] == "SQL":
            assert (row["lead_id"], "accept") in {
                (taken["lead_id"], taken["decision"]) for taken in world["decisions"].to_pylist()
            }
            assert row["probability"] >= CUTOFFS["SQL"]
        if row["from_stage"] == "disqualified":
            assert row["by"] in ("person", "outcome")


@given(
    st.lists(st.tuples(st.floats(0.1, 5), st.floats(0.15, 0.45)), min_size=2, max_size=40),
    st.sampled_from([0.5, 0.8, 1.0]),
    st.sampled_from([1, 7]),
)
@settings(max_examples=60)
def test_a_score_that_wanders_about_the_cutoff_moves_a_lead_at_most_once_per_minimum_stay(
    wandering: list[tuple[float, float]], hysteresis: float, stay: int
) -> None:
    lifecycle = read_lifecycle(
        f'name = "Flap"\n[[transition]]\nfrom = ["raw"]\nto = "MQL"\nby = "score"\ncutoff = "MQL"\n'
        f"hysteresis = {hysteresis}\nminimum_stay_days = {stay}",
        "life.toml",
    )
    states, now, moved = raw("a"), 0.0, []
    for pause, probability in wandering:
        now += pause
        advanced = advance(lifecycle, states, moment=day(now), scores=scores(a=probability), cutoffs={None: CUTOFFS})
        for row in advanced.transitions.to_pylist():
            moved.append(row["at"])
            if row["to_stage"] == "raw":
                assert probability < hysteresis * CUTOFFS["MQL"]
        states = advanced.states
    assert all(later - earlier >= dt.timedelta(days=stay) for earlier, later in pairwise(moved))


def test_a_lead_goes_back_by_the_cutoff_of_its_own_segment() -> None:
    of_segments = {None: CUTOFFS, "north": {"MQL": 0.8}, "south": {}}
    first = scores(plain=0.9, north=0.9, south=0.9, gone=0.9)
    now = advance(SHIPPED, raw("plain", "north", "south", "gone"), moment=day(1), scores=first, cutoffs=of_segments)
    later = scores(plain=0.35, north=0.35, south=0.0, gone=0.35)
    later = later.append_column("segment", pa.array([None, "north", "south", "no longer there"]))
    then = advance(SHIPPED, now.states, moment=day(60), scores=later, cutoffs=of_segments)
    (back,) = [row for row in then.transitions.to_pylist() if "fell below" in row["reason"]]
    assert back["lead_id"] == "north"
    hysteresis = next(way.hysteresis for way in SHIPPED.made_by("score") if way.cutoff == "MQL")
    assert f"fell below {0.8 * hysteresis:.3f}" in back["reason"]


def test_states_that_come_back_from_a_table_are_the_states_that_were_left() -> None:
    now = step(raw("a", "b"), 1, scores=scores(a=0.4, b=0.1))
    assert now.states.schema == STATES
    assert set(now.states["stage"].to_pylist()) <= set(STAGES)


@pytest.mark.parametrize("leads", [100_000])
def test_a_hundred_thousand_leads_take_seconds(leads: int) -> None:
    import time

    ids = [f"L{number:06d}" for number in range(leads)]
    chances = [number % 100 / 100 for number in range(leads)]
    begin = time.process_time()
    now = step(raw(*ids), 1, scores=scores(**dict(zip(ids, chances, strict=True))))
    assert len(now.transitions) == 70_000
    assert time.process_time() - begin < 10
