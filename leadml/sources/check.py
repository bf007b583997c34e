"""From the user's tables to checked ones: every row is either kept or rejected with a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa

from leadml.errors import SourceError
from leadml.schema import ActivityColumns, Counts, HistoryColumns, Kind, LeadColumns, LeadTables
from leadml.sources.events import CheckedEvents, check_activities, check_history
from leadml.sources.layout import Layout, lay_out
from leadml.sources.leads import CheckedLeads, check_leads
from leadml.sources.raw import Raw, read_raw
from leadml.sources.source import Source
from leadml.sources.style import NO_STYLES, Styles

__all__ = ["Wanted", "check_tables", "read_leads", "refuse_none"]

_CLOCKS_APART = timedelta(days=1)  # dates without a zone may be a local time, up to 14 h ahead of UTC


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which tables of a source are read, and what their columns mean: the arguments of `read_leads`."""

    leads_table: str
    lead_columns: LeadColumns
    activities_table: str | None = None
    activity_columns: ActivityColumns | None = None
    history_table: str | None = None
    history_columns: HistoryColumns | None = None
    kinds: Mapping[str, Kind] | None = None
    now: datetime | None = None

    @property
    def latest(self) -> datetime | None:
        """Nothing on record is later."""
        return None if self.now is None else self.now + _CLOCKS_APART

    def layout(self, source: Source) -> Layout:
        """Say which columns of the lead table are read, and what each becomes.

        Raises:
            SourceError: a column that is needed is not there.
        """
        return lay_out(source.columns(self.leads_table), self.lead_columns, self.where(source), self.kinds)

    def tables(self, layout: Layout) -> dict[str, tuple[str, list[str]]]:
        """Map what is read ("leads", "activities", "history") to the table and its columns, each once."""
        tables = {"leads": (self.leads_table, layout.needed)}
        if self.activities_table is not None and (activity := self.activity_columns) is not None:
            value = [] if activity.value is None else [activity.value]
            columns = [activity.lead, activity.occurred_at, activity.type, *value]
            tables["activities"] = (self.activities_table, list(dict.fromkeys(columns)))
        if self.history_table is not None and (history := self.history_columns) is not None:
            columns = [history.lead, history.field, history.value, history.changed_at]
            tables["history"] = (self.history_table, list(dict.fromkeys(columns)))
        return tables

    def where(self, source: Source) -> str:
        """Name the lead table in messages."""
        return f"{source.where}, table '{self.leads_table}'"

    def notes(self, source: Source) -> list[str]:
        """Say what the source assumed to read the tables."""
        tables = [name for name in (self.leads_table, self.activities_table, self.history_table) if name is not None]
        return [note for name in tables for note in source.assumptions(name)]


def read_leads(
    source: Source,
    *,
    leads_table: str,
    lead_columns: LeadColumns,
    activities_table: str | None = None,
    activity_columns: ActivityColumns | None = None,
    history_table: str | None = None,
    history_columns: HistoryColumns | None = None,
    kinds: Mapping[str, Kind] | None = None,
    now: datetime | None = None,
) -> LeadTables:
    """Read and check leads, activities and field history.

    Without `kinds` (training) every attribute is read and its kind is inferred from all its values. With `kinds`
    (scoring: attribute -> kind, as a bundle states them) only these attributes and the answers are read, and values
    are cast to the kinds given; the lead table may then lack the outcome and other roles that scoring can do without.

    With `now` (UTC, without a zone) rows are set aside that tell of something more than a day later: nothing has
    happened in the future, and one such date would make it seem that the data goes until then.

    Raises:
        SourceError: a table or column is missing, no lead is left, or a date column contradicts itself.
    """
    wanted = Wanted(
        leads_table=leads_table,
        lead_columns=lead_columns,
        activities_table=activities_table,
        activity_columns=activity_columns,
        history_table=history_table,
        history_columns=history_columns,
        kinds=kinds,
        now=now,
    )
    layout = wanted.layout(source)
    places = wanted.tables(layout)
    tables = check_tables(lambda name: read_raw(source, *places[name]), wanted, layout, notes=wanted.notes(source))
    refuse_none(tables.counts["leads"], wanted.where(source), tables.summary)
    return tables


def check_tables(
    raw: Callable[[str], Raw],
    wanted: Wanted,
    layout: Layout,
    *,
    styles: Mapping[str, Styles] | None = None,
    notes: Sequence[str] = (),
) -> LeadTables:
    """Check tables, or a part of them: whole leads with all that is known of them.

    `raw` gives the rows of "leads", "activities" and "history"; `styles`, by the same names, are those of the whole
    tables where these are parts. `notes` are further assumptions.

    Raises:
        SourceError: a date column contradicts itself, or a column is not what its role asks for.
    """
    manner = defaultdict(lambda: NO_STYLES, styles or {})
    leads = check_leads(raw("leads"), layout, wanted.lead_columns, wanted.kinds, wanted.latest, manner["leads"])
    events: dict[str, CheckedEvents] = {}
    ids = leads.table["lead_id"]
    places = wanted.tables(layout)
    if "activities" in places and wanted.activity_columns is not None:
        events["activities"] = check_activities(
            raw("activities"), wanted.activity_columns, ids, wanted.latest, manner["activities"]
        )
    if "history" in places and wanted.history_columns is not None:
        names = {**layout.roles, **layout.attributes}
        events["history"] = check_history(
            raw("history"), wanted.history_columns, ids, names, leads.kinds, wanted.latest, manner["history"]
        )
    return _assemble(leads, events, layout, notes)


def refuse_none(counts: Counts, where: str, summary: Callable[[], str]) -> None:
    """Refuse a lead table of which nothing is left.

    Raises:
        SourceError: there is no lead in it, or no good one.
    """
    if not counts.read:
        raise SourceError(f"{where}: there are no leads in it. Give a table with one row per lead.")
    if not counts.kept:
        raise SourceError(f"{where}: no lead is left ({summary()}). Mend the rows or the mapping of columns.")


def _assemble(
    leads: CheckedLeads, events: Mapping[str, CheckedEvents], layout: Layout, notes: Sequence[str]
) -> LeadTables:
    checked: dict[str, CheckedLeads | CheckedEvents] = {"leads": leads, **events}
    return LeadTables(
        leads=leads.table,
        attributes=tuple(leads.kinds),
        answers={question: name for question, name in layout.answers.items() if name in leads.kinds},
        activities=events["activities"].table if "activities" in events else None,
        history=events["history"].table if "history" in events else None,
        rejects=pa.concat_tables([part.rejects for part in checked.values()]),
        counts={name: part.quarantine.counts() for name, part in checked.items()},
        dropped=leads.dropped,
        assumptions=(*notes, *(note for part in checked.values() for note in part.assumptions)),
        known_at={name: moment for name, moment in layout.known_at.items() if name in leads.kinds},
        source=layout.source if layout.source in leads.kinds else None,
        sensitive=leads.sensitive,
    )
