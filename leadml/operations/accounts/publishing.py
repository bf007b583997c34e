"""The table of account scores, made from the lead scores of whole accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import FeaturePlan
from leadml.operations.accounts.committee import Committee, committees, contacts_before, needed_roles
from leadml.operations.accounts.rollup import account_scores
from leadml.operations.project import Project
from leadml.operations.published import target_name
from leadml.schema import LeadTables

OF_ACCOUNTS = ("account_id", "probability", "best_lead", "bundle")


def accounts_target(project: Project) -> str:
    """The table that scores of accounts go to."""
    return target_name(project, project.settings.output.account_scores)


def asks_for_roles(project: Project, plan: FeaturePlan) -> bool:
    """Tell whether the roles that a purchase needs are those that contacts are seen to have."""
    stated = project.settings.leads.account is None or project.settings.accounts.roles
    return not stated and any(attribute.name == "role" for attribute in plan.attributes)


def roles_seen(tables: LeadTables, plan: FeaturePlan, moment: datetime | None) -> set[str]:
    """The roles that contacts of some accounts had before a moment, as they are spelled."""
    return set(pc.unique(contacts_before(tables, plan, moment)["role"]).drop_null().to_pylist())


def account_rows(
    tables: LeadTables, plan: FeaturePlan, moment: datetime | None, roles: Iterable[str], scores: pa.Table
) -> pa.Table:
    """Roll the scores of some whole accounts up to a row for each account with a scored lead.

    Args:
        tables: the leads of these accounts.
        plan: how features are made of them.
        moment: as of which they were scored; None where leads have no dates.
        roles: the roles that a purchase needs.
        scores: score rows of all leads of these accounts that are scored.
    """
    contacts = contacts_before(tables, plan, moment)
    needed = needed_roles(contacts.slice(0, 0), roles)
    leads = tables.leads
    account_id = leads["account_id"].take(pc.index_in(scores["lead_id"], value_set=leads["lead_id"].combine_chunks()))
    own = pc.is_in(contacts["account_id"], value_set=pc.unique(account_id))
    return account_scores(scores, account_id, _known(account_id, committees(contacts.filter(own), needed), needed))


def _known(
    account_id: pa.ChunkedArray, found: Mapping[str, Committee], needed: Mapping[str, str]
) -> dict[str, Committee]:
    """The committee of every account; one whose first lead came in at the very moment has no contact before it."""
    nobody = Committee(0, None, (), tuple(needed.values()))
    return dict.fromkeys(account_id.to_pylist(), nobody) | dict(found)
