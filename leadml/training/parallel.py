"""Independent pieces of work, side by side on the cores there are.

LightGBM, BLAS and scipy let go of Python's lock, so threads are enough. Results come in the order of the pieces and do
not depend on how many cores there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(work: Callable[[T], R], pieces: Iterable[T]) -> list[R]:
    """`work` done on every piece, in order; the first error is raised."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        return list(pool.map(work, pieces))
