"""Write the demo company to SQLite, block by block, in temporary files that take their names at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from leadml.demo.company import Block, Tally, blocks
from leadml.demo.rows import LEAD_COLUMNS, Row
from leadml.errors import SourceError
from leadml.replacing import replacing

__all__ = ["CompanySummary", "write_company"]

TABLES: dict[str, Mapping[str, str]] = {
    "accounts": {"account_id": "TEXT", "industry": "TEXT", "country": "TEXT", "employees": "INTEGER"},
    "leads": LEAD_COLUMNS,
    "activities": {
        "activity_id": "INTEGER",
        "lead_id": "TEXT",
        "occurred_at": "TEXT",
        "type": "TEXT",
        "value": "INTEGER",
    },
    "field_history": {"lead_id": "TEXT", "field": "TEXT", "value": "TEXT", "changed_at": "TEXT"},
}
TRUTH: dict[str, Mapping[str, str]] = {
    "truth": {"lead_id": "TEXT", "as_of": "TEXT", "probability": "REAL"},
}


@dataclass(frozen=True, kw_only=True)
class CompanySummary:
    """What was written: sound entries, and apart from them the rows of dirt and of the truth.

    `won`, `lost` and `open` count leads; each table holds its sound rows and its dirt.
    """

    leads: int
    won: int
    lost: int
    open: int
    accounts: int
    activities: int
    history: int
    dirt: int
    truth: int


def write_company(
    path: Path,
    *,
    leads: int = 20_000,
    seed: int = 0,
    truth: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> CompanySummary:
    """Write a synthetic company whose law is known as a SQLite database, in constant memory.

    The tables are `leads`, `accounts`, `activities` and `field_history`; times are ISO texts from 2024-01-01 to
    2025-12-29 without a zone. `leads` counts the sound leads; dirt comes on top, below 1.5 % of the rows. The same seed
    gives the same rows, and a larger company begins with the smaller one.

    With `truth`, a second SQLite database gets the table `truth(lead_id, as_of, probability)`: for each Monday 00:00
    and each lead open then, the true probability that it is won within the next 90 days given all that is recorded,
    about any contact of its account, strictly before that Monday.

    Both files appear whole or not at all; existing ones are replaced. `progress` is called with a line now and then.

    Raises:
        SourceError: `leads` is below 1, `seed` is negative, both files are the same, or a file cannot be written.
    """
    _check(path, leads, seed, truth)
    with ExitStack() as files:
        truths = files.enter_context(_replacing(truth, TRUTH)) if truth else None
        company = files.enter_context(_replacing(path, TABLES))
        tally, dirt, moments = Tally(), 0, 0
        for block in blocks(leads, seed, truth=truths is not None):
            dirt += _write_block(company, block)
            if truths:
                _insert(truths, "truth", block.truth)
                truths.commit()
            tally += block.tally
            moments += len(block.truth)
            if progress:
                progress(f"{tally.leads:,} of {leads:,} leads")
        _index(company, "activities", "lead_id")
        _index(company, "field_history", "lead_id")
        if truths:
            _index(truths, "truth", "lead_id, as_of")
    counts = {name: count for name, count in vars(tally).items() if name != "answers"}
    return CompanySummary(**counts, history=tally.answers, dirt=dirt, truth=moments)


def _check(path: Path, leads: int, seed: int, truth: Path | None) -> None:
    if leads < 1:
        raise SourceError(f"The demo company must have at least 1 lead, got {leads}.")
    if seed < 0:
        raise SourceError(f"The seed of the demo company must be 0 or above, got {seed}.")
    if truth and truth.resolve() == path.resolve():
        raise SourceError(f"The demo company and its truth cannot both be {path}. Give the truth another name.")


def _write_block(company: sqlite3.Connection, block: Block) -> int:
    """Write one block in one transaction; the number of its rows of dirt."""
    rows = {
        "accounts": block.accounts,
        "leads": block.leads,
        "activities": block.activities,
        "field_history": block.history,
    }
    for table, content in rows.items():
        _insert(company, table, content)
    company.commit()
    sound = block.tally.accounts + block.tally.leads + block.tally.activities + block.tally.answers
    return sum(map(len, rows.values())) - sound


def _insert(database: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    if rows:
        database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608 - our names


def _index(database: sqlite3.Connection, table: str, columns: str) -> None:
    database.execute(f"CREATE INDEX {table}_by_lead ON {table} ({columns})")
    database.commit()


@contextmanager
def _replacing(path: Path, tables: dict[str, Mapping[str, str]]) -> Iterator[sqlite3.Connection]:
    """A new database beside `path` that takes its name if all goes well and is removed if not."""
    try:
        with replacing(path) as draft, closing(sqlite3.connect(draft)) as database:
            # A journal would guard a file that is thrown away on any fault.
            database.execute("PRAGMA journal_mode = OFF")
            database.execute("PRAGMA synchronous = OFF")
            for table, columns in tables.items():
                declared = ", ".join(f"{name} {kind}" for name, kind in columns.items())
                database.execute(f"CREATE TABLE {table} ({declared})")
            yield database
    except (OSError, sqlite3.Error) as fault:
        raise SourceError(
            f"Cannot write {path}: {fault}. Check that the folder exists, can be written to and has room."
        ) from fault
