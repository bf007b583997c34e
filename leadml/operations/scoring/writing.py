"""Which score rows are written, and why: a row that says the same as before is left alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict import policy
from leadml.sources.json_text import json_texts

Mask = npt.NDArray[np.bool_]

COMPARED = ("lead_id", "probability", "grade", "stage", "segment", "stopped_by", "bundle")
"""The columns of a score row that decide on writing it anew; "segment" and "stopped_by" are not in every bundle's."""

_TEXTS = ("grade", "stage", "segment", "stopped_by", "bundle")


@dataclass(frozen=True)
class Differences:
    """What score rows come to beside those that were written before.

    `added` and `changed` have one entry per new row: the lead had no row, or one that says something else; the others
    are unchanged. `place` is the row before of each new one, -1 where there was none. `removed` are the leads (string)
    that have a row before and none now.
    """

    added: Mask
    changed: Mask
    place: npt.NDArray[np.int64]
    removed: pa.Array

    @property
    def written(self) -> Mask:
        """Which new rows are written; the score history gets exactly these, and one for each that is removed."""
        return self.added | self.changed


def differences(before: pa.Table, after: pa.Table, tolerance: float) -> Differences:
    """Compare score rows of some leads with those before, in memory that grows with these leads only.

    A lead's row is changed where its probability moved by more than the tolerance, or its grade, stage, segment,
    gates (stopped_by) or bundle are others. The comparison is with what is written, not with what was last computed,
    so that small moves add up until they are written.

    Args:
        before: rows as they are written, with the columns of `COMPARED`, whatever the place made of their types.
        after: new rows, with these columns, one per lead.
        tolerance: how far a probability may move, in probability.
    """
    ids, known = (table["lead_id"].cast(pa.string()).combine_chunks() for table in (after, before))
    place = np.asarray(pc.index_in(ids, value_set=known).fill_null(-1)).astype(np.int64)
    added = place < 0
    now = after.select([name for name in COMPARED if name in after.column_names]).filter(pa.array(~added))
    then = before.select([name for name in COMPARED if name in before.column_names]).take(pa.array(place[~added]))
    moved = np.abs(_numbers(now) - _numbers(then)) <= tolerance
    differs = ~moved  # a row whose probability is empty was spoiled: it is not within any tolerance
    for name in _TEXTS:
        differs |= ~_same(_texts(then, name), _texts(now, name))
    changed = np.zeros(len(added), bool)
    changed[~added] = differs
    gone = pc.invert(pc.is_in(known, value_set=ids))
    return Differences(added, changed, place, pc.unique(known.filter(gone)).drop_null())


def rewritten(before: pa.Table, after: pa.Table, *, key: str, but: Collection[str] = ()) -> tuple[pa.Table, pa.Array]:
    """Give the rows that are to be written where rows of the same key are compared as they are, and the keys to remove.

    Args:
        before: rows as they are written, of the same types.
        after: new rows.
        key: the column (string) that has each value once.
        but: columns whose change alone is none.
    """
    place = pc.index_in(after[key].combine_chunks(), value_set=before[key].combine_chunks())
    known = np.asarray(pc.is_valid(place))
    now, then = after.filter(pa.array(known)), before.take(place.drop_null())
    differs = np.zeros(now.num_rows, bool)
    for name in after.column_names:
        if name not in but and name != key:
            differs |= ~_same(_texts(then, name), _texts(now, name))
    written = ~known
    written[known] = differs
    gone = before[key].filter(pc.invert(pc.is_in(before[key], value_set=after[key].combine_chunks())))
    return after.filter(pa.array(written)), pc.unique(gone).drop_null()


def as_they_stand(scores: pa.Table, before: pa.Table, found: Differences) -> pa.Table:
    """Give new score rows with the probability, and score, that stands there where a row is not written anew.

    What follows from scores (accounts, the lifecycle) goes by these, so that it agrees with the published rows.
    """
    if not len(before):
        return scores
    then = _numbers(before)[found.place]
    chance = np.where(found.written, _numbers(scores), then)
    for name, values in (("probability", chance), ("score", policy.scores(chance))):
        scores = scores.set_column(scores.column_names.index(name), name, pa.array(values))
    return scores


def _numbers(rows: pa.Table) -> npt.NDArray[np.float64]:
    return np.asarray(rows["probability"].cast(pa.float64()).fill_null(float("nan"))).astype(np.float64)


def _texts(rows: pa.Table, name: str) -> pa.Array:
    """A column as text; a list of gates as its JSON text, none of them like no entry."""
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, pa.string())
    values = rows[name].combine_chunks()
    if pa.types.is_nested(values.type):
        values = json_texts(values)
    texts = values.cast(pa.string())
    return pc.if_else(pc.is_in(texts, value_set=pa.array(["", "[]"])), pa.scalar(None, pa.string()), texts)


def _same(ours: pa.Array, theirs: pa.Array) -> Mask:
    equal = pc.or_(pc.equal(ours, theirs).fill_null(False), pc.and_(pc.is_null(ours), pc.is_null(theirs)))
    return np.asarray(equal).astype(np.bool_)
