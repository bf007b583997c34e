"""What a training writes down of fairness: one entry per sensitive column, with no lead in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import Snapshots
from leadml.features.plan import readable
from leadml.predict import Scorer
from leadml.predict.policy import Policy
from leadml.training.cutoffs.by_row import row_cutoffs
from leadml.training.fairness.groups import FEWEST, people_groups
from leadml.training.fairness.proxies import proxies
from leadml.training.fairness.rates import group_rates
from leadml.training.folds import Rows
from leadml.training.handover import Rehearsal
from leadml.training.split import account_codes


def fairness_facts(
    sensitive: Mapping[str, pa.Table],
    scorer: Scorer,
    snapshots: Snapshots,
    rehearsal: Rehearsal | None,
) -> list[dict[str, Any]]:
    """How the groups of each sensitive column fare, by the rehearsal, and what of the served scorer tells them.

    Args:
        sensitive: column -> table of "lead_id" and "value".
        scorer: the scorer that is served, with its cutoffs; what stands in for a column is looked for in its features.
        snapshots: those that it was trained on.
        rehearsal: leads out of time, on which rates and calibration are judged; None where nothing was learned.

    Returns:
        Per column "column", "label", "leads" out of time, "known" (those with a value), "groups" (at the MQL cutoff,
        see `group_rates`), "sql" (the same at the SQL cutoff), "score_tells", "features" (see `proxies`), and "why"
        where groups cannot be compared.
    """
    return [
        {"column": column, "label": readable(column), **_rates(values, rehearsal, scorer.policy)}
        | _proxies(values, scorer, snapshots)
        for column, values in sensitive.items()
    ]


def _rates(values: pa.Table, rehearsal: Rehearsal | None, policy: Policy) -> dict[str, Any]:
    nothing: dict[str, Any] = {"leads": 0, "known": 0, "groups": [], "sql": [], "pooled": 0}
    if rehearsal is None:
        return nothing | {"why": "Nothing has been learned yet that could be judged on leads of each group."}
    leads = rehearsal.leads.known
    lead, first = np.unique(leads.lead, return_index=True)
    ids = rehearsal.weekly.lead_id.take(pa.array(np.flatnonzero(np.isfinite(rehearsal.leads.label))[first]))
    own = _values_of(ids, values)
    by_lead = people_groups(own)
    groups = by_lead.of_rows(np.searchsorted(lead, leads.lead))
    few = f"Fewer than two groups have {FEWEST} leads or more among those judged, so there is nothing to compare."
    return nothing | {
        "leads": len(lead),
        "known": len(own) - own.null_count,
        "pooled": groups.pooled,
        "groups": group_rates(leads, groups, row_cutoffs(leads, policy, "MQL"), "MQL"),
        "sql": group_rates(leads, groups, row_cutoffs(leads, policy, "SQL"), "SQL"),
        "why": None if len(groups.judged) > 1 else few,
    }


def _proxies(values: pa.Table, scorer: Scorer, snapshots: Snapshots) -> dict[str, Any]:
    last = _last_of_each(account_codes(snapshots.lead_id))
    rows = snapshots.take(last)
    groups = people_groups(_values_of(rows.lead_id, values))
    return proxies(scorer, rows.features, groups, account_codes(rows.account_id))


def _values_of(lead_ids: pa.Array, values: pa.Table) -> pa.Array:
    """The value of each lead, null where it has none."""
    place = pc.index_in(lead_ids, value_set=values["lead_id"].combine_chunks())
    found = values["value"].take(place)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _last_of_each(leads: Rows) -> Rows:
    """The last row of each lead."""
    backwards = np.unique(leads[::-1], return_index=True)[1]
    return np.sort(len(leads) - 1 - backwards)
