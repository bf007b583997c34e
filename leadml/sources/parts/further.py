"""Tables that are read beside the leads, unchecked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Further"]


@dataclass(frozen=True)
class Further:
    """A table that is not checked: the column that names the lead of each row, and what is read (None: all columns).

    With `of_accounts` the column names accounts, and a row goes where the leads of its account are.
    """

    lead: str
    columns: Sequence[str] | None = None
    of_accounts: bool = False
