"""A connection to PostgreSQL, and what goes wrong on it in one clear line without secrets."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from leadml.errors import SourceError, naming_the_extra

__all__ = ["LOCK_SECONDS", "read_batches", "session"]

LOCK_SECONDS = 5.0
_SETTINGS = (
    "SET timezone = 'UTC'",
    "SET datestyle = 'ISO'",
    # rows come in the order of the table
    "SET synchronize_seqscans = off",
    "SET max_parallel_workers_per_gather = 0",
    # the server gives up soon what a killed process was doing, and its locks
    "SET client_connection_check_interval = '1s'",
    "SET tcp_keepalives_idle = 30",
    "SET tcp_keepalives_interval = 10",
    "SET tcp_keepalives_count = 3",
)
_SAID = {
    "42501": "refuses: {said}. Ask its owner to grant the right; nothing changed.",
    "53100": "has no room left on its disk ({said}). Make room and try again; nothing changed.",
    "57014": "broke off: {said}. Try again; nothing changed.",
}


@contextmanager
def session(url: str, where: str, *, autocommit: bool = True) -> Iterator[Any]:
    """Give a cursor on a new connection, which is closed when the block ends.

    Raises:
        SourceError: whatever PostgreSQL or the connection says against it.
    """
    with naming_the_extra("A PostgreSQL database", extra="postgres"):
        import adbc_driver_postgresql.dbapi as postgres
    try:
        with (
            postgres.connect(_with_defaults(url), autocommit=autocommit) as connection,
            connection.cursor() as cursor,
        ):
            for setting in (*_SETTINGS, f"SET lock_timeout = '{LOCK_SECONDS:g}s'"):
                cursor.execute(setting)
            yield cursor
    except postgres.Error as error:
        raise SourceError(f"The database {where} {_fault(error, url)}") from None


def read_batches(cursor: Any, url: str, where: str) -> Iterator[pa.RecordBatch]:
    """Give what a query finds; what goes wrong only as rows come in reaches Arrow first, without a code of the server.

    Raises:
        SourceError: whatever PostgreSQL or the connection says against it.
    """
    reader = cursor.fetch_record_batch()
    while True:
        try:
            batch = next(reader, None)
        except (OSError, pa.ArrowException) as error:
            raise SourceError(f"The database {where} {_fault(error, url)}") from None
        if batch is None:
            return
        yield batch


def _with_defaults(url: str) -> str:
    name = f"leadml%20process%20{os.getpid()}%20on%20{socket.gethostname()[:24]}"
    given = {"connect_timeout": "10", "application_name": name}
    lacking = "&".join(f"{key}={value}" for key, value in given.items() if f"{key}=" not in url)
    return f"{url}{'&' if '?' in url else '?'}{lacking}" if lacking else url


def _fault(error: Any, url: str) -> str:
    text = str(error)
    code = getattr(error, "sqlstate", None) or ""
    details = dict(getattr(error, "details", None) or ())
    said = details.get("PG_DIAG_MESSAGE_PRIMARY", b"")
    said = _one_clause(_masked(said.decode("utf-8", "replace") if said else _first_line(text), url))
    if "Failed to connect" in text:
        return f"cannot be opened: {said}. Mend the address, the rights or the server; a password may be in PGPASSWORD."
    if code == "55P03" or "lock timeout" in text:
        return f"is locked by another program for more than {LOCK_SECONDS:g} s. Try again when it is done."
    if code.startswith("08") or code in ("57P01", "57P02", "57P03") or re.search(r"(?i)server closed|connection", said):
        return f"was lost: {said}. What was not finished is undone; try again."
    return _SAID.get(code, "refused: {said}. Nothing changed.").format(said=said)


def _first_line(text: str) -> str:
    if found := re.search(r"(?:ERROR|FATAL): +(.*?) ?(?:\n|\. SQLSTATE|$)", text):
        return found[1]
    text = re.sub(r"^\w+: (\[libpq\] )?(Failed to \w+( \w+)?: )?", "", text)
    return " ".join(line.strip() for line in text.splitlines()[:2] if not line.rstrip().endswith("?"))[:300]


def _one_clause(said: str) -> str:
    """A text that a sentence can go on after: on one line, without the stops that it may end in."""
    return re.sub(r"[\s.]+$", "", " ".join(said.split()))


def _masked(text: str, url: str) -> str:
    """Take out of a driver's words whatever of the address is secret, also where it was cut in the wrong places."""
    before_host = re.match(r"(?s)[^:]*://(.*)@", url)
    password = before_host[1].partition(":")[2] if before_host else ""
    given = [password, *re.split(r"[/?#@:]", password), *re.findall(r"[?&](?:ssl)?password=([^&]*)", url)]
    given.append(os.environ.get("PGPASSWORD", ""))
    for secret in sorted({form for one in given for form in (one, unquote(one)) if form}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
