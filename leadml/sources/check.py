"""From the user's tables to checked ones: every row is either kept or rejected with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pyarrow as pa

from leadml.errors import SourceError
from leadml.schema import ActivityColumns, HistoryColumns, Kind, LeadColumns, LeadTables
from leadml.sources.events import CheckedEvents, check_activities, check_history
from leadml.sources.layout import lay_out
from leadml.sources.leads import CheckedLeads, check_leads
from leadml.sources.raw import read_raw
from leadml.sources.source import Source

__all__ = ["read_leads"]

_CLOCKS_APART = timedelta(days=1)  # dates without a zone may be a local time, up to 14 h ahead of UTC


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
    at_least_one: bool = True,
) -> LeadTables:
    """Read and check leads, activities and field history.

    Without `kinds` (training) every attribute is read and its kind is inferred from all its values. With `kinds`
    (scoring: attribute -> kind, as a bundle states them) only these attributes and the answers are read, and values
    are cast to the kinds given; the lead table may then lack the outcome and other roles that scoring can do without.

    With `now` (UTC, without a zone) rows are set aside that tell of something more than a day later: nothing has
    happened in the future, and one such date would make it seem that the data goes until then.

    Without `at_least_one` no lead needs to be left, as in a part of a company.

    Raises:
        SourceError: a table or column is missing, no lead is left, or a date column contradicts itself.
    """
    where = f"{source.where}, table '{leads_table}'"
    latest = None if now is None else now + _CLOCKS_APART
    layout = lay_out(source.columns(leads_table), lead_columns, where, kinds)
    leads = check_leads(read_raw(source, leads_table, layout.needed), layout, lead_columns, kinds, latest)
    events: dict[str, CheckedEvents] = {}
    ids = leads.table["lead_id"]
    if activities_table is not None and activity_columns is not None:
        wanted = [activity_columns.lead, activity_columns.occurred_at, activity_columns.type]
        wanted += [activity_columns.value] if activity_columns.value is not None else []
        raw = read_raw(source, activities_table, list(dict.fromkeys(wanted)))
        events["activities"] = check_activities(raw, activity_columns, ids, latest)
    if history_table is not None and history_columns is not None:
        wanted = [history_columns.lead, history_columns.field, history_columns.value, history_columns.changed_at]
        raw = read_raw(source, history_table, list(dict.fromkeys(wanted)))
        events["history"] = check_history(
            raw, history_columns, ids, {**layout.roles, **layout.attributes}, leads.kinds, latest
        )
    tables = [name for name in (leads_table, activities_table, history_table) if name is not None]
    notes = [note for name in tables for note in source.assumptions(name)]
    answers = {question: name for question, name in layout.answers.items() if name in leads.kinds}
    known_at = {name: moment for name, moment in layout.known_at.items() if name in leads.kinds}
    source_name = layout.source if layout.source in leads.kinds else None
    checked = replace(_assemble(leads, events, answers, known_at, notes), source=source_name)
    return _refuse_none(checked, where) if at_least_one else checked


def _assemble(
    leads: CheckedLeads,
    events: Mapping[str, CheckedEvents],
    answers: dict[str, str],
    known_at: dict[str, str | None],
    notes: list[str],
) -> LeadTables:
    checked: dict[str, CheckedLeads | CheckedEvents] = {"leads": leads, **events}
    return LeadTables(
        leads=leads.table,
        attributes=tuple(leads.kinds),
        answers=answers,
        activities=events["activities"].table if "activities" in events else None,
        history=events["history"].table if "history" in events else None,
        rejects=pa.concat_tables([part.rejects for part in checked.values()]),
        counts={name: part.quarantine.counts() for name, part in checked.items()},
        dropped=leads.dropped,
        assumptions=(*notes, *(note for part in checked.values() for note in part.assumptions)),
        known_at=known_at,
        sensitive=leads.sensitive,
    )


def _refuse_none(tables: LeadTables, where: str) -> LeadTables:
    counts = tables.counts["leads"]
    if not counts.read:
        raise SourceError(f"{where}: there are no leads in it. Give a table with one row per lead.")
    if not counts.kept:
        raise SourceError(f"{where}: no lead is left ({tables.summary()}). Mend the rows or the mapping of columns.")
    return tables
