from __future__ import annotations

import csv
import os
import random
import sqlite3
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.config import Settings, keys, load_settings, parse_settings
from leadml.errors import ConfigError, SourceError
from leadml.operations.guess.names import words
from leadml.operations.guess.written import written
from leadml.operations.init import Guess, Proposal, guess_tables, propose, write_settings

Rows = dict[str, list[Any]]
START = datetime(2024, 1, 1)  # noqa: DTZ001 - a lead table's own clock


def dates(rng: random.Random, n: int, form: str = "%Y-%m-%d %H:%M:%S") -> list[str]:
    return [(START + timedelta(minutes=rng.randrange(700_000))).strftime(form) for _ in range(n)]


def write_csv(path: Path, rows: Rows, *, delimiter: str = ",", encoding: str = "utf-8") -> str:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(rows)
        writer.writerows(zip(*rows.values(), strict=True))
    return str(path)


def write_database(path: Path, tables: Mapping[str, Rows]) -> str:
    with sqlite3.connect(path) as connection:
        for table, rows in tables.items():
            connection.execute(f"CREATE TABLE {table} ({', '.join(rows)})")
            marks = ", ".join("?" * len(rows))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", zip(*rows.values(), strict=True))
    connection.close()
    return f"sqlite:///{path}"


def values_of(proposal: Proposal) -> dict[str, Any]:
    return {path: guess.value for path, guess in proposal.guesses.items()}


def loaded(proposal: Proposal, folder: Path) -> Settings:
    path = folder / "leadml.toml"
    write_settings(proposal, path)
    return load_settings(path)


def salesforce(n: int = 300) -> Rows:
    rng = random.Random(1)
    won = [rng.random() < 0.3 for _ in range(n)]
    return {
        "Lead ID": [f"00Q{i:012d}AAA" for i in range(n)],
        "Created Date": dates(rng, n, "%d/%m/%Y %H:%M"),
        "Lead Owner": [rng.choice(["Anna Roe", "Bo Li", "Cy Young", "Di Fox"]) for _ in range(n)],
        "Company / Account": [f"Company {rng.randrange(n // 2)}" for _ in range(n)],
        "Title": [rng.choice(["CEO", "Buyer", "Engineer", "CFO"]) for _ in range(n)],
        "Email": [f"p{i}@example.com" for i in range(n)],
        "Phone": [f"+49 30 {rng.randrange(10**6, 10**7)}" for _ in range(n)],
        "First Name": [f"{rng.choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}na{i}" for i in range(n)],
        "Industry": [rng.choice(["Retail", "Health", "-"]) for _ in range(n)],
        "Annual Revenue": [rng.randrange(10**5, 10**8) for _ in range(n)],
        "No. of Employees": [rng.randrange(1, 5000) for _ in range(n)],
        "Do Not Call": [rng.choice([0, 1]) for _ in range(n)],
        "Rating": [rng.choice(["Hot", "Warm", "Cold"]) for _ in range(n)],
        "Converted": [int(w) for w in won],
        "Converted Date": ["05/11/2025" if w else "" for w in won],
    }


