"""A table cut into parts on disk, with the numbers of its rows; a part comes back as the checks take it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.numbers import Ints
from leadml.sources.parts.files import Cutter, read_rows
from leadml.sources.parts.hashing import Parts
from leadml.sources.parts.numbering import Numbered
from leadml.sources.raw import Raw
from leadml.sources.source import BadRow

__all__ = ["CutTable"]

_BAD = pa.schema([("row", pa.int64()), ("text", pa.string())])
_ROW = "row"  # the last column of a file: its name may be that of a user's column too


class CutTable:
    """A table in parts; bad rows are spread over all of them."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir(mode=0o700)
        self._count = count
        self._folder = folder
        self._good = Cutter(folder / "good", count)
        self._bad = Cutter(folder / "bad", count)
        self._schema = pa.schema([])
        self._left: dict[int, Ints] = {}

    def add(self, batch: Numbered, parts: Parts) -> None:
        """Take further rows and the part that each goes to."""
        rows = batch.rows.append_column(_ROW, pa.array(batch.numbers))
        if rows.num_rows or not len(self._schema):
            self._schema = rows.schema
        self._good.add(rows, parts)
        if batch.bad:
            bad = pa.table([[row.row for row in batch.bad], [row.text for row in batch.bad]], schema=_BAD)
            self._bad.add(bad, (np.array(bad["row"]) % self._count).astype(np.uint16))

    def close(self) -> None:
        """Write the rest."""
        self._good.close(self._schema)
        self._bad.close(_BAD)

    def move(self, numbers: Ints, old: Parts, new: Parts) -> None:
        """Move rows, given by their numbers, to other parts; before `close`."""
        self._good.flush()
        for part in np.unique(old):
            own = old == part
            held = read_rows(self._folder / "good" / str(part))
            chosen = pc.index_in(held.column(held.num_columns - 1), value_set=pa.array(numbers[own]))
            moved = held.filter(chosen.is_valid())
            self._good.add(moved, new[own][np.asarray(chosen.drop_null())])
            self._left[int(part)] = numbers[own]
        self._good.flush()

    def raw(self, part: int) -> Raw:
        """Read a part, in the order of its rows."""
        held = read_rows(self._folder / "good" / str(part))
        numbers = held.column(held.num_columns - 1).to_numpy()
        here = np.flatnonzero(~np.isin(numbers, self._left.get(part, [])))
        order = here[np.argsort(numbers[here], kind="stable")]
        rows = held.remove_column(held.num_columns - 1)
        if len(order) < len(numbers) or (order[1:] < order[:-1]).any():
            rows, numbers = rows.take(pa.array(order)), numbers[order]
        bad = read_rows(self._folder / "bad" / str(part)).to_pylist()
        return Raw(rows, numbers, [BadRow(row["row"], row["text"]) for row in bad])

    def forget(self, part: int) -> None:
        """Take a part from disk."""
        for kind in ("good", "bad"):
            (self._folder / kind / str(part)).unlink()
