from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from leadml.operations.queue.freshness import (
    Freshness,
    Touches,
    freshness_of,
    median_first_contact,
    touches_before,
    workable_since,
)

NOW = datetime(2024, 6, 1)  # noqa: DTZ001


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(("days", "left"), [(0, 1.0), (3.5, 0.5**0.5), (7, 0.5), (21, 0.125)])
def test_a_lead_that_waits_loses_half_its_value_in_every_half_life(days: float, left: float) -> None:
    assert freshness_of(ago(days), [], NOW).discount(7.0) == pytest.approx(left)


def test_a_contact_stops_the_clock_and_says_how_long_it_took() -> None:
    fresh = freshness_of(ago(20), [ago(30), ago(18), ago(2)], NOW)
    assert fresh == Freshness(2.0, contacted=True, first_contact=2.0)
    assert fresh.discount(7.0) == 1.0


def test_a_contact_before_the_lead_became_workable_does_not_count() -> None:
    assert freshness_of(ago(20), [ago(21)], NOW) == Freshness(20.0, contacted=False, first_contact=None)


def test_a_contact_at_the_very_moment_counts_as_at_once() -> None:
    assert freshness_of(ago(5), [ago(5)], NOW).first_contact == 0.0


def test_where_no_date_tells_nothing_is_discounted() -> None:
    assert freshness_of(None, [], NOW).discount(7.0) == 1.0
    assert freshness_of(ago(5), [], None).waiting is None


def test_a_stage_entered_after_the_moment_has_not_waited() -> None:
    assert freshness_of(NOW + timedelta(days=1), [], NOW).waiting == 0.0


def test_a_lead_waits_since_its_stage_else_its_own_last_activity_else_its_creation() -> None:
    touches = Touches({"1": [ago(9), ago(4)]}, {"1": [ago(1)]})
    assert workable_since("1", entered=ago(6), created=ago(30), touches=touches) == ago(6)
    assert workable_since("1", entered=None, created=ago(30), touches=touches) == ago(4)
    assert workable_since("2", entered=None, created=ago(30), touches=touches) == ago(30)


def test_activities_are_sorted_into_own_and_contacts_strictly_before_the_moment() -> None:
    rows = [
        ("1", ago(1), "Call "),
        ("1", ago(3), "call"),
        ("1", ago(2), "page"),
        ("1", NOW, "page"),
        ("2", NOW, "call"),
    ]
    lead, at, kind = zip(*rows, strict=True)
    activities = pa.table(
        {"lead_id": pa.array(lead), "occurred_at": pa.array(at, pa.timestamp("us")), "type": pa.array(kind)}
    )
    touches = touches_before(activities, ["1", "2"], ["CALL"], NOW)
    assert touches == Touches({"1": [ago(2)]}, {"1": [ago(3), ago(1)]})
    assert touches_before(None, ["1"], ["call"], NOW) == Touches({}, {})


def test_the_median_is_over_those_that_were_contacted() -> None:
    waiting = Freshness(99.0, contacted=False, first_contact=None)
    contacted = [Freshness(days, contacted=True, first_contact=days) for days in (1.0, 2.0, 9.0)]
    assert median_first_contact([*contacted, waiting]) == 2.0
    assert median_first_contact([waiting]) is None
