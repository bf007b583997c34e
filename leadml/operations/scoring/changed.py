"""Which leads a run looks at that asks for those whose score can have changed, and as of when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from leadml.operations.accounts import ACCOUNT_ROWS, asks_for_roles
from leadml.operations.ledger.changed import changed_accounts
from leadml.operations.published import is_published, listed, read_published
from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.runs import ScoringRecord, newest_finished, recorded_runs


@dataclass(frozen=True)
class Scope:
    """The accounts that are looked at (None: every lead), why, and the run whose scores stand for the others.

    `moment` is that of the scores of a run over some accounts, None where leads have no dates.
    """

    accounts: pa.Array | None = None
    why: tuple[str, ...] = ()
    last: ScoringRecord | None = None
    moment: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether every lead is looked at."""
        return self.accounts is None


def scope_of(asked: Asked, now: datetime) -> Scope:
    """Find out which leads to look at.

    Raises:
        SourceError: a table cannot be read.
    """
    if asked.which != "changed":
        return Scope()
    last, doubt = _last(asked)
    if doubt:
        return Scope(why=(doubt,), last=last)
    found = changed_accounts(asked.project, last, bundle=asked.bundle, now=now)
    return Scope(found.accounts, found.why, last, found.moment)


def _last(asked: Asked) -> tuple[ScoringRecord | None, str | None]:
    """The run that the published scores are of, and what speaks against going by it."""
    last = newest_finished(asked.project)
    if last is None:
        return None, None
    if any(run.started_at > last.started_at and run.parts_done for run in recorded_runs(asked.project)):
        return last, "A run was given up half-way since the last one that finished, so every lead is looked at."
    if last.closed == "none is open":
        return last, "No lead was open in the last run, so every lead is looked at."
    return last, None


def roles_before(asked: Asked) -> list[str]:
    """The roles that a purchase was seen to need: every row of an account names them all, seen or lacking."""
    if not asks_for_roles(asked.project, asked.plan):
        return list(asked.project.settings.accounts.roles)
    target = asked.targets.accounts
    if target is None or not is_published(asked.project, target):
        return []
    names = ("roles_seen", "roles_lacking")
    schema = pa.schema([ACCOUNT_ROWS.field(name) for name in names])
    rows = read_published(asked.project, target, schema).slice(0, 1).to_pylist()
    return sorted(role for row in rows for name in names for role in listed(row[name]))
