"""One rulebook out of several, each for its own part of the leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rulebook import TIER, Dimension, Gate, Rule, Rulebook

__all__ = ["by_segment"]

Part = TypeVar("Part", Dimension, Gate)


def by_segment(segments: Sequence[tuple[str, str, Sequence[str], Rulebook]]) -> Rulebook:
    """The rulebooks of segments as one: a dimension or gate of a segment applies to its leads alone.

    Args:
        segments: name, the attribute that tells segments apart, its values in this segment, and the rulebook.

    Returns:
        A rulebook whose dimensions and gates carry the segment's name. The tiers of all make up one dimension.
    """
    tiers, dimensions, gates = [], [], []
    for name, attribute, values, rulebook in segments:
        only = ValueCondition("attribute", attribute, one_of=tuple(values))
        for dimension in rulebook.dimensions:
            if dimension.name == TIER:
                tiers += [_tier_of_segment(tier, name, only) for tier in dimension.rules]
            else:
                dimensions.append(_of_segment(dimension, name, only))
        gates += [_of_segment(gate, name, only) for gate in rulebook.gates]
    tier = (Dimension(TIER, tuple(tiers), group="fit"),) if tiers else ()
    return Rulebook(
        name=" and ".join(rulebook.name for *_, rulebook in segments),
        about="; ".join(f"{name}: {rulebook.about}" for name, *_, rulebook in segments),
        dimensions=(*tier, *dimensions),
        gates=tuple(gates),
        unanswered=tuple(dict.fromkeys(word for *_, rulebook in segments for word in rulebook.unanswered)),
    )


def _tier_of_segment(tier: Rule, name: str, only: ValueCondition) -> Rule:
    return replace(tier, label=f"{name}: {tier.label}", when=(only, *tier.when))


def _of_segment(part: Part, name: str, only: ValueCondition) -> Part:
    return replace(part, name=f"{name}: {part.name}", only=(only, *part.only))
