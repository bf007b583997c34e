"""What is wrong with a rulebook as it is written, whatever the leads say: rules that cannot count, points out of reach.

Nothing here guesses: whether a rule covers another is decided on all cells of what both look at (`leadml.rules.cells`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from leadml.predict.rules.rows import Mask
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.rules.cells import Box, Cells, box_of, cells_of
from leadml.rules.remarks import Remark

__all__ = ["lint"]


def lint(rulebook: Rulebook) -> list[Remark]:
    """Remarks on a rulebook, mapped to columns or not, dimension by dimension and then gate by gate."""
    remarks: list[Remark] = []
    for dimension in rulebook.dimensions:
        remarks += _of_dimension(dimension, rulebook.unanswered)
    for gate in rulebook.gates:
        remarks += _of_gate(gate, rulebook.unanswered)
    return remarks


def _of_dimension(dimension: Dimension, unanswered: Sequence[str]) -> Iterator[Remark]:
    cells = cells_of(dimension, unanswered)
    boxes = [box_of(rule, dimension, cells) for rule in dimension.rules]
    possible = [place for place, box in enumerate(boxes) if not _is_empty(box, cells)]
    for place in sorted(set(range(len(boxes))) - set(possible)):
        rule = dimension.rules[place]
        yield Remark("error", dimension.name, _never_holds(dimension, rule, cells), rule.label)
    shadowed: set[int] = set()
    if dimension.counts == "first":
        for place in possible:
            before = [other for other in possible if other < place]
            if takers := _takers(place, before, boxes, cells):
                shadowed.add(place)
                message = _never_counts(dimension, place, takers)
                yield Remark("warning", dimension.name, message, dimension.rules[place].label)
    left = [place for place in possible if place not in shadowed]
    for one, other in itertools.combinations(left, 2):
        if where := _overlap(boxes[one], boxes[other], cells, nested=dimension.counts == "all"):
            yield Remark("note", dimension.name, _overlapping(dimension, one, other, where))
    yield from _of_caps(dimension, [boxes[place] for place in left], [dimension.rules[place] for place in left], cells)


def _is_empty(box: Box, cells: Cells) -> bool:
    keys = list(box)
    grid = cells.grid(keys)
    if grid is None:
        return any(not mask.any() for mask in box.values())
    return not cells.on(grid, keys, box).any()


def _never_holds(dimension: Dimension, rule: Rule, cells: Cells) -> str:
    if dimension.only and not _is_empty(cells.box(rule.when, rule.each), cells):
        return f'"{rule.label}" can never hold: it asks for leads that the dimension does not apply to (only).'
    return f'"{rule.label}" can never hold: its conditions exclude each other.'


def _takers(place: int, before: Sequence[int], boxes: Sequence[Box], cells: Cells) -> list[int]:
    """The earlier rules that hold wherever a rule does: one that does alone, or else some that do together."""
    own = boxes[place]
    touching: list[int] = []
    for other in before:
        keys = list({**own, **boxes[other]})
        grid = cells.grid(keys)
        if grid is None:
            continue
        held, taken = cells.on(grid, keys, own), cells.on(grid, keys, boxes[other])
        if not (held & ~taken).any():
            return [other]
        if (held & taken).any():
            touching.append(other)
    keys = list(dict.fromkeys([*own, *(key for other in touching for key in boxes[other])]))
    grid = cells.grid(keys) if len(touching) > 1 else None
    if grid is None:
        return []
    rest = cells.on(grid, keys, own)
    for other in touching:
        rest &= ~cells.on(grid, keys, boxes[other])
    return [] if rest.any() else touching


def _never_counts(dimension: Dimension, place: int, takers: Sequence[int]) -> str:
    rule, names = dimension.rules[place], ", ".join(f'"{dimension.rules[taker].label}"' for taker in takers)
    come = "comes before it and holds" if len(takers) == 1 else "come before it and together hold"
    return (
        f'"{rule.label}" can never count: {names} {come} wherever it does, so nobody gets its {rule.points:g} points. '
        "Move it up, or delete it."
    )


def _overlap(one: Box, other: Box, cells: Cells, *, nested: bool) -> str:
    """Values for which two rules on the same things both hold, "" for none.

    A narrow rule before a wide one is how ladders are written; that is an overlap only where both count (`nested`).
    """
    if one.keys() != other.keys():
        return ""
    keys = list(one)
    grid = cells.grid(keys)
    if grid is None:
        return ""
    first, second = cells.on(grid, keys, one), cells.on(grid, keys, other)
    both: Mask = first & second
    ladder = not (first & ~second).any()
    return cells.example(keys, both) if both.any() and (nested or not ladder) else ""


def _overlapping(dimension: Dimension, one: int, other: int, where: str) -> str:
    first, second = dimension.rules[one], dimension.rules[other]
    both = f'"{first.label}" and "{second.label}" both hold where {where}'
    if dimension.counts == "first":
        return f'{both}; "{first.label}" wins, since it comes first.'
    return f"{both}; their points add up ({first.points:+g} and {second.points:+g})."


def _of_caps(dimension: Dimension, boxes: Sequence[Box], rules: Sequence[Rule], cells: Cells) -> Iterator[Remark]:
    """Caps that make points worthless, and caps that no lead can come to."""
    for rule in rules:
        if rule.each is not None and rule.most_points is not None and abs(rule.points) > rule.most_points:
            message = f'"{rule.label}" gives {rule.points:g} points for each, but at most {rule.most_points:g}'
            yield Remark("warning", dimension.name, f"{message}: the first is already cut. Raise most_points.")
    if dimension.counts != "all":
        return
    for sign, bound, word, key in (
        (1, dimension.most_points, "at most", "most_points"),
        (-1, dimension.least_points, "no less than", "least_points"),
    ):
        yield from _beyond(dimension, boxes, rules, cells, sign=sign, bound=bound, word=word, key=key)


def _beyond(
    dimension: Dimension,
    boxes: Sequence[Box],
    rules: Sequence[Rule],
    cells: Cells,
    *,
    sign: int,
    bound: float | None,
    word: str,
    key: str,
) -> Iterator[Remark]:
    """What of the points of one sign is out of reach; `bound` is the dimension's cap or floor."""
    gives = [max(0.0, sign * rule.reach[sign > 0]) for rule in rules]
    furthest = _furthest(boxes, gives, cells)
    further = "above" if sign > 0 else "below"
    if bound is not None:
        for rule, most in zip(rules, gives, strict=True):
            if rule.each is None and most > sign * bound:
                message = f'"{rule.label}" says {rule.points:g} points, but its dimension gives {word} {bound:g}'
                yield Remark("warning", dimension.name, f"{message} ({key}): the rest can never count.")
        if furthest < sign * bound:
            message = f"{key} = {bound:g} never binds: no lead can come {further} {sign * furthest:g} points here."
            yield Remark("note", dimension.name, message)
    elif furthest < sum(gives):
        message = f"its rules add up to {sign * sum(gives):g} points, but some exclude each other"
        yield Remark("note", dimension.name, f"{message}: no lead can come {further} {sign * furthest:g}.")


