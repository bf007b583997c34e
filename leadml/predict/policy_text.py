"""The policy of a bundle as JSON values, and back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from leadml.predict.encoding import fold
from leadml.predict.policy import Policy
from leadml.predict.segments import Segment


def policy_to_dict(policy: Policy) -> dict[str, Any]:
    """The policy as JSON values; `parse_policy` reads them back exactly."""
    plain = asdict(policy)
    return plain if policy.segments else {name: value for name, value in plain.items() if name != "segments"}


def parse_policy(plain: dict[str, Any]) -> Policy:
    """Read back what `policy_to_dict` gave.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    if not all(isinstance(entry["values"], list) for entry in plain.get("segments", ())):
        raise TypeError("the values of a segment are no list")
    segments = tuple(Segment(**(entry | {"values": tuple(entry["values"])})) for entry in plain.get("segments", ()))
    return Policy(**(plain | {"grade_bounds": tuple(plain["grade_bounds"]), "segments": segments}))


def policy_is_sound(policy: Policy, columns: Collection[str]) -> bool:
    """Whether grade bounds and cutoffs are probabilities in order, and segments are apart by one of the columns."""
    bounds = policy.grade_bounds
    cutoffs = [policy.mql, policy.sql, *(cutoff for one in policy.segments for cutoff in (one.mql, one.sql))]
    numbers = (*bounds, *(cutoff for cutoff in cutoffs if cutoff is not None), policy.cost_of_asking)
    are_numbers = all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
    return (
        are_numbers
        and len(bounds) == 3
        and all(0 <= number <= 1 for number in numbers)
        and bounds[0] >= bounds[1] >= bounds[2]
        and _in_order(policy.mql, policy.sql)
        and all(_in_order(one.mql, one.sql) for one in policy.segments)
        and isinstance(policy.sql_needs_intent, bool)
        and _are_apart(policy.segments, columns)
    )


def _in_order(mql: float | None, sql: float | None) -> bool:
    """An SQL is an MQL first."""
    return sql is None or (mql is not None and sql >= mql)


def _are_apart(segments: tuple[Segment, ...], columns: Collection[str]) -> bool:
    words = [word for one in segments for word in (one.name, one.column, *one.values)]
    if not all(isinstance(word, str) for word in words):
        return False
    texts = [text for one in segments for text in {fold(value) for value in one.values}]
    names = [one.name for one in segments]
    return (
        {one.column for one in segments} <= set(columns)
        and len({one.column for one in segments}) <= 1
        and len(set(texts)) == len(texts)
        and len(set(names)) == len(names)
    )
