"""From a source to a spool: cut, check each part, and say last that it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from leadml.errors import SourceError
from leadml.sources.check import Wanted, refuse_none
from leadml.sources.layout import Layout
from leadml.sources.parts.checking import check_parts
from leadml.sources.parts.further import Further
from leadml.sources.parts.lead_parts import LeadParts
from leadml.sources.parts.manifest import manifest_of, write_manifest
from leadml.sources.parts.spooling import cut
from leadml.sources.source import Among, Source

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
        accounts: read only leads of these accounts (as trimmed text) and what is known of them; and of accounts that
            further rows of the same leads name. A lead without an account is one by itself. Leads without ids are all
            read.
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
        rows = _leads(source, wanted, layout, accounts)
        count = min(_MOST_PARTS, 1 + rows // leads_per_part)
        place = beside or source
        done = cut(
            source, folder, wanted, layout, rows=rows, count=count, further=further, beside=place, accounts=accounts
        )
        checked = check_parts(
            done, folder / "checked", wanted, layout, count=count, notes=wanted.notes(source), progress=progress
        )
        shutil.rmtree(folder / "raw")
        manifest = manifest_of(checked, folder, further, done.bad)
        parts = LeadParts(folder, manifest)
        if accounts is None:
            refuse_none(parts.counts["leads"], where, parts.summary)
        write_manifest(folder, manifest)
    return parts


def _leads(source: Source, wanted: Wanted, layout: Layout, accounts: pa.Array | None) -> int:
    """How many leads there are to read: at most, where they are chosen, as an account may be a lead's own."""
    if accounts is None or "lead_id" not in layout.roles:
        return source.count(wanted.leads_table)
    account = layout.roles.get("account_id")
    return len(accounts) + (source.count(wanted.leads_table, Among(account, accounts)) if account else 0)


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
