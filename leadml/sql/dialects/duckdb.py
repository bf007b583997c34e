"""DuckDB: near PostgreSQL, with lists."""

from __future__ import annotations

from collections.abc import Sequence

from leadml.sql.dialects.dialect import NUMBER, Dialect
from leadml.sql.lines import Lines, indented


class DuckDb(Dialect):
    """DuckDB, whose literals with a point are decimal numbers unless they have an exponent."""

    name = "duckdb"
    title = "DuckDB 1.0 or newer"
    float_type = "DOUBLE"

    def double(self, value: float) -> str:
        """A literal that is read as the very same double."""
        written = repr(float(value))
        return written if "e" in written else f"{written}e0"

    def stripped(self, value: str, blanks: str) -> str:
        """A text without some characters at either end."""
        return f"trim({value}, {blanks})"

    def rounded(self, value: str) -> str:
        """The nearest whole number, the even one of two."""
        return f"round_even({value}, 0)"

    def is_number(self, text: str) -> str:
        """Whether a text is written as a number."""
        return f"regexp_matches({text}, '{NUMBER}')"

    def looked_up(self, index: str, rows: Sequence[str]) -> Lines:
        """A value of a list of doubles whose lines are given, by its place from 0 on."""
        return ["([", *indented(rows), f"])[{index} + 1]"]
