"""What a time limit promises."""

from __future__ import annotations

import pytest

from leadml.training.clock import Clock


def test_without_a_limit_nothing_is_ever_late() -> None:
    clock = Clock()
    assert not clock.late(0.0, "everything")()
    assert clock.cuts == ()


def test_what_is_late_is_noted_once_and_only_if_it_was_asked() -> None:
    clock = Clock(limit=1e-9)
    growing, unasked = clock.late(0.5, "growing stopped"), clock.late(0.5, "never asked")
    assert growing()
    assert growing()
    assert unasked is not growing
    assert clock.cuts == ("growing stopped",)


def test_nothing_is_late_before_its_share_of_the_limit_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 0.0
    monkeypatch.setattr("leadml.training.clock.time.monotonic", lambda: seconds)
    late = (clock := Clock(limit=100.0)).late(0.3, "growing stopped")
    seconds = 29.0
    assert not late()
    assert clock.cuts == ()
    seconds = 31.0
    assert late()
