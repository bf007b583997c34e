"""One score per account, by the stated rule."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from leadml.operations.accounts.committee import Committee
from leadml.operations.accounts.rollup import SCHEMA, account_scores, committee_lacks

MOMENT = datetime(2024, 6, 1)  # noqa: DTZ001
NOBODY = Committee(0, None, (), ())


def row(lead: str, probability: float, stage: str | None = "raw") -> dict[str, Any]:
    return {
        "lead_id": lead,
        "probability": probability,
        "score": round(100 * probability, 1),
        "grade": "A" if probability > 0.5 else "D",
        "stage": stage,
        "reasons_for": [{"reason": f"for {lead}", "log_odds": 1.0}],
        "reasons_against": [{"reason": f"against {lead}", "log_odds": -1.0}],
        "bundle": "digest",
        "as_of": MOMENT,
    }


def rolled(
    rows: list[dict[str, Any]], accounts: list[str], committees: dict[str, Committee] | None = None
) -> list[Any]:
    scores = pa.Table.from_pylist(rows)
    known = dict.fromkeys(accounts, NOBODY) | (committees or {})
    return account_scores(scores, pa.array(accounts), known).to_pylist()


def test_an_account_is_as_likely_to_buy_as_its_best_lead_however_many_contacts_share_the_deal() -> None:
    one = rolled([row("1", 0.6)], ["a"])
    many = rolled([row("1", 0.6), row("2", 0.6), row("3", 0.59)], ["a"] * 3)
    assert one[0]["probability"] == many[0]["probability"] == 0.6
    assert (many[0]["score"], many[0]["grade"], many[0]["open_leads"]) == (60.0, "A", 3)
    assert many[0]["best_lead"] == "1"  # of equals the first by id
    assert many[0]["reasons_for"] == [{"reason": "for 1", "log_odds": 1.0}]
    assert many[0]["reasons_against"] == [{"reason": "against 1", "log_odds": -1.0}]


def test_the_stage_is_the_furthest_of_any_lead_even_where_that_is_not_the_most_likely_one() -> None:
    rows = [row("1", 0.6, "MQL"), row("2", 0.5, "SQL"), row("3", 0.1, "raw"), row("4", 0.3, "raw")]
    assert [r["stage"] for r in rolled(rows, ["a", "a", "a", "b"])] == ["SQL", "raw"]


def test_without_cutoffs_no_account_has_a_stage() -> None:
    scores = pa.Table.from_pylist([row("1", 0.6, None), row("2", 0.5, None)])
    scores = scores.set_column(4, "stage", pa.nulls(2, pa.dictionary(pa.int64(), pa.string())))
    assert account_scores(scores, pa.array(["a", "a"]), {"a": NOBODY}).column("stage").to_pylist() == [None]


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_changes_nothing_and_every_account_stands_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [row(f"L{n}", float(rng.integers(1, 5)) / 10, str(rng.choice(["raw", "MQL"]))) for n in range(40)]
    accounts = [f"A{n}" for n in rng.integers(0, 9, 40)]
    order = rng.permutation(40)
    mixed = rolled([rows[i] for i in order], [accounts[i] for i in order])
    assert mixed == rolled(rows, accounts)
    assert [r["account_id"] for r in mixed] == sorted(set(accounts))
    assert sum(r["open_leads"] for r in mixed) == 40


def test_an_account_says_what_its_committee_lacks_beside_its_best_leads_reasons() -> None:
    committee = Committee(3, 1, seen=("CTO",), lacking=("Buyer", "Legal"))
    found = rolled([row("1", 0.6)], ["a"], {"a": committee})[0]
    assert (found["contacts"], found["contacts_engaged"], found["coverage"]) == (3, 1, 1 / 3)
    assert (found["roles_seen"], found["roles_lacking"]) == (["CTO"], ["Buyer", "Legal"])
    assert found["committee_lacks"] == [
        "No contact yet in 2 of 3 roles needed: Buyer, Legal",
        "1 of 3 contacts engaged in the last 90 days",
    ]


@pytest.mark.parametrize(
    ("committee", "lacks"),
    [
        (Committee(4, 2, ("CTO",), ()), []),
        (Committee(4, None, (), ()), []),
        (Committee(1, 1, (), ()), ["One contact carries the whole purchase"]),
        (
            Committee(1, 0, (), ()),
            ["0 of 1 contacts engaged in the last 90 days", "One contact carries the whole purchase"],
        ),
    ],
)
def test_a_committee_lacks_only_what_is_known_to_be_lacking(committee: Committee, lacks: list[str]) -> None:
    assert committee_lacks(committee) == lacks


def test_rows_are_of_the_schema_that_the_table_is_written_with() -> None:
    table = account_scores(pa.Table.from_pylist([row("1", 0.6)]), pa.array(["a"]), {"a": NOBODY})
    assert table.schema == SCHEMA
