"""The feature plan that a company's tables call for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import ColumnsError
from leadml.features.engine import connect
from leadml.features.plan import Attribute, FeaturePlan, readable
from leadml.predict.encoding import Group
from leadml.predict.rules.conditions import ActivityCount
from leadml.schema import LEAD_ROLES, Kind, LeadTables

__all__ = ["make_plan"]

_MOST_TYPES = 20
_INTENT_WORDS = ("pricing", "demo", "trial", "intent", "quote", "price", "contact_sales")
# A change of these is the outcome itself, or nothing to learn from; the other roles are attributes.
_NOT_ATTRIBUTES = {*LEAD_ROLES, "order"} - {"role", "direction"}


def make_plan(
    tables: LeadTables,
    *,
    intent_types: Sequence[str] = (),
    groups: Mapping[str, Group] | None = None,
    labels: Mapping[str, str] | None = None,
    activity_labels: Mapping[str, str] | None = None,
    counts: Sequence[ActivityCount] = (),
    teams: bool = False,
) -> FeaturePlan:
    """Plan the features of a company.

    Args:
        tables: the checked tables.
        intent_types: activity types that show intent; when empty, those whose name says so ("pricing", "demo", ...).
        groups: feature groups of attributes; the others are fit, or answer where they answer a question.
        labels: names that people read, by attribute.
        activity_labels: names that people read, by activity type.
        counts: what a rulebook counts of activities; without moments to count before, none is.
        teams: whether each lead's team is to stand beside its features.

    Raises:
        ColumnsError: none of the `intent_types`, or of the types with labels, occurs among the activities, a value is
            known only from a date on and there are no moments to compare it with, or an attribute has the name of a
            count.
    """
    names = tables.leads.column_names
    calendar = {"created_at", "closed_at", "outcome"} <= set(names)
    attributes = tuple(_attributes(tables, calendar, groups or {}, labels or {}))
    if not calendar:
        _refuse_dated(attributes)
        return FeaturePlan(calendar=False, attributes=attributes, teams=teams)
    _refuse_namesakes(attributes, counts)
    seen = _types_by_count(tables.activities)
    intent = _intent_types(seen, intent_types)
    _refuse_labels_of_nothing(seen, activity_labels or {})
    # Intent decides on stages, so a rare intent type keeps features of its own before a frequent other one.
    ranked = sorted(seen, key=lambda kind: kind not in intent)
    accounts = pc.count_distinct(tables.leads["account_id"]).as_py() < tables.leads.num_rows
    return FeaturePlan(
        calendar=True,
        attributes=attributes,
        activity_types=tuple(ranked[:_MOST_TYPES]),
        pooled=len(ranked) > _MOST_TYPES,
        intent_types=tuple(sorted(intent)) if seen else (),
        accounts=accounts,
        roles="role" in names,
        teams=teams,
        counts=tuple(counts),
        activity_labels=dict(activity_labels or {}),
    )


def _attributes(
    tables: LeadTables, calendar: bool, groups: Mapping[str, Group], labels: Mapping[str, str]
) -> Iterator[Attribute]:
    answers = set(tables.answers.values())
    # Without moments there is no "as it was then": the history is of no use.
    past = _history_kinds(tables.history) if calendar and tables.history is not None else {}
    # A column left out of the leads (personal data, a leak) does not come back through its history.
    later = sorted(field for field in past if field not in {*tables.attributes, *tables.dropped})
    for name in (*tables.attributes, *later):
        kind = _kind(tables.leads.schema.field(name).type) if name in tables.attributes else past[name]
        group: Group = groups.get(name, "answer" if name in answers else "fit")
        label, known_at = labels.get(name, readable(name)), tables.known_at.get(name)
        yield Attribute(name, kind, group, label, history=name in past, known_at=known_at)


def _refuse_dated(attributes: Sequence[Attribute]) -> None:
    dated = [attribute.name for attribute in attributes if attribute.known_at is not None]
    if dated:
        raise ColumnsError(
            f"{', '.join(map(repr, dated))} is known only from a date on (known_at), but without created_at, closed_at "
            "and an outcome there is no moment to compare it with. Map them, or exclude the column."
        )


def _refuse_namesakes(attributes: Sequence[Attribute], counts: Sequence[ActivityCount]) -> None:
    """Rules find a count by its name, and would read the user's column instead."""
    taken = sorted({attribute.name for attribute in attributes} & {count.column for count in counts})
    if taken:
        raise ColumnsError(
            f"The leads have {', '.join(map(repr, taken))} as a column, the name under which a count of the "
            "rulebook is kept. Rename the column, or exclude it (leads.exclude)."
        )


def _refuse_labels_of_nothing(seen: Sequence[str], labels: Mapping[str, str]) -> None:
    """As with intent types: one that does not occur (any more) may stand there, but not nothing else."""
    if seen and labels and not labels.keys() & set(seen):
        raise ColumnsError(
            f"None of the activity types {', '.join(map(repr, labels))} that have labels occurs among the activities, "
            f"which are of type {', '.join(map(repr, seen[:_MOST_TYPES]))}. Mend activities.labels."
        )


def _kind(values: pa.DataType) -> Kind:
    if pa.types.is_timestamp(values):
        return "time"
    return "number" if pa.types.is_floating(values) else "category"


def _history_kinds(history: pa.Table) -> dict[str, Kind]:
    """Kinds of the fields with a history: what all of a field's values can be read as."""
    with connect() as con:
        con.register("history", history.select(["field", "value"]))
        rows = con.sql(
            """
            select field, coalesce(bool_and(isfinite(try_cast(value as double)) is true), false),
                   coalesce(bool_and(try_cast(value as timestamp) is not null), false)
            from history where trim(value) <> '' or value is null group by field
            """
        ).fetchall()
    kinds: dict[str, Kind] = {
        field: "number" if numbers else "time" if times else "category" for field, numbers, times in rows
    }
    return {field: kind for field, kind in kinds.items() if field not in _NOT_ATTRIBUTES}


def _types_by_count(activities: pa.Table | None) -> list[str]:
    if activities is None:
        return []
    counts = [(entry["values"], entry["counts"]) for entry in activities["type"].value_counts().to_pylist()]
    return [kind for kind, _ in sorted(counts, key=lambda pair: (-pair[1], pair[0]))]


def _intent_types(seen: Sequence[str], named: Collection[str]) -> set[str]:
    if not named:
        return {kind for kind in seen if any(word in kind.lower() for word in _INTENT_WORDS)}
    if seen and not set(named) & set(seen):
        raise ColumnsError(
            f"None of the intent types {', '.join(map(repr, named))} occurs among the activities, which are of type "
            f"{', '.join(map(repr, seen[:_MOST_TYPES]))}. Name some of these as intent_types, or leave it out."
        )
    return set(named)
