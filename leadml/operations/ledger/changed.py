"""Which accounts hold leads whose score can have changed since the last run.

A score can change because something was written about the lead or a contact of its account, because time passed (the
row's valid_until), or because the model or the settings are others. Rows are chosen by when they were written, minus a
margin: what was being written while the last run read is looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.ledger.seen import EventTable, Seen, event_tables, rows_before, settings_digest
from leadml.operations.lifecycle_tables import DECISIONS_TABLE
from leadml.operations.project import Project
from leadml.operations.published import as_published, beside, found_name, target_name
from leadml.sources import Among, Since, Source
from leadml.sources.dates import latest_readings
from leadml.sources.distinct import distinct

__all__ = ["MARGIN", "Changed", "LastRun", "changed_accounts"]

MARGIN = timedelta(minutes=15)
"""How far apart clocks may be, and how long a row may take from being stamped to being committed."""

_MOST = 0.5  # of all scored leads: beyond, reading everything costs less than choosing
_UNTIL = pa.schema([("lead_id", pa.string()), ("valid_until", pa.timestamp("us"))])


class LastRun(Protocol):
    """What is asked of the last finished run's row in `scoring_runs`; moments are UTC without a zone."""

    @property
    def started_at(self) -> datetime:
        """When it began, before it read anything."""

    @property
    def as_of(self) -> datetime | None:
        """The moment as of which it scored."""

    @property
    def bundle(self) -> str:
        """The digest of the bundle that it scored with."""

    @property
    def seen(self) -> str | None:
        """What `seen_by` gave."""


@dataclass(frozen=True)
class Changed:
    """The accounts to look at (string, as trimmed text; a lead without one by its id), or None for every lead.

    `why` says in sentences what was found, or why every lead has to be looked at. `moment` is the newest date among
    what is new, or the last run's moment: a run over these accounts scores as of no later.
    """

    accounts: pa.Array | None
    why: tuple[str, ...]
    moment: datetime | None = None


def changed_accounts(project: Project, last: LastRun | None, *, bundle: str, now: datetime) -> Changed:
    """Find the accounts with leads whose score can have changed since the last run.

    Args:
        project: whose leads.
        last: the run that the published scores are of; None where there is none.
        bundle: the digest of the champion.
        now: the clock (UTC without a zone).

    Raises:
        SourceError: a table cannot be read.
    """
    if last is None:
        return Changed(None, ("No run has finished yet, so every lead is looked at.",))
    if (everything := _why_everything(project, last, bundle)) is not None:
        return Changed(None, (everything,))
    news = _News(project, last)
    leads, accounts = news.of_leads()
    events = [ids for table in event_tables(project) if (ids := news.of_events(table)) is not None]
    decided = news.of_decisions()
    moment = min(now, news.newest + timedelta(microseconds=1)) if last.as_of else None
    expired, scored = _expired(project, moment)
    touched = pc.unique(pa.concat_arrays([*events, decided, expired]))
    found = len(pc.unique(pa.concat_arrays([leads, touched])))
    if found > _MOST * scored:
        many = f"Leads that can have changed: {found:,}. Leads with a score: {scored:,}. So every lead is looked at."
        return Changed(None, (many,), moment)
    known = news.accounts_of(touched)
    accounts = pc.unique(pa.concat_arrays([accounts, known]))
    said = [f"written {len(leads):,}", f"decided about {len(decided):,}"]
    said += [f"new rows in {one.key} {len(ids):,}" for one, ids in zip(event_tables(project), events, strict=True)]
    said += [f"score past its time {len(expired):,}"]
    why = f"Leads since {last.started_at:%Y-%m-%d %H:%M} UTC: {', '.join(said)}. Accounts looked at: {len(accounts):,}."
    return Changed(accounts, (why,), moment)


def _why_everything(project: Project, last: LastRun, bundle: str) -> str | None:
    """Why every lead has to be looked at; None where some will do."""
    settings = project.settings
    if last.bundle != bundle:
        return "The model is another one than in the last run, so every lead is looked at."
    if settings.leads.changed_at is None or settings.leads.id is None:
        return (
            "Nothing says which leads were written since the last run, so every lead is looked at. Map the column with "
            "the time of the last change (leads.changed_at) and the lead's id (leads.id)."
        )
    seen = Seen.read(last.seen)
    if seen is None or seen.settings != settings_digest(project):
        return "The settings are others than in the last run, so every lead is looked at."
    if _column(project, "valid_until") is None:
        return "The scores do not say until when they hold (valid_until), so every lead is looked at once."
    for events in event_tables(project):
        if events.recorded is None and (late := _came_late(project, events, seen, last)) is not None:
            return late
    return None


def _came_late(project: Project, events: EventTable, seen: Seen, last: LastRun) -> str | None:
    """Whether rows of a table without `recorded_at` were added (or taken out) that are dated before the last run."""
    advice = f"Map {events.key}.recorded_at, the time at which a row was written, so that they can be told apart."
    if events.key not in seen.older:
        return f"Table '{events.table}' was being written during the last run, so every lead is looked at. {advice}"
    more = rows_before(project, events, last.as_of) - seen.older[events.key]
    if not more:
        return None
    what = f"rows dated before it {'came in late' if more > 0 else 'are gone'} ({abs(more):,})"
    return f"Table '{events.table}': since the last run {what}, so every lead is looked at. {advice}"


