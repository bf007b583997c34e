"""The words of the review."""

from __future__ import annotations

from leadml.training.review.facts import days_later


def test_one_day_is_a_day() -> None:
    assert [days_later(days) for days in (0.2, 0.9, 2.0)] == ["0 days later", "1 day later", "2 days later"]
