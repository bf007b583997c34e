"""Arrow tables in the types that Spark knows: no dictionaries, and moments that say that they are UTC."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame
    from pyspark.sql.types import DataType, StructType

MOMENT = pa.timestamp("us", "UTC")


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The types that a table has once `plain` has been applied to it."""
    return pa.schema([pa.field(field.name, _plain(field.type)) for field in schema])


def plain(table: pa.Table) -> pa.Table:
    """A table without dictionaries, its moments (naive UTC) marked as UTC."""
    return table.cast(plain_schema(table.schema))


def spark_schema(schema: pa.Schema) -> StructType:
    """The Spark schema of a plain Arrow schema."""
    from pyspark.sql import types

    return types.StructType([types.StructField(field.name, _spark_type(field.type)) for field in schema])


def chosen(frame: DataFrame, names: Sequence[str]) -> list[Column]:
    """Columns of a DataFrame by their very names: in a string a dot would ask for a part of a column."""
    return [frame["`" + name.replace("`", "``") + "`"] for name in names]


@contextmanager
def without_pandas() -> Iterator[None]:
    """Let Spark take a function over Arrow data without a warning that it does not know this pandas: it is not used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        yield


def _plain(kind: Any) -> Any:
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _plain(field.type)) for field in kind])
    return MOMENT if pa.types.is_timestamp(kind) else kind


def _spark_type(kind: Any) -> DataType:
    from pyspark.sql import types

    if pa.types.is_list(kind):
        return types.ArrayType(_spark_type(kind.value_type))
    if pa.types.is_struct(kind):
        return spark_schema(pa.schema(list(kind)))
    simple: dict[Any, DataType] = {
        pa.float64(): types.DoubleType(),
        pa.string(): types.StringType(),
        MOMENT: types.TimestampType(),
    }
    return simple[kind]
