"""Names in leadml.toml that nothing in the data has: mostly misspelt, and without a word they would do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.segments import segment_numbers
from leadml.schema import LeadTables
from leadml.sources import nearest
from leadml.training.choices import Choices
from leadml.training.findings import Finding

_SHOWN = 60


def names_not_seen(tables: LeadTables, choices: Choices) -> list[Finding]:
    """A note (R116) for each value of a segment, labelled activity type and type to prompt that does not occur."""
    return [*_values(tables, choices), *_types(tables, choices)]


def _values(tables: LeadTables, choices: Choices) -> Iterator[Finding]:
    for number, segment in enumerate(choices.cutoffs.segments, start=1):
        there = _known(tables, segment.column)
        # A column that is not there at all is refused elsewhere.
        unseen = [] if there is None else [value for value in segment.one_of if not _has(there, value)]
        for value in unseen:
            yield _note(
                f"cutoffs.segments[{number}].one_of",
                f"no lead has {_short(value)} in {segment.column!r}.",
                f"{_meant(value, there)} Mend it, or take it out.",
            )


def _types(tables: LeadTables, choices: Choices) -> Iterator[Finding]:
    if tables.activities is None:
        return
    known = pc.unique(tables.activities["type"]).to_pylist()
    for key, named in (("labels", choices.activity_labels), ("prompt_types", choices.prompt_types)):
        for kind in named:
            if kind not in known:
                advice = f"{nearest(kind, known)} Mend it, or take it out."
                yield _note(f"activities.{key}", f"no activity is of type {_short(kind)}.", advice)


def _known(tables: LeadTables, column: str) -> pa.Array | None:
    """What leads say, or ever said, in a column, as far as it is known."""
    parts = []
    if column in tables.leads.column_names:
        parts.append(tables.leads[column].combine_chunks())
    if tables.history is not None:
        past = tables.history.filter(pc.equal(tables.history["field"], column))["value"]
        if len(past):
            parts.append(past.combine_chunks())
    if len({part.type for part in parts}) > 1:
        parts = [part.cast(pa.string()) for part in parts]
    return pc.drop_null(pc.unique(pa.chunked_array(parts))) if parts else None


def _has(values: pa.Array, value: str) -> bool:
    return bool((segment_numbers(pa.table({"column": values}), "column", [[value]]) == 0).any())


def _meant(value: str, values: pa.Array | None) -> str:
    texts: Sequence[str] = [] if values is None else values.cast(pa.string()).to_pylist()
    return nearest(value, texts)


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _note(key: str, message: str, advice: str) -> Finding:
    return Finding("R116", "note", None, f"{key}: {message}", advice)
