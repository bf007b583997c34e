"""`leadml accounts`: the published scores of accounts, the best of them or one in detail."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.operations.accounts.publishing import accounts_target
from leadml.operations.accounts.rollup import RULE, SCHEMA
from leadml.operations.project import Project
from leadml.operations.published import listed, read_published
from leadml.operations.scoring.runs import moment_of

_LISTS = [field.name for field in SCHEMA if pa.types.is_nested(field.type)]


@dataclass(frozen=True)
class AccountList:
    """The best accounts, and of how many; `rule` says how their leads were rolled up. `as_of` is None without dates.

    `notes` says which roles count as needed where nobody stated them, and which of those stated no account has.
    """

    accounts: int
    as_of: datetime | None
    rule: str
    best: Sequence[Mapping[str, Any]]
    notes: Sequence[str]


@dataclass(frozen=True)
class AccountDetail:
    """One account's row, and how its leads were rolled up."""

    row: Mapping[str, Any]
    rule: str


def best_accounts(project: Project, *, top: int) -> AccountList:
    """Give the accounts with the highest scores, ties by account id.

    Raises:
        SourceError: no account is mapped, or there are no account scores yet.
    """
    table = _published(project)
    order = pc.sort_indices(table, [("probability", "descending"), ("account_id", "ascending")])
    return AccountList(
        table.num_rows, moment_of(project, table), RULE, _rows(table.take(order[:top])), list(_notes(project, table))
    )


def one_account(project: Project, account_id: str) -> AccountDetail:
    """Give one account.

    Raises:
        SourceError: as `best_accounts`, or the account has no score.
    """
    table = _published(project)
    rows = _rows(table.filter(pc.equal(table["account_id"], account_id)))
    if not rows:
        near = difflib.get_close_matches(account_id, table["account_id"].to_pylist(), n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise SourceError(
            f"{project.source.where}: account {account_id!r} has no score; only accounts with a scored lead have.{hint}"
        )
    return AccountDetail(rows[0], RULE)


def _published(project: Project) -> pa.Table:
    if project.settings.leads.account is None:
        raise SourceError(
            "No account is mapped, so no two leads are known to be of one company. Name the column of the company as "
            "leads.account in leadml.toml, then run `leadml train` and `leadml score`."
        )
    return read_published(project, accounts_target(project), SCHEMA)


def _notes(project: Project, table: pa.Table) -> Iterator[str]:
    seen, lacking = (
        {role for cell in table[name].to_pylist() for role in listed(cell)} for name in ("roles_seen", "roles_lacking")
    )
    if nobody := sorted(lacking - seen):
        yield f"No contact of any of these accounts is known to be: {', '.join(nobody)}."
    if (seen or lacking) and not project.settings.accounts.roles:
        yield "Every role that some contact has counts as needed; state those that a purchase needs: [accounts] roles."


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    return [row | {name: listed(row[name]) for name in _LISTS} for row in table.to_pylist()]