def _furthest(boxes: Sequence[Box], gives: Sequence[float], cells: Cells) -> float:
    """The most points that rules can give together; rules that look at different things do not exclude each other."""
    furthest = 0.0
    for together in _sharing(boxes):
        keys = list(dict.fromkeys(key for place in together for key in boxes[place]))
        grid = cells.grid(keys)
        if grid is None:
            furthest += sum(gives[place] for place in together)
            continue
        total = np.zeros(grid.shape)
        for place in together:
            total += gives[place] * cells.on(grid, keys, boxes[place])
        furthest += float(total.max())
    return furthest


def _sharing(boxes: Sequence[Box]) -> list[list[int]]:
    """Rules in parts, so that those of different parts look at nothing in common."""
    parts: list[tuple[set[str], list[int]]] = []
    for place, box in enumerate(boxes):
        keys, members = set(box), [place]
        for part in [part for part in parts if part[0] & keys]:
            parts.remove(part)
            keys |= part[0]
            members = [*part[1], *members]
        parts.append((keys, members))
    return [members for _, members in parts]


def _of_gate(gate: Gate, unanswered: Sequence[str]) -> Iterator[Remark]:
    cells = Cells((*gate.when, *gate.only), (), unanswered)
    where = f"gate {gate.name}"
    if gate.only and _is_empty(cells.box(gate.only), cells):
        yield Remark("warning", where, "applies to no lead: what only asks for excludes itself.")
        return
    applies = cells.box((*gate.only, *gate.when))
    held_by_none, held_by_all = _is_empty(applies, cells), all(mask.all() for mask in cells.box(gate.when).values())
    nobody_passes = held_by_none if gate.must_have else held_by_all
    nobody_fails = held_by_all if gate.must_have else held_by_none
    must = "must have" if gate.must_have else "must not have"
    if nobody_passes:
        yield Remark("error", where, f"nobody can pass: what a lead {must} {_why(held_by_none)}.")
    elif nobody_fails:
        yield Remark("warning", where, f"stops nobody: what a lead {must} {_why(held_by_none)}.")


def _why(held_by_none: bool) -> str:
    return "excludes itself" if held_by_none else "holds for every lead"
