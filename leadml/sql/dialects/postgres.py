"""PostgreSQL: the standard, but for doubles."""

from __future__ import annotations

from leadml.sql.dialects.dialect import Dialect


class Postgres(Dialect):
    """PostgreSQL, whose literals with a point are decimal numbers unless cast."""

    name = "postgres"
    title = "PostgreSQL 12 or newer, with a database encoded in UTF-8"
    longest_name = 63
    most_columns = 1664
    names_fold = False

    def double(self, value: float) -> str:
        """A literal that is read as the very same double."""
        return f"{value!r}::float8"
