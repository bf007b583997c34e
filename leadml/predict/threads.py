"""Pieces of work side by side: numpy and Arrow leave Python alone while they work through many rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import pyarrow as pa

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Piece], Result], pieces: Sequence[Piece]) -> list[Result]:
    """What the work makes of each piece, in their order; as many at a time as Arrow has threads (`pa.cpu_count`)."""
    if len(pieces) < 2 or pa.cpu_count() < 2:
        return [work(piece) for piece in pieces]
    from concurrent.futures import ThreadPoolExecutor  # a process that scores a few leads need not load it

    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        return list(pool.map(work, pieces))
