from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from leadml.sources.parts.ahead import ahead, made_ahead


def test_items_come_in_their_order() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter([]))) == []


def test_the_next_item_is_made_while_one_is_worked_on() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    taken = ahead(items())
    assert next(taken) == 1
    assert made.wait(timeout=10)
    assert list(taken) == [2]


def test_what_goes_wrong_is_raised_in_its_place() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("the second is missing")

    taken = ahead(items())
    assert next(taken) == 1
    with pytest.raises(ValueError, match="the second is missing"):
        next(taken)


def test_an_iterator_that_nobody_goes_on_with_is_closed_and_its_thread_ends() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    taken = ahead(items())
    assert next(taken) == 1
    taken.close()  # type: ignore[attr-defined]
    assert closed.is_set()
    assert "leadml ahead" not in {thread.name for thread in threading.enumerate()}


def test_pieces_are_made_side_by_side_and_come_in_their_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(piece: int) -> int:
        if piece < 2:
            both.wait()  # neither ends before the other has begun
        return piece * piece

    assert list(made_ahead(work, range(50), at_once=2)) == [piece * piece for piece in range(50)]
    assert list(made_ahead(work, range(2, 2), at_once=2)) == []


def test_no_more_pieces_are_begun_than_may_wait() -> None:
    begun: list[int] = []
    made = made_ahead(lambda piece: begun.append(piece) or piece, range(50), at_once=2)
    assert [next(made), next(made)] == [0, 1]
    time.sleep(0.1)
    assert len(begun) <= 2 + 3
    made.close()
    assert len(begun) <= 2 + 3


def test_what_goes_wrong_with_a_piece_is_raised_in_its_place() -> None:
    made = made_ahead(lambda piece: 1 // (3 - piece), range(10), at_once=2)
    assert [next(made), next(made), next(made)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(made)
