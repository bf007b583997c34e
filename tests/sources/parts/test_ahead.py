from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from leadml.sources.parts import ahead


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