class _News:
    """What was written since the last run; `newest` is the newest date among it."""

    def __init__(self, project: Project, last: LastRun) -> None:
        self._project, self._last = project, last
        self._since = last.started_at - MARGIN
        self.newest = (last.as_of or last.started_at) - timedelta(microseconds=1)  # it scored right after its newest

    def of_leads(self) -> tuple[pa.Array, pa.Array]:
        """The ids of leads that were written, and the accounts that they are of, now and in their score row."""
        project, leads = self._project, self._project.settings.leads
        chosen = [Since(str(leads.changed_at), self._since)]
        seen = Seen.read(self._last.seen)
        if seen is not None and seen.ahead and self._last.as_of is not None and leads.created_at is not None:
            chosen.append(Since(leads.created_at, self._last.as_of))  # what was still to come in has no score row
        dates = [name for name in (leads.created_at, leads.closed_at) if name is not None]
        found = [self._leads(rows, dates) for rows in chosen]
        ids = pc.unique(pa.concat_arrays([ids for ids, _ in found]))
        return ids, pc.unique(pa.concat_arrays([*(accounts for _, accounts in found), _scored_accounts(project, ids)]))

    def of_events(self, events: EventTable) -> pa.Array:
        """The leads of new rows of a table."""
        since = self._since if events.recorded else self._last.as_of or self._since
        rows = Since(events.recorded or events.happened, since)
        return self._ids(self._project.source, events.table, events.lead, rows, [events.happened])

    def of_decisions(self) -> pa.Array:
        """The leads that people decided something about."""
        source, name = beside(self._project), found_name(self._project, target_name(self._project, DECISIONS_TABLE))
        if name not in source.tables():
            return pa.array([], pa.string())
        return self._ids(source, name, "lead_id", Since("decided_at", self._since), [])  # no record of the lead itself

    def accounts_of(self, ids: pa.Array) -> pa.Array:
        """The accounts of leads."""
        if not len(ids):
            return ids
        return self._leads(Among(str(self._project.settings.leads.id), ids), [])[1]

    def _leads(self, rows: Among | Since, dates: list[str]) -> tuple[pa.Array, pa.Array]:
        leads = self._project.settings.leads
        columns = list(dict.fromkeys([str(leads.id), *([leads.account] if leads.account else []), *dates]))
        ids, accounts = [pa.array([], pa.string())], [pa.array([], pa.string())]
        for batch in self._project.source.stream(self._project.leads_table, columns, rows=rows):
            ids.append(_texts(batch[str(leads.id)]))
            accounts.append(pc.coalesce(_texts(batch[leads.account]), ids[-1]) if leads.account else ids[-1])
            self._look_at(batch, dates)
        return pc.drop_null(pc.unique(pa.concat_arrays(ids))), pc.drop_null(pc.unique(pa.concat_arrays(accounts)))

    def _ids(self, source: Source, table: str, lead: str, rows: Since, dates: list[str]) -> pa.Array:
        ids = [pa.array([], pa.string())]
        for batch in source.stream(table, list(dict.fromkeys([lead, *dates])), rows=rows):
            ids.append(pc.unique(_texts(batch[lead])))
            self._look_at(batch, dates)
        return pc.drop_null(pc.unique(pa.concat_arrays(ids)))

    def _look_at(self, batch: pa.RecordBatch, dates: list[str]) -> None:
        for name in dates:
            newest = pc.max(latest_readings(distinct(pa.chunked_array([batch[name]])).values)).as_py()
            self.newest = max(self.newest, newest or self.newest)


def _expired(project: Project, moment: datetime | None) -> tuple[pa.Array, int]:
    """The leads whose score does not hold at a moment any more, and how many are scored."""
    ids, scored = [pa.array([], pa.string())], 0
    for batch in beside(project).stream(_scores(project), _UNTIL.names):
        scored += batch.num_rows
        if moment is not None:
            rows = as_published(project, _scores(project), pa.Table.from_batches([batch]), _UNTIL)
            ids.append(rows.filter(pc.less_equal(rows["valid_until"], moment))["lead_id"].combine_chunks())
    return pa.concat_arrays(ids), scored


def _scored_accounts(project: Project, ids: pa.Array) -> pa.Array:
    """The accounts that leads were of when they were scored, where the scores say so: they may have left them."""
    column = _column(project, "account_id")
    if column is None or not len(ids):
        return pa.array([], pa.string())
    found = beside(project).stream(_scores(project), [column], rows=Among("lead_id", ids))
    return pc.drop_null(pa.concat_arrays([pa.array([], pa.string()), *(_texts(batch[column]) for batch in found)]))


def _scores(project: Project) -> str:
    return found_name(project, target_name(project, project.settings.output.scores))


def _column(project: Project, name: str) -> str | None:
    """A column of the published scores; None where there is none, or no scores."""
    source, table = beside(project), _scores(project)
    return name if table in source.tables() and name in source.columns(table) else None


def _texts(column: pa.Array) -> pa.Array:
    """Trimmed texts of ids, as leads are told apart by them."""
    text = distinct(pa.chunked_array([column])).text()
    whole = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    return whole.cast(pa.string())
