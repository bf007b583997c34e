"""The next items are made while the last one is worked on."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar

__all__ = ["ahead", "made_ahead"]

Piece = TypeVar("Piece")
Item = TypeVar("Item")
_END = object()


def ahead(items: Iterator[Item]) -> Generator[Item]:
    """Give the items of an iterator, each made in a thread while the one before is worked on.

    At most two exist that were not taken yet. What the iterator raises is raised here, in its place. When nobody takes
    further items (the generator is closed) the iterator is closed too, in its thread.
    """
    made: queue.Queue[Any] = queue.Queue(maxsize=1)
    stop = threading.Event()
    maker = threading.Thread(target=_make, args=(items, made, stop), name="leadml ahead", daemon=True)
    maker.start()
    try:
        while (item := made.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item
    finally:
        stop.set()
        while maker.is_alive():
            _drain(made)
            maker.join(timeout=0.05)


def made_ahead(work: Callable[[Piece], Item], pieces: Iterable[Piece], *, at_once: int) -> Generator[Item]:
    """Give what the work makes of each piece, in their order, so many made at once while the one before is used.

    One more than `at_once` exist at most that were not taken yet. What the work raises is raised here, in its place.
    When nobody takes further items (the generator is closed) what was begun is ended first.
    """
    begun: deque[Future[Item]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="leadml ahead") as threads:
        try:
            for piece in pieces:
                begun.append(threads.submit(work, piece))
                if len(begun) > at_once:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            threads.shutdown(cancel_futures=True)


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _make(items: Iterator[Any], made: queue.Queue[Any], stop: threading.Event) -> None:
    try:
        with closing(_closable(items)) as open_items:
            for item in open_items:
                made.put(item)
                if stop.is_set():
                    return
    except BaseException as error:
        made.put(_Raised(error))
    made.put(_END)


def _closable(items: Iterator[Item]) -> Any:
    return items if hasattr(items, "close") else (item for item in items)


def _drain(made: queue.Queue[Any]) -> None:
    try:
        while True:
            made.get_nowait()
    except queue.Empty:
        pass
