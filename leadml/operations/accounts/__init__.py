"""Accounts: who of the buying committee is known, and one score for the deal that its contacts share."""

from __future__ import annotations

from leadml.operations.accounts.publishing import OF_ACCOUNTS, account_rows, accounts_target, asks_for_roles, roles_seen
from leadml.operations.accounts.reading import AccountDetail, AccountList, best_accounts, one_account
from leadml.operations.accounts.rollup import SCHEMA as ACCOUNT_ROWS

__all__ = [
    "ACCOUNT_ROWS",
    "OF_ACCOUNTS",
    "AccountDetail",
    "AccountList",
    "account_rows",
    "accounts_target",
    "asks_for_roles",
    "best_accounts",
    "one_account",
    "roles_seen",
]
