"""Ids as 64-bit numbers, and the part that each lead went to."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadml.errors import naming_the_extra
from leadml.quiet_duckdb import open_memory
from leadml.sources.numbers import Ints

__all__ = ["Hasher", "Hashes", "Parts", "PartsOfLeads"]

Hashes = npt.NDArray[np.uint64]
Parts = npt.NDArray[np.uint16]

_NOBODY = np.uint64(0)
_SLICES, _SHIFT = 16, np.uint64(60)
_NONE = (np.empty(0, np.uint64), np.empty(0, np.uint16), np.empty(0, np.uint8))


class Hasher(AbstractContextManager["Hasher"]):
    """Hashes texts by DuckDB. Another version may do it otherwise, so nothing that outlives a spool may rely on it.

    Raises:
        MissingExtraError: DuckDB is not installed.
    """

    def __init__(self) -> None:
        with naming_the_extra("Scoring a lead database"):
            self._con = open_memory(threads=1)

    def __exit__(self, *raised: object) -> None:
        self._con.close()

    def of(self, ids: pa.Array) -> Hashes:
        """Hash each text, shape (n,); a missing one is 0, and no other is."""
        self._con.register("ids", pa.table({"id": ids}))
        hashed = self._con.sql("select hash(id) as h from ids").to_arrow_table()["h"]
        numbers: Hashes = np.maximum(hashed.to_numpy(), np.uint64(1))
        numbers[np.asarray(ids.is_null())] = _NOBODY
        return numbers


class PartsOfLeads:
    """Remembers the part of each lead: 10 bytes a lead, and up to 28 while it is settled."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._met = [_NONE]
        self._known = np.empty(0, np.uint64)
        self._part_of = np.empty(0, np.uint16)

    def add(self, leads: Hashes, parts: Parts, numbers: Ints) -> None:
        """Take further rows of the lead table, shape (n,), and their numbers; a lead stays where its first row is."""
        small = numbers.astype(np.min_scalar_type(int(numbers[-1])) if len(numbers) else np.uint8)
        named = leads != _NOBODY
        self._met.append((leads[named], parts[named], small[named]))

    def settle(self) -> tuple[Ints, Parts, Parts]:
        """Give the rows that are not where the first one of their lead is: their numbers, their parts, and its."""
        hashes, parts, numbers = (np.concatenate([piece[at] for piece in self._met]) for at in range(3))
        self._met.clear()
        known, part_of, leads = np.empty(len(hashes), np.uint64), np.empty(len(hashes), np.uint16), 0
        moves = []
        for number in range(_SLICES):  # by the first bits of the hash, so that sorting takes little memory
            rows = np.flatnonzero(hashes >> _SHIFT == number)
            rows = rows[np.argsort(hashes[rows], kind="stable")]
            ids, own = hashes[rows], parts[rows]
            first = np.flatnonzero(np.append(True, ids[1:] != ids[:-1])[: len(ids)])
            lead = np.repeat(first, np.diff(np.append(first, len(ids))))
            moved = np.flatnonzero(own != own[lead])
            moves.append((numbers[rows[moved]].astype(np.int64), own[moved], own[lead][moved]))
            here = slice(leads, leads := leads + len(first))
            known[here], part_of[here] = ids[first], own[first]
        self._known, self._part_of = known[:leads], part_of[:leads]
        found, old, new = (np.concatenate(column) for column in zip(*moves, strict=True))
        return found, old, new

    def of(self, leads: Hashes) -> Parts:
        """Give the part of each lead, shape (n,); one that nobody knows goes where its hash says."""
        order = np.argsort(leads)  # neighbours are found where the last one was, in the processor's cache
        wanted = leads[order]
        at = np.searchsorted(self._known, wanted)
        at[at == len(self._known)] = 0
        found = (wanted % np.uint64(self._count)).astype(np.uint16)
        if len(self._known):
            found = np.where(self._known[at] == wanted, self._part_of[at], found)
        parts = np.empty(len(leads), np.uint16)
        parts[order] = found
        return parts
