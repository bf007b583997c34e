"""In which bin each of many numbers lies, looked up rather than searched for.

The line from the lowest edge on is cut into cells that widen with the distance from it, and each cell knows how many
edges lie below it. So a number is compared with the few edges in its own cell only. Numbers and edges are put into
cells by the same arithmetic, which never turns their order around: the codes are those of a search to the last bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

Cells = np.ndarray[Any, np.dtype[np.int64]]
Codes = np.ndarray[Any, np.dtype[np.uint16]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

_CELL_BITS = 13
# With more edges in one cell a search is as fast.
_MOST_IN_CELL = 4
# Few enough numbers to stay in the processor's cache from step to step.
_SLICE = 8_192


@dataclass(frozen=True)
class _Cells:
    """Cells by distance from an origin: `near` and all below is the first one, `far` and all above the last.

    The bits of a positive number without its last `shift` ones are its power of two and the beginning of the rest.
    """

    origin: float
    near: float
    far: float
    shift: int

    def of(self, numbers: Floats) -> Cells:
        """The cell of each number, of NaN anything; shape (numbers,)."""
        distance = numbers - self.origin
        np.clip(distance, self.near, self.far, out=distance)
        cells = distance.view(np.int64)
        cells >>= self.shift
        cells -= _bits(self.near) >> self.shift
        return cells


@dataclass(frozen=True)
class Bins:
    """The lookup: by cell the code at its lower end, by code the edge that leads to the next, edges in a cell."""

    cells: _Cells
    lowest: Codes
    next_edge: Floats
    in_cell: int

    def codes(self, numbers: Floats) -> Codes:
        """For each number one more than the edges that it is at or above; 0 for NaN. Shape (numbers,)."""
        codes = np.empty(len(numbers), np.uint16)
        # A distance beyond the largest number is the last cell's; and there are NaNs at which processors take offence.
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(numbers), _SLICE):
                self._look_up(numbers[start : start + _SLICE], codes[start : start + _SLICE])
        return codes

    def _look_up(self, numbers: Floats, codes: Codes) -> None:
        self.lowest.take(self.cells.of(numbers), mode="clip", out=codes)
        for _ in range(self.in_cell):
            codes += numbers >= self.next_edge.take(codes, mode="clip")
        codes *= numbers == numbers


def bins_of(edges: Floats) -> Bins | None:
    """The lookup for edges that ascend; None where a search is as fast, as where they lie too unevenly."""
    if len(edges) < 2:
        return None
    lowest_edge, second, *_, highest = map(float, (*edges[:2], edges[-1]))
    # Half of the way to the second edge, so that it does not lie in the first one's cell.
    near, far = (second - lowest_edge) / 2, highest - lowest_edge
    if not math.isfinite(far):
        return None
    shift = max(0, (_bits(far) - _bits(near)).bit_length() - _CELL_BITS)
    cells = _Cells(lowest_edge, near, far, shift)
    in_cell = np.bincount(cells.of(edges))
    if in_cell.max() > _MOST_IN_CELL:
        return None
    codes = (np.cumsum(in_cell) - in_cell + 1).astype(np.uint16)
    return Bins(cells, codes, np.array([np.nan, *edges, np.nan]), int(in_cell.max()))


def _bits(number: float) -> int:
    return int(np.float64(number).view(np.int64))
