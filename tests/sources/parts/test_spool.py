from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leadml.errors import SourceError
from leadml.schema import ActivityColumns, HistoryColumns, Kind, LeadColumns, LeadTables
from leadml.sources import Wanted, open_source, read_leads
from leadml.sources.parts import LeadParts, open_spool, spool_leads

KINDS: dict[str, Kind] = {"size": "number", "since": "time", "note": "category"}


def wanted_of(*, account: str | None = "firm", lead: str | None = "id") -> Wanted:
    return Wanted(
        leads_table="leads.csv",
        lead_columns=LeadColumns(
            id=lead,
            created_at="created",
            outcome="status",
            closed_at="closed",
            account=account,
            deal_value="amount",
            owner="owner",
            won=("won",),
            lost=("lost",),
            answers={"budget": "budget"},
            missing_values=("unknown",),
        ),
        activities_table="acts.csv",
        activity_columns=ActivityColumns(lead="lead", occurred_at="at", type="what", value="n"),
        history_table="hist.csv",
        history_columns=HistoryColumns(lead="lead", field="field", value="value", changed_at="at"),
        kinds=KINDS,
    )


def whole(source: Any, wanted: Wanted) -> LeadTables:
    given = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
    return read_leads(source, **given)


def assert_same(parts: LeadParts, expected: LeadTables) -> None:
    read = [parts.read(number) for number in range(parts.count)]
    for name in ("leads", "activities", "history", "rejects"):
        put_together = pa.concat_tables([getattr(part, name) for part in read])
        rows = [sorted(map(repr, table.to_pylist())) for table in (put_together, getattr(expected, name))]
        assert rows[0] == rows[1], name
        assert put_together.schema == getattr(expected, name).schema
    for part in read:
        for name in ("attributes", "answers", "known_at", "source", "dropped", "assumptions"):
            assert getattr(part, name) == getattr(expected, name), name
        assert {name: count.kept for name, count in part.counts.items()} == {
            name: getattr(part, name).num_rows for name in part.counts
        }
    assert parts.counts == expected.counts
    assert parts.assumptions == expected.assumptions
    assert parts.summary() == expected.summary()
    assert (parts.newest, parts.any_open) == (expected.newest, expected.any_open)
    homes = [set(part.leads["account_id"].to_pylist()) for part in read]
    assert sum(map(len, homes)) == len(set().union(*homes))


DATES = st.sampled_from(["2024-01-05", " 2024-03-01T10:00:00Z", "2024-02-31", "soon", "31.01.2024", "04/05/2024", None])
SLASHED = st.sampled_from(["13/05/2024", "04/05/2024", "05/13/2024"])
NUMBERS = st.sampled_from(["1", "1.500", "1,500", "2,5", "-1", "inf", "x", "unknown", None])
IDS = st.sampled_from(["1", " 1", "2", "3", "4", "5", "6", "7", None, "NULL"])
LEADS = st.fixed_dictionaries(
    {
        "id": IDS,
        "firm": st.sampled_from(["a", "b", " b", "c", "d", None, "unknown", "1", "2"]),
        "created": DATES | SLASHED,
        "status": st.sampled_from(["won", "LOST", "open", None]),
        "closed": DATES,
        "amount": NUMBERS,
        "owner": st.sampled_from(["ann", "Ann", "ANN", "bo", None]),
        "size": NUMBERS,
        "since": DATES | SLASHED,
        "note": st.sampled_from(["Web", "web", "WEB", "Fair", "fair", None]),
        "budget": NUMBERS | DATES,
    }
)
ACTS = st.fixed_dictionaries(
    {
        "lead": IDS | st.just("99"),
        "at": DATES | SLASHED,
        "what": st.sampled_from(["call", "Call", "CALL", "mail", None]),
        "n": NUMBERS,
    }
)
HISTORY = st.fixed_dictionaries(
    {
        "lead": IDS,
        "field": st.sampled_from(["size", "since", "note", "budget", None]),
        "value": NUMBERS | DATES | SLASHED,
        "at": DATES,
    }
)


@given(
    leads=st.lists(LEADS, min_size=1, max_size=25),
    acts=st.lists(ACTS, max_size=15),
    history=st.lists(HISTORY, max_size=15),
    bad=st.lists(st.integers(0, 25), max_size=3),
    per_part=st.sampled_from([5, 12, 100]),
    account=st.sampled_from(["firm", None]),
    lead=st.sampled_from(["id", "id", None]),
    order=st.sampled_from(["day", "day", "month", "open", "both"]),
)
@settings(max_examples=60, phases=[Phase.explicit, Phase.generate])  # shrinking files takes minutes
def test_parts_put_together_are_what_is_read_at_once(
    tmp_path_factory: pytest.TempPathFactory,
    leads: list[dict[str, Any]],
    acts: list[dict[str, Any]],
    history: list[dict[str, Any]],
    bad: list[int],
    per_part: int,
    account: str | None,
    lead: str | None,
    order: str,
) -> None:
    folder = tmp_path_factory.mktemp("company")
    for name, rows in (("leads", leads), ("acts", acts), ("hist", history)):
        _write(folder / f"{name}.csv", rows, bad, order)
    source, wanted = open_source(str(folder)), wanted_of(account=account, lead=lead)
    try:
        expected: LeadTables | str = whole(source, wanted)
    except SourceError as fault:
        expected = str(fault)
    spool = folder / "spool"
    if isinstance(expected, str):
        with pytest.raises(SourceError) as raised:
            spool_leads(source, spool, wanted, leads_per_part=per_part)
        assert str(raised.value) == expected
        assert not spool.exists()
        return
    parts = spool_leads(source, spool, wanted, leads_per_part=per_part)
    assert_same(parts, expected)
    again = open_spool(spool)
    assert again == parts


def _write(path: Path, rows: list[dict[str, Any]], bad: list[int], order: str) -> None:
    names = COLUMNS[path.stem]
    cells = [["" if row[name] is None else f'"{row[name]}"' for name in names] for row in rows]
    lines = [",".join(names), *map(",".join, cells)]
    lines = [_dated(line, order) for line in lines]
    for place in bad:
        lines.insert(1 + min(place, len(lines) - 1), "too,few")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _dated(line: str, order: str) -> str:
    """Write the dates of a row in one order, where the company does so."""
    if order in ("month", "open"):
        line = line.replace("13/05/2024", "05/13/2024").replace("31.01.2024", "01/31/2024")
    if order in ("day", "open"):
        line = line.replace("05/13/2024", "13/05/2024" if order == "day" else "05/04/2024")
    return line.replace("01/31/2024", "01/03/2024") if order == "open" else line


COLUMNS = {
    "leads": ["id", "firm", "created", "status", "closed", "amount", "owner", "size", "since", "note", "budget"],
    "acts": ["lead", "at", "what", "n"],
    "hist": ["lead", "field", "value", "at"],
}
