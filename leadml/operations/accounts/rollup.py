"""One score per account, from the scores of its leads, by a stated rule.

The contacts of an account share a deal: whether one of them or all of them are won, it is one purchase. So the account
is as likely to buy as its most likely lead. To multiply (1 - p) over the leads would take their wins for independent
chances, and every further contact of the same deal would raise the score by having been counted again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.accounts.committee import ENGAGED_DAYS, Committee

RULE = "the probability of the account's best lead; the stage is the furthest of any of its leads"

STAGES = ("raw", "MQL", "SQL")
"""Recommended stages, from the first to the furthest."""

REASONS = pa.list_(pa.struct([("reason", pa.string()), ("log_odds", pa.float64())]))

SCHEMA = pa.schema(
    [
        ("account_id", pa.string()),
        ("probability", pa.float64()),
        ("score", pa.float64()),
        ("grade", pa.string()),
        ("stage", pa.string()),
        ("best_lead", pa.string()),
        ("open_leads", pa.int64()),
        ("contacts", pa.int64()),
        ("contacts_engaged", pa.int64()),
        ("coverage", pa.float64()),
        ("roles_seen", pa.list_(pa.string())),
        ("roles_lacking", pa.list_(pa.string())),
        ("reasons_for", REASONS),
        ("reasons_against", REASONS),
        ("committee_lacks", pa.list_(pa.string())),
        ("bundle", pa.string()),
        ("as_of", pa.timestamp("us")),
    ]
)
"""What a table of account scores looks like; "open_leads" counts the leads that were scored."""

_OF_THE_BEST = ("probability", "score", "grade", "reasons_for", "reasons_against", "bundle", "as_of")


def account_scores(scores: pa.Table, account_id: pa.Array, committees: Mapping[str, Committee]) -> pa.Table:
    """Roll score rows of whole accounts up to one row per account, ordered by account id.

    Args:
        scores: score rows, n of them.
        account_id: the account of each, shape (n,).
        committees: what is known of each account's contacts.
    """
    table = scores.append_column("account_id", account_id)
    stage_of = _furthest_stages(table)
    order = pc.sort_indices(
        table, [("account_id", "ascending"), ("probability", "descending"), ("lead_id", "ascending")]
    )
    rows: dict[str, dict[str, Any]] = {}
    for row in table.select(["account_id", "lead_id", *_OF_THE_BEST]).take(order).to_pylist():
        account = row["account_id"]
        if account in rows:
            rows[account]["open_leads"] += 1
            continue
        rows[account] = _row(row, stage_of[account], committees[account])
    return pa.Table.from_pylist(list(rows.values()), schema=SCHEMA)


def committee_lacks(committee: Committee) -> list[str]:
    """Say what an account lacks for a purchase, in sentences; none where nothing is known to be lacking."""
    lacks = []
    if committee.lacking:
        needed = len(committee.seen) + len(committee.lacking)
        lacks.append(
            f"No contact yet in {len(committee.lacking)} of {needed} roles needed: {', '.join(committee.lacking)}"
        )
    if committee.engaged is not None and committee.engaged < min(2, committee.contacts):
        lacks.append(f"{committee.engaged} of {committee.contacts} contacts engaged in the last {ENGAGED_DAYS} days")
    if committee.contacts == 1:
        lacks.append("One contact carries the whole purchase")
    return lacks


def _furthest_stages(table: pa.Table) -> dict[str, str | None]:
    """The furthest stage of any lead of each account; None where no cutoff is published."""
    rank = pc.index_in(table["stage"].cast(pa.string()), value_set=pa.array(STAGES))
    furthest = pa.table({"account_id": table["account_id"], "rank": rank}).group_by("account_id")
    ranks = furthest.aggregate([("rank", "max")])
    return {
        account: None if rank is None else STAGES[rank]
        for account, rank in zip(ranks["account_id"].to_pylist(), ranks["rank_max"].to_pylist(), strict=True)
    }


def _row(best: Mapping[str, Any], stage: str | None, committee: Committee) -> dict[str, Any]:
    return {
        "account_id": best["account_id"],
        "stage": stage,
        "best_lead": best["lead_id"],
        "open_leads": 1,
        "contacts": committee.contacts,
        "contacts_engaged": committee.engaged,
        "coverage": committee.coverage,
        "roles_seen": committee.seen,
        "roles_lacking": committee.lacking,
        "committee_lacks": committee_lacks(committee),
        **{name: best[name] for name in _OF_THE_BEST},
    }
