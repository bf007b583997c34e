"""The table of account scores, written chunk by chunk beside the lead scores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import FeaturePlan
from leadml.operations.accounts.committee import Committee, committees, contacts_before, needed_roles
from leadml.operations.accounts.rollup import SCHEMA, account_scores
from leadml.operations.project import Project
from leadml.operations.published import refuse_others, target_name
from leadml.schema import LeadTables
from leadml.sources import Sink

OF_ACCOUNTS = ("account_id", "probability", "best_lead", "bundle")


class AccountSink:
    """Takes score rows of whole accounts and writes a row per account; does nothing where no account is mapped."""

    def __init__(self, sink: Sink | None, contacts: pa.Table, roles: dict[str, str], leads: pa.Table) -> None:
        self._sink = sink
        self._contacts = contacts
        self._roles = roles
        self._leads = leads

    def add(self, scores: pa.Table) -> None:
        """Roll up the scores of some whole accounts and stage them."""
        if self._sink is None:
            return
        at = pc.index_in(scores["lead_id"], value_set=self._leads["lead_id"].combine_chunks())
        account_id = self._leads["account_id"].take(at)
        own = pc.is_in(self._contacts["account_id"], value_set=pc.unique(account_id))
        # An account whose first lead came in at the very moment has no contact before it.
        nobody = Committee(0, None, (), tuple(self._roles.values()))
        known = dict.fromkeys(account_id.to_pylist(), nobody) | committees(self._contacts.filter(own), self._roles)
        for batch in account_scores(scores, account_id, known).to_batches():
            self._sink.add(batch)


def accounts_target(project: Project) -> str:
    """The table that scores of accounts go to."""
    return target_name(project, project.settings.output.account_scores)


@contextmanager
def accounts_published(
    project: Project, tables: LeadTables, plan: FeaturePlan, moment: datetime | None
) -> Iterator[AccountSink]:
    """Replace the table of account scores when the block ends; on an exception the old one stays.

    Raises:
        SourceError: a table of that name is there and is something else, or the place cannot be written.
    """
    if project.settings.leads.account is None:
        yield AccountSink(None, pa.table({}), {}, tables.leads)
        return
    target = accounts_target(project)
    refuse_others(project, target, OF_ACCOUNTS)
    contacts = contacts_before(tables, plan, moment)
    roles = needed_roles(contacts, project.settings.accounts.roles)
    with project.source.replace(target, SCHEMA) as sink:
        yield AccountSink(sink, contacts, roles, tables.leads)
