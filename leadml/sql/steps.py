"""The steps of a query: common table expressions, each made of the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadml.sql.lines import Lines, indented, listed, one_line


@dataclass(frozen=True)
class Column:
    """An expression, and what a step of the query calls it."""

    sql: Lines
    name: str
    about: str = ""


@dataclass(frozen=True)
class Step:
    """One common table expression: its name (maybe with those of its columns), what it is, and its query."""

    name: str
    about: str
    sql: str
    kept: bool = True
    """Whether the database should work it out once, not wherever it is spoken of."""


def select(columns: Sequence[str | Column], source: str) -> str:
    """A query for some columns."""
    items = [[column] if isinstance(column, str) else _item(column) for column in columns]
    return text(["SELECT", *indented(listed(items)), f"FROM {source}"])


def more(source: str, columns: Sequence[Column]) -> str:
    """All columns of a step, and further ones."""
    return select([f"{source}.*", *columns], source)


def _item(column: Column) -> Lines:
    lines = [*column.sql[:-1], f"{column.sql[-1]} AS {column.name}"]
    return [f"-- {one_line(column.about)}", *lines] if column.about else lines


def text(lines: Lines) -> str:
    """Lines as they stand in a step."""
    return "\n".join(indented(lines))
