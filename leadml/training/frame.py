"""A raw frame, as a notebook has it, read as feature columns: what kind each is, and which group it counts for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from leadml.errors import ColumnsError
from leadml.predict.columns import bring_columns, coerce
from leadml.predict.encoding import GROUPS, Column, ColumnKind, Group


def read_frame(
    rows: Any, names: Sequence[str], *, groups: Mapping[str, Group], labels: Mapping[str, str]
) -> tuple[pa.Table, tuple[Column, ...]]:
    """The named columns of `rows` in their kinds' types, and their contract.

    Numbers are numbers; dates and datetimes are times; everything else (texts, categories, booleans, mixtures) is a
    category. A column belongs to the group that `groups` says, else to fit, and is called what `labels` says, else by
    its name.

    Raises:
        ColumnsError: a column is absent or holds lists, structs or bytes; `groups` or `labels` name an unknown column.
    """
    brought = bring_columns(rows, names)
    for given, what in ((groups, "groups"), (labels, "labels")):
        unknown = [name for name in given if name not in brought]
        if unknown:
            raise ColumnsError(f"The {what} name columns that the rows do not have: {', '.join(map(repr, unknown))}.")
    wrong = sorted(set(groups.values()) - set(GROUPS))
    if wrong:
        raise ColumnsError(f"Unknown feature groups {', '.join(map(repr, wrong))}; known: {', '.join(GROUPS)}.")
    columns = tuple(
        Column(name, _kind(values.type), groups.get(name, "fit"), labels.get(name, name))
        for name, values in brought.items()
    )
    return pa.table({column.name: coerce(brought[column.name], column) for column in columns}), columns


def _kind(kind: pa.DataType) -> ColumnKind:
    if pa.types.is_dictionary(kind):
        return _kind(kind.value_type)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return "time" if pa.types.is_timestamp(kind) or pa.types.is_date(kind) else "category"