def hubspot(n: int = 300) -> Rows:
    rng = random.Random(2)
    stages = ["Closed Won", "Closed Lost", "Closed Lost", "Contract sent", "Qualified to buy"]
    stage = [rng.choice(stages) for _ in range(n)]
    return {
        "hs_object_id": [10_000_000 + 7 * rng.randrange(1000) * 1000 + i for i in range(n)],
        "dealname": [f"Deal {i}" for i in range(n)],
        "createdate": dates(rng, n, "%Y-%m-%dT%H:%M:%SZ"),
        "closedate": [d if s.startswith("Closed") else "" for d, s in zip(dates(rng, n), stage, strict=True)],
        "Deal Stage": stage,
        "Is Won": [str(s == "Closed Won").lower() for s in stage],
        "amount": [rng.randrange(1000, 90_000) for _ in range(n)],
        "hubspot_owner_id": [rng.choice([11, 12, 13]) for _ in range(n)],
        "associatedcompanyid": [rng.randrange(n // 3) for _ in range(n)],
        "Lifecycle Stage": [rng.choice(["lead", "opportunity", "customer"]) for _ in range(n)],
        "num_page_views": [rng.randrange(50) for _ in range(n)],
        "hs_lastmodifieddate": dates(rng, n, "%Y-%m-%dT%H:%M:%SZ"),
    }


def german(n: int = 200) -> Rows:
    rng = random.Random(3)
    return {
        "Kennung": [f"L-{i:05d}" for i in range(n)],
        "Erstelldatum": dates(rng, n, "%d.%m.%Y"),
        "Ergebnis": [rng.choice(["gewonnen", "verloren", "offen"]) for _ in range(n)],
        "Abschlussdatum": dates(rng, n, "%d.%m.%Y"),
        "Firma": [f"Firma {rng.randrange(80)}" for _ in range(n)],
        "Betreuer": [rng.choice(["Jörg", "Änne", "Uwe"]) for _ in range(n)],
        "Funktion": [rng.choice(["Einkauf", "Geschäftsführung"]) for _ in range(n)],
        "Auftragswert": [rng.randrange(100, 9999) for _ in range(n)],
        "Bedarf": [rng.choice(["ja", "nein", "unklar"]) for _ in range(n)],
        "E-Mail": [f"x{i}@beispiel.de" for i in range(n)],
    }


def spanish(n: int = 200) -> Rows:
    rng = random.Random(4)
    return {
        "id": [f"{i:06d}x" for i in range(n)],
        "fecha_creación": dates(rng, n),
        "estado": [rng.choice(["ganado", "perdido", "abierto"]) for _ in range(n)],
        "fecha_cierre": dates(rng, n),
        "empresa": [f"Empresa {rng.randrange(70)}" for _ in range(n)],
        "vendedor": [rng.choice(["Ana", "Luis"]) for _ in range(n)],
        "cargo": [rng.choice(["Compras", "Dirección"]) for _ in range(n)],
        "presupuesto": [rng.choice(["sí", "no"]) for _ in range(n)],
        "plazo": [rng.choice(["1 mes", "6 meses", "1 año"]) for _ in range(n)],
        "teléfono": [f"+34 91 {rng.randrange(10**6, 10**7)}" for _ in range(n)],
    }


def company_database(n: int = 400) -> dict[str, Rows]:
    """Build tables as a company's own lead database may have them: dated, with activities and field history."""
    rng = random.Random(5)
    status = [rng.choice(["won", "lost", "open", "Won "]) for _ in range(n)]
    ids = [f"L{i:06d}" for i in range(n - 4)] + ["L000001", "L000002", "L000003", "L000004"]
    leads: Rows = {
        "lead_id": ids,
        "account_id": [f"A{rng.randrange(n // 2):05d}" for _ in range(n)],
        "created_at": [*dates(rng, n - 3), "2025-13-45 00:00:00", "1900-01-01", "yesterday"],
        "status": status,
        "closed_at": [d if s != "open" else None for d, s in zip(dates(rng, n), status, strict=True)],
        "source": [rng.choice(["web", "fair", "cold call"]) for _ in range(n)],
        "direction": [rng.choice(["inbound", "outbound", "Inbound"]) for _ in range(n)],
        "industry": [rng.choice(["retail", "Retail", "health"]) for _ in range(n)],
        "country": [rng.choice(["DE", "FR", "ES"]) for _ in range(n)],
        "company_size": [rng.randrange(1, 900) for _ in range(n)],
        "role": [rng.choice(["buyer", "ceo", "user"]) for _ in range(n)],
        "owner": [f"owner {rng.randrange(12)}" for _ in range(n)],
        "team": [rng.choice(["north", "south"]) for _ in range(n)],
        "deal_value": [round(rng.uniform(-10, 9000), 2) for _ in range(n)],
        "lead_cost": [round(rng.uniform(1, 90), 2) for _ in range(n)],
        "product_interest": [rng.choice(["basic", "pro"]) for _ in range(n)],
        "e_mail": [f"p{i}@example.org" for i in range(n)],
        "phone": [f"+1 555 {rng.randrange(10**6, 10**7)}" for _ in range(n)],
        "full_name": [f"Kim No{i}" for i in range(n)],
        "note": [f"called {i} times, \N{ROCKET} nice talk\nagain" for i in range(n)],
        "onboarding_manager": ["Sam" if s.strip().lower() == "won" else None for s in status],
        "budget": [rng.choice(["approved", "planned", "none", None]) for _ in range(n)],
        "authority": [rng.choice(["decision maker", "user", None]) for _ in range(n)],
        "need": [rng.choice(["defined", "none", None]) for _ in range(n)],
        "timeline": [rng.choice(["this quarter", "no plan", None]) for _ in range(n)],
    }
    kinds = ["page_view", "pricing_page", "email_open", "demo_request", "trial_use", "intent_signal"]
    m = 5 * n
    activities: Rows = {
        "lead_id": [rng.choice(ids) for _ in range(m)],
        "occurred_at": dates(rng, m),
        "type": [rng.choice(kinds) for _ in range(m)],
        "value": [rng.randrange(1, 5) for _ in range(m)],
    }
    history: Rows = {
        "lead_id": [rng.choice(ids) for _ in range(m)],
        "field": [rng.choice(["budget", "need"]) for _ in range(m)],
        "value": [rng.choice(["approved", "defined"]) for _ in range(m)],
        "changed_at": dates(rng, m),
    }
    accounts: Rows = {"account_id": [f"A{i:05d}" for i in range(n)], "name": [f"Firm {i}" for i in range(n)]}
    return {"leads": leads, "activities": activities, "field_history": history, "accounts": accounts}


def test_a_salesforce_export_is_understood(tmp_path: Path) -> None:
    proposal = propose(write_csv(tmp_path / "leads.csv", salesforce()))
    found = values_of(proposal)
    expected = {
        "leads.id": "Lead ID",
        "leads.created_at": "Created Date",
        "leads.outcome": "Converted",
        "leads.won": ["1"],
        "leads.lost": ["0"],
        "leads.closed_at": "Converted Date",
        "leads.account": "Company / Account",
        "leads.owner": "Lead Owner",
        "leads.role": "Title",
        "leads.personal": ["Email", "Phone", "First Name"],
        "leads.missing_values": ["-"],
    }
    assert {path: found.get(path) for path in expected} == expected
    assert "leads.deal_value" not in found  # a company's annual revenue is no deal
    assert "Rating" in {suggestion.column for suggestion in proposal.suggestions}
    read = loaded(proposal, tmp_path)
    assert read.leads.created_at == "Created Date"
    assert read.output.scores == "lead_scores.csv"


def test_a_hubspot_export_is_understood(tmp_path: Path) -> None:
    proposal = propose(write_csv(tmp_path / "deals.csv", hubspot()))
    found = values_of(proposal)
    expected = {
        "leads.id": "hs_object_id",
        "leads.created_at": "createdate",
        "leads.closed_at": "closedate",
        "leads.outcome": "Deal Stage",
        "leads.won": ["Closed Won"],
        "leads.lost": ["Closed Lost"],
        "leads.deal_value": "amount",
        "leads.owner": "hubspot_owner_id",
        "leads.groups.num_page_views": "engagement",
    }
    assert {path: found.get(path) for path in expected} == expected
    assert "'Contract sent'" in proposal.guesses["leads.lost"].evidence
    assert "still open" in proposal.guesses["leads.lost"].evidence
    suspects = {suggestion.column: suggestion.reason for suggestion in proposal.suggestions}
    assert "the outcome under another name" in suspects["Is Won"]
    assert "hs_lastmodifieddate" in suspects
    assert loaded(proposal, tmp_path).leads.won == ("Closed Won",)


def test_german_names_semicolons_and_an_old_encoding_are_understood(tmp_path: Path) -> None:
    proposal = propose(write_csv(tmp_path / "leads.csv", german(), delimiter=";", encoding="cp1252"))
    found = values_of(proposal)
    expected = {
        "source.delimiter": ";",
        "source.encoding": "cp1252",
        "leads.id": "Kennung",
        "leads.created_at": "Erstelldatum",
        "leads.closed_at": "Abschlussdatum",
        "leads.outcome": "Ergebnis",
        "leads.won": ["gewonnen"],
        "leads.lost": ["verloren"],
        "leads.account": "Firma",
        "leads.owner": "Betreuer",
        "leads.role": "Funktion",
        "leads.deal_value": "Auftragswert",
        "leads.answers.need": "Bedarf",
        "leads.personal": ["E-Mail"],
    }
    assert {path: found.get(path) for path in expected} == expected
    assert proposal.guesses["source.encoding"].confidence == "unsure"
    assert loaded(proposal, tmp_path).source.encoding == "cp1252"


def test_spanish_names_in_parquet_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "leads.parquet"
    pq.write_table(pa.table(spanish()), path)
    proposal = propose(str(path))
    found = values_of(proposal)
    expected = {
        "leads.id": "id",
        "leads.created_at": "fecha_creación",
        "leads.closed_at": "fecha_cierre",
        "leads.outcome": "estado",
        "leads.won": ["ganado"],
        "leads.lost": ["perdido"],
        "leads.account": "empresa",
        "leads.owner": "vendedor",
        "leads.role": "cargo",
        "leads.answers.budget": "presupuesto",
        "leads.answers.timeline": "plazo",
        "leads.personal": ["teléfono"],
        "output.scores": "lead_scores.parquet",
    }
    assert {path: found.get(path) for path in expected} == expected
    assert "source.delimiter" not in found
    assert loaded(proposal, tmp_path).leads.closed_at == "fecha_cierre"


def test_a_lead_database_is_understood_with_activities_and_history(tmp_path: Path) -> None:
    proposal = propose(write_database(tmp_path / "crm.db", company_database()))
    found = values_of(proposal)
    expected = {
        "leads.table": "leads",
        "leads.id": "lead_id",
        "leads.created_at": "created_at",
        "leads.outcome": "status",
        "leads.closed_at": "closed_at",
        "leads.account": "account_id",
        "leads.owner": "owner",
        "leads.team": "team",
        "leads.role": "role",
        "leads.deal_value": "deal_value",
        "leads.cost": "lead_cost",
        "leads.source": "source",
        "leads.direction": "direction",
        "leads.answers.budget": "budget",
        "leads.answers.authority": "authority",
        "leads.answers.need": "need",
        "leads.answers.timeline": "timeline",
        "leads.personal": ["e_mail", "phone", "full_name"],
        "activities.table": "activities",
        "activities.lead": "lead_id",
        "activities.occurred_at": "occurred_at",
        "activities.type": "type",
        "activities.value": "value",
        "activities.intent_types": ["demo_request", "intent_signal", "pricing_page", "trial_use"],
        "history.table": "field_history",
        "history.lead": "lead_id",
        "history.field": "field",
        "history.value": "value",
        "history.changed_at": "changed_at",
        "rules.preset": "bant",
    }
    assert {path: found.get(path) for path in expected} == expected
    assert [suggestion.column for suggestion in proposal.suggestions] == ["onboarding_manager"]
    assert proposal.suggestions[0].reason == "filled in for 100 % of won and 0 % of lost leads"
    read = loaded(proposal, tmp_path)
    assert read.source_url() == f"sqlite:///{tmp_path / 'crm.db'}"
    assert read.activities is not None
    assert read.history is not None


def test_tables_and_keys_with_other_names_are_understood(tmp_path: Path) -> None:
    tables = company_database(200)
    renamed = {
        "prospects": {
            "ProspectID": tables["leads"]["lead_id"],
            "SignupDate": tables["leads"]["created_at"],
            "Outcome": tables["leads"]["status"],
        },
        "touchpoints": {
            "prospect": tables["activities"]["lead_id"],
            "timestamp": tables["activities"]["occurred_at"],
            "action": tables["activities"]["type"],
        },
        "audit_log": {
            "record_id": tables["field_history"]["lead_id"],
            "property": tables["field_history"]["field"],
            "old_value": tables["field_history"]["value"],
            "new_value": tables["field_history"]["value"],
            "modified_on": tables["field_history"]["changed_at"],
        },
        "lead_scores": {"lead_id": tables["leads"]["lead_id"], "status": tables["leads"]["status"]},
    }
    found = values_of(propose(write_database(tmp_path / "crm.db", renamed)))
    expected = {
        "leads.table": "prospects",
        "leads.id": "ProspectID",
        "leads.created_at": "SignupDate",
        "activities.table": "touchpoints",
        "activities.lead": "prospect",
        "activities.type": "action",
        "history.table": "audit_log",
        "history.field": "property",
        "history.value": "new_value",
        "history.changed_at": "modified_on",
    }
    assert {path: found.get(path) for path in expected} == expected


def test_a_folder_of_files_is_a_source_of_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    tables = company_database(200)
    write_csv(folder / "leads.csv", tables["leads"], delimiter=";")
    write_csv(folder / "activities.csv", tables["activities"], delimiter=";")
    monkeypatch.chdir(tmp_path)
    proposal = propose("data/")
    found = values_of(proposal)
    assert (found["leads.table"], found["activities.table"]) == ("leads.csv", "activities.csv")
    assert found["source.delimiter"] == ";"
    read = loaded(proposal, tmp_path)
    assert read.source.url == "data/"


def test_numbers_that_rise_stand_for_time_where_there_are_no_dates() -> None:
    table = pa.table(
        {
            "Lead Number": [str(9000 - 3 * i) for i in range(100)],
            "Prospect ID": [f"{i:08x}-0000-0000-0000-000000000000" for i in range(100)],
            "Converted": ["1", "0"] * 50,
        }
    )
    guesses, _ = guess_tables({"leads": table})
    assert guesses["leads.id"].value == "Prospect ID"
    assert guesses["leads.order_by"].value == "Lead Number"
    assert "falls in 100 % of the rows" in guesses["leads.order_by"].evidence


def test_a_number_never_stands_for_time_beside_dates() -> None:
    table = pa.table(salesforce(100)).append_column("Lead Number", pa.array(range(100)))
    guesses, _ = guess_tables({"leads": table})
    assert "leads.order_by" not in guesses
    assert guesses["leads.exclude"].value == ["Lead Number"]


def test_without_dates_and_numbers_the_order_of_rows_is_offered_as_one_line(tmp_path: Path) -> None:
    rows: Rows = {"age": [i % 50 for i in range(100)], "y": ["yes", "no"] * 50}
    proposal = propose(write_csv(tmp_path / "bank.csv", rows))
    path = tmp_path / "leadml.toml"
    write_settings(proposal, path)
    text = path.read_text(encoding="utf-8")
    assert "\n#rows_in_time_order = true\n" in text
    assert not load_settings(path).leads.rows_in_time_order
    by_hand = text.replace("\n#rows_in_time_order", "\nrows_in_time_order")
    assert parse_settings(by_hand, path=path).leads.rows_in_time_order


def test_a_previous_outcome_is_not_taken_for_the_outcome() -> None:
    table = pa.table(
        {
            "poutcome": ["success", "failure", "nonexistent", "failure"] * 25,
            "default": ["no", "no", "no", "yes"] * 25,
            "y": ["yes", "no", "no", "no"] * 25,
        }
    )
    guesses, _ = guess_tables({"leads": table})
    assert guesses["leads.outcome"].value == "y"


@pytest.mark.parametrize(
    ("column", "levels", "won", "lost"),
    [
        ("Lead Status", ["Open", "Closed - Converted", "Closed - Not Converted"], ["Closed - Converted"], 1),
        ("converted", ["true", "false"], ["true"], 1),
        ("Outcome", ["WON", "LOST"], ["WON"], 1),
        ("Opportunity Result", ["Won", "Loss"], ["Won"], 1),
        ("statecode", ["Open", "Qualified", "Disqualified"], ["Qualified"], 1),
        ("is_won", ["1.0", "0.0"], ["1.0"], 1),
        ("Status", ["Customer", "Disqualified", "Working", "Unqualified"], ["Customer"], 2),
    ],
)
def test_values_that_mean_won_and_lost_are_told_apart(
    column: str, levels: list[str], won: list[str], lost: int
) -> None:
    guesses, _ = guess_tables({"leads": pa.table({"x": list("abcd") * 30, column: (levels * 60)[:120]})})
    assert guesses["leads.outcome"].value == column
    assert guesses["leads.won"].value == won
    found = guesses["leads.lost"].value
    assert isinstance(found, list)
    assert len(found) == lost
    assert not set(found) & set(won)


def test_where_no_value_says_lost_every_other_one_does_or_time_tells() -> None:
    stages = {"Lifecycle Stage": ["lead", "customer", "opportunity"] * 40}
    guesses, _ = guess_tables({"leads": pa.table(stages)})
    assert (guesses["leads.lost"].value, guesses["leads.lost"].confidence) == (["*"], "unsure")
    rng = random.Random(0)
    dated = stages | {"Created": dates(rng, 120), "Closed": dates(rng, 120)}
    guesses, _ = guess_tables({"leads": pa.table(dated)})
    assert guesses["leads.lost"].value == []
    assert "time tells" in guesses["leads.lost"].evidence


def test_two_columns_that_may_be_the_outcome_make_the_guess_unsure() -> None:
    table = pa.table({"Converted": ["1", "0"] * 20, "Won": ["0", "1"] * 20})
    guesses, _ = guess_tables({"leads": table})
    assert guesses["leads.outcome"].confidence == "unsure"
    assert "might also be" in guesses["leads.outcome"].evidence


NO_OUTCOME: Rows = {"age": list(range(60)), "flag": ["A", "B"] * 30, "colour": ["red", "blue", "green"] * 20}


def test_where_no_column_is_an_outcome_the_possible_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        propose(write_csv(tmp_path / "leads.csv", NO_OUTCOME))
    message = str(refused.value)
    assert message.startswith("no column says clearly which leads were won and which were lost.")
    assert "'flag' with 'A', 'B'; 'colour' with 'blue', 'green', 'red'" in message
    assert message.endswith("State it: leadml init SOURCE --outcome COLUMN")


def test_a_stated_outcome_is_taken(tmp_path: Path) -> None:
    url = write_csv(tmp_path / "leads.csv", NO_OUTCOME | {"kept": ["yes", "no"] * 30})
    found = propose(url, outcome="kept").guesses
    assert (found["leads.won"].value, found["leads.lost"].value) == (["yes"], ["no"])
    assert found["leads.outcome"] == Guess("kept", "sure", "you said so")


def test_a_stated_outcome_needs_values_that_mean_won(tmp_path: Path) -> None:
    url = write_csv(tmp_path / "leads.csv", NO_OUTCOME)
    with pytest.raises(
        ConfigError, match=r"--outcome flag: none of its values says that it means won; it has 'A', 'B'"
    ):
        propose(url, outcome="flag")
    with pytest.raises(ConfigError, match=r"'C' is none of its values; .* --outcome 'flag' --won VALUE"):
        propose(url, outcome="flag", won=["C"])
    found = propose(url, outcome="flag", won=["A"]).guesses
    assert (found["leads.won"].value, found["leads.lost"].value) == (["A"], ["*"])


def test_leads_of_which_none_has_closed_need_only_be_told_what_won_means(tmp_path: Path) -> None:
    url = write_csv(tmp_path / "leads.csv", NO_OUTCOME | {"ended": [""] * 60})
    with pytest.raises(ConfigError, match="it has no value in any row; say which mean won"):
        propose(url, outcome="ended")
    found = propose(url, outcome="ended", won=["yes"]).guesses
    assert (found["leads.won"].value, found["leads.lost"].value) == (["yes"], ["*"])


def test_a_number_that_is_not_in_use_is_shown_as_a_number(tmp_path: Path) -> None:
    url = write_csv(tmp_path / "leads.csv", NO_OUTCOME)
    write_settings(propose(url, outcome="flag", won=["A"]), tmp_path / "leadml.toml", force=True)
    text = (tmp_path / "leadml.toml").read_text(encoding="utf-8")
    for line in ("#base_rate = 0.1", "#points_that_double_odds = 20", "#time_limit_seconds = 600"):
        assert line in text.splitlines()


def test_a_stated_outcome_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--outcome sold: there is no such column; there are 'age', 'flag', 'colour'"):
        propose(write_csv(tmp_path / "leads.csv", NO_OUTCOME), outcome="sold")


def test_tables_that_are_alike_have_to_be_told_apart_by_hand(tmp_path: Path) -> None:
    rows: Rows = {"id": list(range(50)), "status": ["won", "lost"] * 25}
    url = write_database(tmp_path / "crm.db", {"opportunities": rows, "deals": rows})
    with pytest.raises(ConfigError, match=r"there are 'deals', 'opportunities'\. State it: .* --table TABLE"):
        propose(url)
    assert propose(url, leads_table="deals").guesses["leads.table"] == Guess("deals", "sure", "you said so")
    with pytest.raises(ConfigError, match="there is no table 'leads'; there are 'deals', 'opportunities'"):
        propose(url, leads_table="leads")


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    url = write_database(tmp_path / "crm.db", {"leads": {"id": [], "status": []}})
    with pytest.raises(ConfigError, match="the table 'leads' has no rows; bring one row per lead"):
        propose(url)


def test_a_folder_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there are no tables and no CSV or Parquet files in it"):
        propose(str(tmp_path))


def test_an_outcome_with_one_value_is_named_as_what_it_is(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "leads.csv", {"age": list(range(60)), "converted": [1] * 60})
    with pytest.raises(ConfigError, match="'converted' holds nothing but '1': bring leads of both outcomes"):
        propose(path)


def test_a_source_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"leads\.csv"):
        propose(str(tmp_path / "leads.csv"))


def test_a_file_that_is_there_is_replaced_only_on_request(tmp_path: Path) -> None:
    proposal = propose(write_csv(tmp_path / "leads.csv", salesforce(50)))
    path = tmp_path / "leadml.toml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"leadml\.toml: is there already; add --force to replace it"):
        write_settings(proposal, path)
    assert path.read_text(encoding="utf-8") == "mine"
    write_settings(proposal, path, force=True)
    assert load_settings(path).leads.outcome == "Converted"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["leadml.toml", "leads.csv"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    proposal = propose(write_csv(tmp_path / "leads.csv", salesforce(50)))
    with pytest.raises(ConfigError, match=r"leadml\.toml: cannot be written: No such file or directory"):
        write_settings(proposal, tmp_path / "nowhere" / "leadml.toml")


def test_paths_are_written_as_seen_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "shop").mkdir()
    write_csv(tmp_path / "data" / "leads.csv", salesforce(50))
    monkeypatch.chdir(tmp_path)
    write_settings(propose("data/leads.csv"), Path("shop/leadml.toml"))
    read = load_settings(tmp_path / "shop" / "leadml.toml")
    assert read.source.url == "../data/leads.csv"
    assert os.path.samefile(read.source_url(), tmp_path / "data" / "leads.csv")


def test_every_key_is_in_the_written_file_and_works_when_it_is_taken_into_use() -> None:
    guesses = {
        "leads.outcome": Guess("status", "sure", ""),
        "leads.won": Guess(["won"], "sure", ""),
        "leads.lost": Guess(["lost"], "sure", ""),
    }
    text = written("leads.csv", guesses, ())
    assert parse_settings(text, path=Path("leadml.toml")).leads.outcome == "status"
    in_use = [line.removeprefix("#") if line[:1] == "#" and line[1:2] != " " else line for line in text.splitlines()]
    document = tomllib.loads("\n".join(in_use))
    for path, field in keys():
        value: Any = document
        for part in path.split("."):
            if isinstance(value, list):
                break
            assert part in value, path
            value = value[part]
        if ".segments" in path:  # its keys stand in the example, or beside preset (file)
            continue
        if not field.is_required() and field.default is not None and not isinstance(value, dict):
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            assert value == default or path in ("activities.intent_types", "leads.rows_in_time_order"), path


def test_attributes_and_activities_of_rulebooks_are_found_where_their_names_differ(tmp_path: Path) -> None:
    rng = random.Random(8)
    n = 200
    kinds = ["Page view", "Visited pricing page", "Pricing PDF opened", "Requested a demo", "call"]
    tables: dict[str, Rows] = {
        "leads": {
            "lead_id": [f"L{i:05d}" for i in range(n)],
            "created_at": dates(rng, n),
            "status": [rng.choice(["won", "lost", "open"]) for _ in range(n)],
            "No. of Employees": [rng.randrange(1, 500) for _ in range(n)],
            "industry": [rng.choice(["retail", "software"]) for _ in range(n)],
            "Branche": [rng.choice(["retail", "software"]) for _ in range(n)],
            "Country of origin": [rng.choice(["DE", "FR"]) for _ in range(n)],
            "growth": [rng.choice(["high", "low"]) for _ in range(n)],
            "Budget": [rng.choice(["yes", "no"]) for _ in range(n)],
            "Direction": [rng.choice(["Inbound", "inbound", "OUTBOUND", "partner"]) for _ in range(n)],
        },
        "activities": {
            "lead_id": [f"L{rng.randrange(n):05d}" for _ in range(400)],
            "occurred_at": dates(rng, 400),
            "type": [rng.choice(kinds) for _ in range(400)],
        },
    }
    # SQLite wants quotes around such names.
    tables["leads"] = {f'"{name}"': values for name, values in tables["leads"].items()}
    proposal = propose(write_database(tmp_path / "crm.sqlite", tables))
    read = loaded(proposal, tmp_path)
    assert read.rules.attributes == {"employees": "No. of Employees", "country": "Country of origin"}
    assert read.rules.activities == {
        "pricing_page": ("Pricing PDF opened", "Visited pricing page"),
        "demo_request": ("Requested a demo",),
    }
    assert read.leads.answers == {"budget": "Budget", "money": "Budget"}
    assert read.rules.preset == "bant"
    assert read.rules.segments == ()


def test_segments_are_proposed_and_work_when_they_are_taken_into_use(tmp_path: Path) -> None:
    proposal = propose(write_database(tmp_path / "crm.sqlite", company_database()))
    path = tmp_path / "leadml.toml"
    write_settings(proposal, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    first = lines.index("#[[rules.segments]]")
    assert "tells inbound from outbound" in lines[first - 1]
    in_use = [line.removeprefix("#") if first <= place < first + 10 else line for place, line in enumerate(lines)]
    in_use = [line for line in in_use if not line.startswith("preset = ") or "# " not in line]
    path.write_text("\n".join(in_use), encoding="utf-8")
    segments = load_settings(path).rules.segments
    assert [(one.name, one.column, one.one_of, one.preset) for one in segments] == [
        ("inbound", "direction", ("inbound",), "p_map"),
        ("outbound", "direction", ("outbound",), "e_map"),
    ]


def test_every_guess_is_written_with_how_sure_it_is_and_why(tmp_path: Path) -> None:
    proposal = propose(write_csv(tmp_path / "leads.csv", salesforce()))
    write_settings(proposal, tmp_path / "leadml.toml")
    lines = (tmp_path / "leadml.toml").read_text(encoding="utf-8").splitlines()
    for path, guess in proposal.guesses.items():
        key = path.rpartition(".")[2]
        assert any(line.startswith(f"{key} = ") and f"# {guess.confidence}: " in line for line in lines), path


def test_columns_filled_in_after_the_outcome_are_named_and_left_in(tmp_path: Path) -> None:
    rng = random.Random(6)
    rows: Rows = {
        "Converted": [i % 2 for i in range(400)],
        "Tags": [rng.choice(["ringing", "busy"]) for _ in range(400)],
        "contact_time": ["noon" if i % 2 else "" for i in range(400)],
        "hobby": [rng.choice(["chess", ""]) for _ in range(400)],
    }
    proposal = propose(write_csv(tmp_path / "leads.csv", rows))
    read = loaded(proposal, tmp_path)
    assert read.leads.exclude == ()
    path = tmp_path / "leadml.toml"
    text = path.read_text(encoding="utf-8")
    assert "#   Tags: people set tags while they work the lead" in text
    assert "#   contact_time: filled in for 100 % of won and 0 % of lost leads" in text
    assert "hobby" not in text
    by_hand = text.replace('    #"Tags"', '    "Tags"')
    assert parse_settings(by_hand, path=path).leads.exclude == ("Tags", "contact_time")


HOSTILE = ["select", "a:b,c[d]", "x'); DROP TABLE leads;--", 'quo"te', "back\\slash", "new\nline", "#", "\x7f", "é.x"]


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(
        st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"), min_size=1),
        min_size=1,
        max_size=5,
        unique=True,
    ),
    level=st.sampled_from(["won", "closed won", 'a "won"\n# deal', "won\\"]),
    prefix=st.sampled_from(["", "page views ", "need ", "owner ", "tags ", "id "]),
)
def test_any_names_and_values_give_a_file_that_loads_and_says_the_same(
    names: list[str], level: str, prefix: str
) -> None:
    columns: dict[str, Sequence[str]] = {f"{prefix}{name}": [str(i % 7) for i in range(40)] for name in names}
    columns["outcome"] = [level, "lost"] * 20
    guesses, suggestions = guess_tables({"leads": pa.table(columns)}, outcome="outcome")
    read = parse_settings(written("leads.csv", guesses, suggestions), path=Path("leadml.toml"))
    assert read.leads.won == (level.strip(),)
    for role in ("id", "owner", "account", "deal_value", "order_by"):
        guess = guesses.get(f"leads.{role}")
        assert getattr(read.leads, role) == (guess.value if guess else None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hs_object_id", ("hs", "object", "id")),
        ("createdate", ("create", "date")),
        ("LeadID", ("lead", "id")),
        ("Company / Account", ("company", "account")),
        ("Erstelldatum", ("erstell", "datum")),
        ("fecha_creación", ("fecha", "creacion")),
        ("hs_lastmodifieddate", ("hs", "last", "modified", "date")),
        ("candidate", ("candidate",)),
    ],
)
def test_a_name_is_split_into_words(name: str, expected: tuple[str, ...]) -> None:
    assert words(name) == expected


