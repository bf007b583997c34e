"""Accounts: who of the buying committee is known, and one score for the deal that its contacts share."""

from __future__ import annotations

from leadml.operations.accounts.publishing import accounts_published
from leadml.operations.accounts.reading import AccountDetail, AccountList, best_accounts, one_account

__all__ = ["AccountDetail", "AccountList", "accounts_published", "best_accounts", "one_account"]
