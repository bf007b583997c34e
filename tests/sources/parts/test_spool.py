from __future__ import annotations

import errno
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from leadml.errors import SourceError
from leadml.schema import ActivityColumns, HistoryColumns, Kind, LeadColumns, LeadTables
from leadml.sources import Wanted, open_source, read_leads, write_rejects
from leadml.sources.parts import Further, LeadParts, files, open_spool, spool_leads
from leadml.sources.parts.files import write_rows
from leadml.sources.quarantine import REJECTS_SCHEMA

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
@settings(max_examples=15, phases=[Phase.explicit, Phase.generate])  # shrinking files takes minutes
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


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    folder.mkdir()
    leads = {
        "id": [str(number) for number in range(60)] + ["3", " 7 "],
        "firm": [f"firm {number % 25}" if number % 7 else None for number in range(60)] + ["firm 9", "firm 11"],
        "created": ["2024-01-05"] * 59 + ["last week", "2024-02-01", "2024-02-02"],
        "status": ["won", "lost", None, "open"] * 15 + ["won", "won"],
        "closed": ["2024-03-01"] * 62,
        **{name: [None] * 62 for name in ("amount", "owner", "size", "since", "note", "budget")},
    }
    acts = {"lead": [str(number % 61) for number in range(200)], "at": ["2024-02-01"] * 200}
    acts |= {"what": ["call", "mail"] * 100, "n": ["1"] * 199 + ["many"]}
    scores = {"probability": list(range(70)), "lead_id": [str(number) for number in range(70)]}
    history = {"lead": ["1"], "field": ["size"], "value": ["2"], "at": ["2024-02-01"]}
    for name, columns in (("leads", leads), ("acts", acts), ("hist", history), ("scores", scores)):
        pa_csv.write_csv(pa.table(columns), folder / f"{name}.csv")
    return folder


def spooled(company: Path, **more: Any) -> LeadParts:
    more = {"leads_per_part": 10, **more}
    return spool_leads(open_source(str(company)), company.parent / "spool", wanted_of(), **more)


def test_accounts_are_whole_and_lie_in_several_parts(company: Path) -> None:
    parts = spooled(company)
    homes = [set(parts.read(number).leads["account_id"].to_pylist()) for number in range(parts.count)]
    assert sum(bool(home) for home in homes) > 3
    assert sum(map(len, homes)) == len(set().union(*homes))


def test_without_accounts_the_parts_follow_the_table_and_doubled_rows_their_lead(company: Path) -> None:
    parts = spool_leads(open_source(str(company)), company.parent / "spool", wanted_of(account=None), leads_per_part=10)
    homes = [list(map(int, parts.read(number).leads["lead_id"].to_pylist())) for number in range(parts.count)]
    assert all(max(one) < min(other) for one, other in pairwise(homes))
    assert max(map(len, homes)) <= 10


def test_rejects_are_written_in_the_order_of_tables_and_rows_as_those_of_the_whole(company: Path) -> None:
    further = pa.table(
        [["lead_decisions"], [9], ["1"], ["decision"], ["="], ["unknown decision"]], schema=REJECTS_SCHEMA
    )
    parts, expected = spooled(company), whole(open_source(str(company)), wanted_of())
    assert expected.rejects.num_rows > 5
    parts.write_rejects(company / "parts.csv", further)
    write_rejects(replace(expected, rejects=pa.concat_tables([expected.rejects, further])), company / "whole.csv")
    assert (company / "parts.csv").read_text("utf-8") == (company / "whole.csv").read_text("utf-8")


def test_rows_of_further_tables_lie_beside_their_lead_and_each_is_in_one_part(company: Path) -> None:
    how = {"scores.csv": Further("lead_id", ["probability"])}
    parts = spooled(company, further=how)
    found = []
    for number in range(parts.count):
        others, leads = parts.others(number, "scores.csv"), set(parts.read(number).leads["lead_id"].to_pylist())
        assert others.column_names == ["lead_id", "probability"]
        assert leads <= set(others["lead_id"].to_pylist())
        found += others["lead_id"].to_pylist()
    assert sorted(found) == sorted(str(number) for number in range(70))


def test_some_accounts_are_read_with_all_that_is_known_of_them(company: Path) -> None:
    chosen = ["firm 1", "firm 9", "14", "firm 99"]  # lead 14 has no account
    parts = spooled(company, accounts=pa.array(chosen), further={"scores.csv": Further("lead_id")})
    expected = whole(open_source(str(company)), wanted_of())
    leads = expected.leads.filter(pc.is_in(expected.leads["account_id"], value_set=pa.array(chosen)))
    acts = expected.activities
    assert acts is not None
    acts = acts.filter(pc.is_in(acts["lead_id"], value_set=leads["lead_id"].combine_chunks()))
    read = [parts.read(number) for number in range(parts.count)]
    assert leads.num_rows > 3
    for name, rows in (("leads", leads), ("activities", acts)):
        found = pa.concat_tables([getattr(part, name) for part in read]).to_pylist()
        ids = {row["lead_id"] for row in found}
        everything = [row for row in getattr(expected, name).to_pylist() if row["lead_id"] in ids]
        assert sorted(map(repr, found)) == sorted(map(repr, everything))
        assert {row["lead_id"] for row in rows.to_pylist()} <= ids
    ids = {row for part in read for row in part.leads["lead_id"].to_pylist()}
    assert leads.num_rows < len(ids) < 15  # leads 3 and 7 are there twice, in two accounts each
    others = {row for number in range(parts.count) for row in parts.others(number, "scores.csv")["lead_id"].to_pylist()}
    assert others == ids | {"59"}  # which is of firm 9, and was rejected


def test_a_spool_is_the_owners_alone(company: Path) -> None:
    assert spooled(company).folder.stat().st_mode & 0o777 == 0o700


def test_a_spool_that_is_not_complete_is_none_and_is_made_again(company: Path) -> None:
    parts = spooled(company)
    (parts.folder / "manifest.json").unlink()
    assert open_spool(parts.folder) is None
    assert open_spool(spooled(company).folder) is not None
    with (parts.folder / "checked" / "leads" / "0").open("ab") as file:
        file.write(b"more")
    assert open_spool(parts.folder) is None


def test_a_damaged_spool_is_refused_in_one_line(company: Path) -> None:
    parts = spooled(company)
    damaged = parts.folder / "checked" / "leads" / "0"
    damaged.write_bytes(b"\xff" * damaged.stat().st_size)
    again = open_spool(parts.folder)
    assert again is not None
    with pytest.raises(SourceError, match=r"leads/0, leadml's own copy .* cannot be read .*\. Remove its folder"):
        again.read(0)
    (parts.folder / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(SourceError, match=r"manifest.json is damaged .*\. Remove its folder; the leads are read again"):
        open_spool(parts.folder)


def test_a_full_disk_leaves_nothing_behind(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, rows: pa.Table) -> None:
        if "activities" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        write_rows(path, rows)

    monkeypatch.setattr(files, "write_rows", full)
    with pytest.raises(SourceError, match=r"spool, where leadml keeps .* \(No space left on device\)\. Make room"):
        spooled(company)
    assert not (company.parent / "spool").exists()


def test_a_folder_that_holds_something_else_is_not_touched(company: Path) -> None:
    folder = company.parent / "spool"
    folder.mkdir()
    (folder / "letter.txt").write_text("dear", "utf-8")
    with pytest.raises(SourceError, match=r"holds 'letter.txt', which leadml did not write. Choose another folder"):
        spooled(company)
    assert (folder / "letter.txt").read_text("utf-8") == "dear"