@pytest.mark.parametrize("guesser", [salesforce, hubspot, german, spanish])
def test_the_order_of_columns_changes_no_guess(guesser: Callable[[], Rows]) -> None:
    table = pa.table({name: [str(v) for v in column] for name, column in guesser().items()})
    turned = table.select(table.column_names[::-1])
    first, second = (guess_tables({"leads": t})[0] for t in (table, turned))
    unordered = {"leads.personal", "leads.exclude", "leads.missing_values", "rules.preset"}
    assert {k: g.value for k, g in first.items() if k not in unordered} == {
        k: g.value for k, g in second.items() if k not in unordered
    }


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("Lead Source", True),
        ("Original Source", True),
        ("utm_source", True),
        ("source_id", False),
        ("Data source", False),
    ],
)
def test_where_leads_come_from_is_told_by_name_and_few_values(column: str, expected: bool) -> None:
    sample = pa.table(
        {
            "id": [str(i) for i in range(300)],
            "status": ["won", "lost", "open"] * 100,
            column: ["Google", "Fair", "Referral Sites"] * 100,
        }
    )
    guesses, _ = guess_tables({"leads": sample})
    assert (guesses["leads.source"].value == column if expected else "leads.source" not in guesses) is True


@pytest.mark.parametrize(
    ("column", "expected"),
    [("Lead Cost", True), ("cost_per_lead", True), ("CPL", True), ("Cost center", False), ("annual IT cost", False)],
)
def test_what_a_lead_cost_is_told_from_other_costs(column: str, expected: bool) -> None:
    sample = pa.table(
        {
            "id": [str(i) for i in range(300)],
            "status": ["won", "lost", "open"] * 100,
            column: [i % 37 + 0.5 for i in range(300)],
        }
    )
    guesses, _ = guess_tables({"leads": sample})
    assert (guesses["leads.cost"].value == column if expected else "leads.cost" not in guesses) is True
