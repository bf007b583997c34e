"""What databases write differently: names, literals, types and a handful of functions.

dialect.py     what the standard leaves open, as most write it
postgres.py, sqlite.py, duckdb.py, spark.py   where each writes it otherwise
"""

from __future__ import annotations

from leadml.sql.dialects.dialect import LARGEST, Dialect, nested_replaces
from leadml.sql.dialects.duckdb import DuckDb
from leadml.sql.dialects.postgres import Postgres
from leadml.sql.dialects.spark import Spark
from leadml.sql.dialects.sqlite import Sqlite

__all__ = ["DIALECTS", "LARGEST", "Dialect", "nested_replaces"]

DIALECTS: dict[str, Dialect] = {made.name: made for made in (Postgres(), Sqlite(), DuckDb(), Spark())}
