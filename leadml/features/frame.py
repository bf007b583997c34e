"""The features of a spine side by side, in the order that the plan fixes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from leadml.errors import ColumnsError
from leadml.features.account import account_features, account_measures
from leadml.features.activity import activity_features, activity_measures
from leadml.features.attributes import (
    attribute_columns,
    calendar_columns,
    calendar_features,
    current_values,
    days_before,
    not_before,
    past_values,
)
from leadml.features.engine import opened, parts
from leadml.features.plan import TEAM, FeaturePlan
from leadml.features.rule_counts import count_columns, count_features
from leadml.features.spine import Spine
from leadml.features.teams import teams_at
from leadml.predict.encoding import Column
from leadml.schema import LeadTables

__all__ = ["feature_columns", "features_of"]


def feature_columns(plan: FeaturePlan) -> tuple[Column, ...]:
    """Contracts of a plan's features: attributes, calendar, activities, account, counts. Names are unique."""
    columns = attribute_columns(plan)
    if plan.calendar:
        columns += calendar_columns()
        columns += [measure.column for measure in (*activity_measures(plan), *account_measures(plan))]
        columns += count_columns(plan)
    return tuple(_told_apart(columns))


def features_of(tables: LeadTables, spine: Spine, plan: FeaturePlan) -> pa.Table:
    """Features of each row of a spine, from nothing that happened at or after its moment.

    Raises:
        ColumnsError: the tables lack what the plan was made from.
    """
    if plan.calendar:
        arrays = _as_of(tables, spine, plan)
    else:
        arrays = [current_values(tables, spine, attribute) for attribute in plan.attributes]
    features = pa.table(arrays, names=[column.name for column in feature_columns(plan)])
    if not plan.teams:
        return features
    return features.append_column(TEAM.name, teams_at(tables, spine, calendar=plan.calendar))


def _as_of(tables: LeadTables, spine: Spine, plan: FeaturePlan) -> list[pa.ChunkedArray | pa.Array]:
    _check_tables(tables, plan)
    computed = iter(_computed(tables, spine, plan))
    arrays = []
    for attribute in plan.attributes:
        values = next(computed) if attribute.history else current_values(tables, spine, attribute)
        if attribute.known_at is not None:
            values = not_before(values, tables.leads[attribute.known_at], spine)
        arrays.append(days_before(values, spine) if attribute.kind == "time" else values)
    return [*arrays, *calendar_features(tables.leads, spine), *computed]


def _computed(tables: LeadTables, spine: Spine, plan: FeaturePlan) -> list[pa.ChunkedArray]:
    """What queries give: values of fields with a history, then features of activities and accounts."""
    past = [attribute for attribute in plan.attributes if attribute.history]
    if not (past or plan.activity_types or plan.accounts or plan.counts):
        return []
    rows, pieces = [], []
    with opened(tables, spine, plan) as con:
        for part in parts(con):
            rows.append(part)
            values = [past_values(con, attribute, field) for field, attribute in enumerate(past)]
            features = [*activity_features(con, plan), *account_features(con, plan), *count_features(con, plan)]
            pieces.append([*values, *features])
    if len(pieces) == 1:
        return pieces[0]
    order = pa.array(np.argsort(np.concatenate(rows)))
    together = (
        pa.chunked_array([chunk for piece in pieces for chunk in piece[i].chunks], pieces[0][i].type)
        for i in range(len(pieces[0]))
    )
    return [values.combine_chunks().take(order) for values in together]


def _check_tables(tables: LeadTables, plan: FeaturePlan) -> None:
    history = any(attribute.history for attribute in plan.attributes)
    lacking = {
        "a creation date of leads (created_at)": "created_at" not in tables.leads.column_names,
        "a role of leads (role)": plan.roles and "role" not in {*tables.leads.column_names, *tables.dropped},
        "a table of activities": bool(plan.activity_types) and tables.activities is None,
        "a table of field history": history and tables.history is None,
        "the dates from which on values are known (leads.known_at)": any(
            attribute.known_at not in {None, *tables.leads.column_names} for attribute in plan.attributes
        ),
    }
    absent = [what for what, lacks in lacking.items() if lacks]
    if absent:
        raise ColumnsError(
            f"The scorer was trained with {' and '.join(absent)}, but these leads come without. "
            "Map what is missing, or train a scorer without it."
        )


def _told_apart(columns: list[Column]) -> Iterable[Column]:
    """Attributes come first and keep their names, as rulebooks ask for them; a later namesake is numbered."""
    taken: set[str] = set()
    for column in columns:
        name, number = column.name, 1
        while name in taken:
            number += 1
            name = f"{column.name} ({number})"
        taken.add(name)
        yield replace(column, name=name)
