"""What is grown from how many rows."""

from __future__ import annotations

import numpy as np
import pytest

from leadml.predict.encoding import Feature
from leadml.training.candidates import Workshop
from leadml.training.clock import Clock
from leadml.training.plan import make_plan
from leadml.training.sample import Sample

ROWS = 4_000


def sample() -> Sample:
    rng = np.random.default_rng(0)
    codes = np.asfortranarray(rng.integers(1, 5, (ROWS, 2)).astype(np.uint16))
    features = tuple(Feature(name, name, "number", "fit", name, np.array([1.0, 2.0, 3.0])) for name in "ab")
    label = (rng.random(ROWS) < 0.3).astype(float)
    return Sample(features, codes, label, np.zeros(ROWS), np.ones(ROWS))


def workshop(clock: Clock, *, judged: int) -> Workshop:
    whole = sample()
    some = whole.take(np.arange(judged))
    plan = make_plan(some.label, some.codes, None, np.arange(judged), 0.0, 0)
    return Workshop(some, plan, lambda rows: np.ones(len(rows)), clock, None if judged == ROWS else whole)


def test_what_was_judged_on_all_rows_is_served_as_judged() -> None:
    shop = workshop(Clock(), judged=ROWS)
    assert not shop.grows_anew
    assert shop.rounds(100) == 100


def test_what_was_judged_on_some_rows_is_grown_on_all_for_more_rounds() -> None:
    shop = workshop(Clock(), judged=500)
    assert shop.grows_anew
    (bag,) = shop.bags()
    assert len(bag.label) == ROWS
    assert shop.rounds(100) == round(100 * (ROWS / 400) ** (1 / 3))


def test_time_enough_shortens_nothing() -> None:
    shop = workshop(clock := Clock(limit=3_600.0), judged=500)
    shop.shorten()
    assert len(shop.whole.label) == ROWS
    assert clock.cuts == ()


def test_without_time_left_what_is_served_is_grown_on_about_as_many_rows_as_were_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = workshop(clock := Clock(limit=10.0), judged=500)
    monkeypatch.setattr(Clock, "gone", 9.0)
    shop.shorten()
    assert len(shop.whole.label) == 500
    assert clock.cuts == ("what is served was grown on 500 of 4,000 rows",)
