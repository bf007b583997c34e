"""From a source to a spool: cut, check each part, and say last that it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa

from leadml.errors import SourceError
from leadml.schema import LeadTables
from leadml.sources.check import Wanted, check_tables, refuse_none
from leadml.sources.layout import Layout
from leadml.sources.parts.checking import TABLES, Totals, keep
from leadml.sources.parts.lead_parts import LeadParts
from leadml.sources.parts.manifest import Further, Manifest, purpose_of, sizes, write_manifest
from leadml.sources.parts.spooling import Cut, cut
from leadml.sources.source import Source

__all__ = ["spool_leads"]

_MOST_PARTS = 4_096
_OWN = {"raw", "checked", "others", "manifest.json"}


def spool_leads(
    source: Source,
    folder: Path,
    wanted: Wanted,
    *,
    further: Mapping[str, Further] | None = None,
    beside: Source | None = None,
    accounts: pa.Array | None = None,
    leads_per_part: int = 50_000,
    progress: Callable[[str], None] = lambda _: None,
) -> LeadParts:
    """Read leads, activities and field history once, and keep them on disk, checked, in parts of whole accounts.

    Put together, the parts are what `read_leads` gives: no column is read in another way because only a part of it is
    looked at. Memory does not grow with the tables, but for 10 bytes a lead while they are cut.

    Args:
        source: where the leads are.
        folder: where the spool is to be; a spool that is there is replaced.
        wanted: which tables are read, and what their columns mean; the kinds of attributes are given.
        further: tables that are to be had part by part too.
        beside: where the further tables are, if not in `source`.
        accounts: read only leads of these accounts (as trimmed text), and what is known of them. A lead without an
            account is one by itself. Leads without ids are all read.
        leads_per_part: about how many leads a part has.
        progress: told what is being done.

    Raises:
        SourceError: as `read_leads`; or the folder holds something else or cannot be written. Nothing is left behind.
        MissingExtraError: DuckDB is not installed.
    """
    if wanted.kinds is None:
        raise ValueError("The kinds of attributes must be given: a part of the leads cannot tell them.")
    further, where = further or {}, wanted.where(source)
    with _fresh(folder):
        progress("reading leads")
        layout = wanted.layout(source)
        count = _parts(source, wanted, accounts, leads_per_part)
        done = cut(
            source, folder, wanted, layout, count=count, further=further, beside=beside or source, accounts=accounts
        )
        totals, last = _check(folder, done, wanted, layout, count, progress, wanted.notes(source))
        manifest = Manifest(
            purpose=purpose_of(source, wanted, further, accounts),
            moment=None if wanted.now is None else wanted.now.isoformat(),
            parts=count,
            attributes=list(last.attributes),
            answers=dict(last.answers),
            known_at=dict(last.known_at),
            source=last.source,
            dropped=dict(last.dropped),
            assumptions=totals.assumptions,
            counts=[{name: [c.read, c.kept, c.rejected] for name, c in part.items()} for part in totals.counts],
            reasons={table: dict(reasons) for table, reasons in totals.reasons.items()},
            newest=None if totals.newest is None else totals.newest.isoformat(),
            any_open=totals.any_open,
            further=list(further),
            bad={table: [(row.row, row.text) for row in bad] for table, bad in done.bad.items()},
            sizes=sizes(folder),
        )
        parts = LeadParts(folder, manifest)
        if accounts is None:
            refuse_none(parts.counts["leads"], where, parts.summary)
        write_manifest(folder, manifest)
    return parts


def _check(
    folder: Path,
    done: Cut,
    wanted: Wanted,
    layout: Layout,
    count: int,
    progress: Callable[[str], None],
    notes: list[str],
) -> tuple[Totals, LeadTables]:
    totals = Totals()
    for name in TABLES:
        (folder / "checked" / name).mkdir(mode=0o700, parents=True)
    for number in range(count):
        progress(f"checking leads, part {number + 1} of {count}")
        part = check_tables(partial(done.raw, number), wanted, layout, styles=done.styles, notes=notes)
        keep(folder / "checked", number, part)
        totals.add(part)
        for table in done.tables.values():
            table.forget(number)
    shutil.rmtree(folder / "raw")
    return totals, part


def _parts(source: Source, wanted: Wanted, accounts: pa.Array | None, leads_per_part: int) -> int:
    try:
        leads = source.count(wanted.leads_table)
    except NotImplementedError:
        leads = sum(batch.num_rows for batch in source.stream(wanted.leads_table, on_bad_row=lambda _: None))
    return min(_MOST_PARTS, 1 + leads // leads_per_part)


@contextmanager
def _fresh(folder: Path) -> Iterator[None]:
    """Start with an empty folder that only its owner may look into; it vanishes where the block fails."""
    try:
        if folder.exists():
            if foreign := sorted({path.name for path in folder.iterdir()} - _OWN):
                raise SourceError(f"{folder} holds {foreign[0]!r}, which leadml did not write. Choose another folder.")
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    except OSError as fault:
        raise SourceError(
            f"{folder}, where leadml keeps a copy of the leads while it scores, cannot be written "
            f"({fault.strerror or fault}). Make room or mend its rights; nothing changed."
        ) from None
