"""Which rows belong to one account, said so that Spark itself can tell.

A lead's id and account are read as everywhere else (text, trimmed, marks of a missing value are none), as rows that
belong together must meet in one group. What a group is for is decided there; keys only bring it together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from leadml.errors import ColumnsError
from leadml.operations.spark.shapes import chosen
from leadml.sources.distinct import NULL_MARKS

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["SPACES", "key", "with_account", "with_bucket"]

# What Arrow trims, and Python's `str.isspace` is true of.
SPACES = "".join(map(chr, (*range(9, 14), *range(28, 33), 133, 160, 5760, *range(8192, 8203)))) + (
    "\u2028\u2029\u202f\u205f\u3000"
)


def key(frame: DataFrame, column: str, table: str, missing_values: Iterable[str] = ()) -> Column:
    """An id as text, null where it is missing.

    Raises:
        ColumnsError: the column is of a type whose text Spark writes in another way.
    """
    from pyspark.sql import functions as fn
    from pyspark.sql import types

    kind = frame.schema[column].dataType
    whole = isinstance(kind, types.IntegralType) or (isinstance(kind, types.DecimalType) and not kind.scale)
    if not (whole or isinstance(kind, types.StringType)):
        raise ColumnsError(
            f"{table}, column {column!r}: it holds {kind.simpleString()}, by which Spark cannot bring leads together. "
            "Cast it to a string or a whole number first."
        )
    text = fn.btrim(chosen(frame, [column])[0].cast("string"), fn.lit(SPACES))
    # Other letters fold in other ways; where Spark takes a mark for an account, its leads only share a group.
    marks = {mark.strip().lower() for mark in (*NULL_MARKS, *missing_values) if mark.isascii()}
    return fn.when(~fn.lower(text).isin(sorted(marks)), text)


def with_account(frame: DataFrame, owners: DataFrame) -> DataFrame:
    """Rows that have a "key" with the "account" of the lead of that id, or, where there is no such lead, the id."""
    from pyspark.sql import functions as fn

    known = owners.withColumnRenamed("account", "known")
    return frame.join(known, "key", "left").withColumn("account", fn.coalesce("known", "key")).drop("known")


def with_bucket(frame: DataFrame, buckets: int) -> DataFrame:
    """Rows that have an "account" with the number of its "bucket"; all rows without one are in one bucket."""
    from pyspark.sql import functions as fn

    return frame.withColumn("bucket", fn.pmod(fn.xxhash64("account"), fn.lit(buckets)))
