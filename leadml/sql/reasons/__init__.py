"""The strongest reasons for and against each lead, as texts.

spoken.py   the terms that have words, and what the columns of reasons are called
rows.py     one row per lead and term, ranked by a window: where steps are worked out once
arrays.py   one array per lead, sorted: where steps are worked out wherever they are asked, as Spark does
"""

from __future__ import annotations

from leadml.sql.dialects import Dialect
from leadml.sql.dialects.spark import Spark
from leadml.sql.reasons.arrays import ArrayReasons
from leadml.sql.reasons.rows import RowReasons
from leadml.sql.reasons.spoken import Spoken, spoken_of

__all__ = ["Reasons", "reasons_of", "spoken_of"]

Reasons = ArrayReasons | RowReasons


def reasons_of(spoken: Spoken, most: int, dialect: Dialect) -> Reasons:
    """How a database words so many reasons for and against a lead, at the most."""
    return ArrayReasons(spoken, most, dialect) if isinstance(dialect, Spark) else RowReasons(spoken, most, dialect)
