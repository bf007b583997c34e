from __future__ import annotations

import numpy as np

from leadml.operations.queue.moving import Case, movers


def cases(count: int, won: int, *seen: str, shortage: str = "fit without engagement", first: int = 0) -> list[Case]:
    return [Case(f"{seen}{first + n}", shortage, frozenset(seen), n < won) for n in range(count)]


def test_what_was_seen_of_those_won_later_is_named_with_its_lift_and_counts() -> None:
    found = movers([*cases(40, 20, "webinar"), *cases(160, 20)])
    mover = found["fit without engagement"]
    assert (mover.what, mover.won, mover.seen, mover.lift) == ("webinar", 20, 40, (20 / 40) / (40 / 200))
    assert mover.in_words() == "webinar (x2.5: 20 of 40 accounts won)"


def test_of_several_that_matter_the_one_seen_most_often_of_those_won_is_named() -> None:
    both = [*cases(20, 16, "demo"), *cases(60, 30, "webinar"), *cases(300, 15)]
    assert movers(both)["fit without engagement"].what == "webinar"


def test_nothing_is_named_for_few_wins_however_high_their_lift() -> None:
    assert movers([*cases(4, 4, "demo"), *cases(400, 4)]) == {}


def test_nothing_is_named_where_it_makes_no_difference_or_everybody_had_it() -> None:
    assert movers([*cases(50, 10, "email"), *cases(50, 10)]) == {}
    assert movers(cases(100, 50, "email")) == {}


def test_what_was_seen_of_those_lost_is_not_named() -> None:
    assert movers([*cases(100, 6, "unsubscribed"), *cases(100, 50)]) == {}


def test_shortages_are_judged_apart() -> None:
    found = movers([*cases(40, 20, "webinar"), *cases(160, 20), *cases(40, 5, "webinar", shortage="answers")])
    assert set(found) == {"fit without engagement"}


def test_what_has_nothing_to_do_with_winning_is_hardly_ever_named() -> None:
    rng = np.random.default_rng(7)
    named = 0
    for _ in range(100):
        seen = rng.random((400, 9)) < 0.3
        won = rng.random(400) < 0.15
        chance = [
            Case(f"A{n}", "answers", frozenset(f"t{k}" for k in np.flatnonzero(seen[n])), bool(won[n]))
            for n in range(400)
        ]
        named += bool(movers(chance))
    assert named <= 10  # nine things tried at 0.5 % each


def test_the_order_of_cases_changes_nothing() -> None:
    several = [*cases(40, 20, "webinar"), *cases(40, 20, "demo"), *cases(160, 10)]
    assert movers(several[::-1]) == movers(several)
