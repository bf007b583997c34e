"""A PostgreSQL database as a source, through ADBC: rows come and go as binary COPY streams."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any, NamedTuple

import pyarrow as pa

from leadml.errors import SourceError, masked
from leadml.sources.database import Database
from leadml.sources.postgres_changes import PostgresChanges
from leadml.sources.postgres_choosing import Padding, choose
from leadml.sources.postgres_names import Column, Name, found_columns, found_tables
from leadml.sources.postgres_session import read_batches, session
from leadml.sources.source import Among, Since, Transaction

__all__ = ["PostgresSource"]

_PATIENCE_SECONDS = 1.0  # a server needs a moment to notice that a process was killed
_READY_SECONDS = 2.0
_WRITING = "hashtextextended('leadml writing', 0)"
_HOLDER = """
    SELECT application_name, to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) | objid::bigint = {key}
"""


class PostgresSource(Database):
    """Tables and views of a PostgreSQL database, named with their schema where it is not on the search path."""

    def __init__(self, url: str) -> None:
        super().__init__(masked(url))
        self._url = url
        self._ready: list[_Ready] = []
        self._padding: Padding = {}
        weakref.finalize(self, _close, self._ready)

    def tables(self) -> list[str]:
        """Name the tables and views."""
        with self._question() as cursor:
            return sorted(found_tables(cursor))

    def columns(self, table: str) -> dict[str, str]:
        """Map columns to the types they were declared with."""
        with self._question() as cursor:
            return {name: column.declared for name, column in self._found(cursor, table)[1].items()}

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Change tables on one connection, which is committed at the end and else undone by the server."""
        with self._session(autocommit=False) as cursor:
            _perform(cursor, f"pg_advisory_xact_lock({_WRITING})")
            yield PostgresChanges(cursor, self.where, self._padding)
            cursor.connection.commit()

    @contextmanager
    def exclusive(self, purpose: str) -> Iterator[None]:
        """Hold an advisory lock of the server, which goes with the connection."""
        key = f"hashtextextended('leadml {purpose}', 0)"
        with self._session() as cursor:
            until = time.monotonic() + _PATIENCE_SECONDS
            while not _value(cursor, f"SELECT pg_try_advisory_lock({key})"):
                if time.monotonic() > until:
                    raise SourceError(
                        f"{purpose} in {self.where} is already being done by {_holder(cursor, key)}. Wait until it is "
                        "done, or end it."
                    )
                time.sleep(0.05)
            # The server may still be committing what a killed process sent last.
            _perform(cursor, f"pg_advisory_lock({_WRITING})", f"pg_advisory_unlock({_WRITING})")
            yield

    def _batches(self, table: str, columns: list[str], rows: Among | Since | None) -> Iterator[pa.RecordBatch]:
        with self._question() as cursor:
            name, held = self._found(cursor, table)
            where = "" if rows is None else f" WHERE {choose(cursor, name, held[rows.column], rows, self._padding)}"
            chosen = ", ".join(f"{held[column].read} AS c{number}" for number, column in enumerate(columns))
            cursor.execute(f"SELECT {chosen} FROM {name}{where}")  # noqa: S608 - quoted
            for batch in read_batches(cursor, self._url, self.where):
                yield pa.record_batch(batch.columns, names=columns)

    def _count(self, table: str) -> int:
        with self._question() as cursor:
            cursor.execute(f"SELECT count(*) FROM {self._found(cursor, table)[0]}")  # noqa: S608 - quoted
            return int(cursor.fetchall()[0][0])

    def _found(self, cursor: Any, table: str) -> tuple[Name, dict[str, Column]]:
        known = found_tables(cursor)
        self._require_known(table, known)
        return known[table], found_columns(cursor, known[table])

    @contextmanager
    def _question(self) -> Iterator[Any]:
        """Give a cursor on a connection that stays open for the next question.

        Opening one takes longer than most answers. A connection that was idle for long may be lost, so it is not used.
        """
        ready = self._ready.pop() if self._ready else None
        with ExitStack() as stack:
            if ready is not None:
                stack.push(ready.stack.pop_all())
            if ready is None or time.monotonic() - ready.since > _READY_SECONDS:
                stack.close()
                cursor = stack.enter_context(self._session())
            else:
                cursor = ready.cursor
            yield cursor
            self._ready.append(_Ready(stack.pop_all(), cursor, time.monotonic()))

    def _session(self, *, autocommit: bool = True) -> AbstractContextManager[Any]:
        return session(self._url, self.where, autocommit=autocommit)


class _Ready(NamedTuple):
    """A connection that waits for a question since some moment."""

    stack: ExitStack
    cursor: Any
    since: float


def _close(ready: list[_Ready]) -> None:
    while ready:
        with suppress(Exception):  # nobody is left who could be told
            ready.pop().stack.close()


def _value(cursor: Any, query: str) -> Any:
    cursor.execute(query)
    return cursor.fetchall()[0][0]


def _perform(cursor: Any, *calls: str) -> None:
    """Call functions of the server one after another, and wait for them: a SELECT would only wait once it is read."""
    cursor.execute(f"DO $$ BEGIN {' '.join(f'PERFORM {call};' for call in calls)} END $$")


def _holder(cursor: Any, key: str) -> str:
    cursor.execute(_HOLDER.format(key=key))
    held = [f"{name} since {since} UTC" for name, since in cursor.fetchall() if name]
    return held[0] if held else "another process"
