"""Where conditions hold, decided exactly: what each looks at is cut into cells on which all of them say one thing.

A cell is a value that stands for all values like it: a word that a condition lists, a word that none does, a bound, a
number between two bounds, nothing known. So whether one rule covers another is found by asking both of a few cells.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats, fold
from leadml.predict.rules.conditions import (
    ANY_ACTIVITY,
    ActivityCount,
    Condition,
    CountCondition,
    ValueCondition,
    within,
)
from leadml.predict.rules.rows import Mask, Values, number_in
from leadml.predict.rules.rulebook import Dimension, Rule

OTHER = "\0any other"
_MOST_CELLS = 100_000

Box = dict[str, Mask]
"""For each thing that is looked at, the cells in which conditions hold; what is not named is not looked at."""


@dataclass(frozen=True)
class Seen:
    """One thing that conditions look at: what it is called, its cells, and how it is counted where it is a count."""

    said: str
    values: Values
    count: ActivityCount | None = None

    def __len__(self) -> int:
        return len(self.values.numbers)

    def word(self, cell: int) -> str:
        """A cell in words."""
        text = None if self.values.texts is None else self.values.texts[cell]
        if text is None:
            return self._number(cell)
        return {"": "not known", OTHER: "any other word"}.get(text, repr(text))

    def _number(self, cell: int) -> str:
        """A bound stands for itself; what lies between two bounds, or beyond all, for many numbers."""
        numbers = self.values.numbers
        if cell % 2 == 0 and cell < len(numbers) - 1:
            return f"{numbers[cell]:g}"
        last = cell >= len(numbers) - 1
        return f"above {numbers[cell - 1]:g}" if last else f"between {numbers[cell - 1]:g} and {numbers[cell + 1]:g}"


class Cells:
    """Everything that some conditions look at, cut into cells."""

    def __init__(self, conditions: Iterable[Condition], counts: Iterable[ActivityCount], unanswered: Iterable[str]):
        values: dict[str, list[ValueCondition]] = {}
        counted = {count.column: count for count in counts}
        bounds: set[float] = set()
        for condition in conditions:
            if isinstance(condition, CountCondition):
                counted[condition.column] = condition.count
                bounds |= _bounds(condition)
            else:
                values.setdefault(key_of(condition), []).append(condition)
        # Counts share their bounds, so that of two of them it is seen which is larger.
        steps = Values(_steps({0.0, *(bound for bound in bounds if bound > 0)}, from_zero=True))
        silent = frozenset(unanswered)
        self.seen = {key: Seen(ones[0].name, _cut(ones, silent)) for key, ones in values.items()}
        self.seen |= {key: Seen(f"the number of {spoken(count)}", steps, count) for key, count in counted.items()}

    def box(self, conditions: Sequence[Condition], each: ActivityCount | None = None) -> Box:
        """Where all conditions hold, and where there is any of what points are given for each of."""
        box: Box = {}
        for condition in conditions:
            key = key_of(condition)
            held = self._held(condition, self.seen[key].values)
            box[key] = box.get(key, np.ones(len(held), np.bool_)) & held
        if each is not None:
            any_of_it = self.seen[each.column].values.numbers > 0
            box[each.column] = box.get(each.column, np.ones(len(any_of_it), np.bool_)) & any_of_it
        return box

    def grid(self, keys: Sequence[str]) -> Mask | None:
        """All combinations of cells of some things, an axis each: True where they can occur; None if there are many.

        Who did something in the last week did it in the last month: such combinations alone are known not to occur.
        """
        shape = [len(self.seen[key]) for key in keys]
        if np.prod(shape, dtype=np.float64) > _MOST_CELLS:
            return None
        possible = np.ones(shape, np.bool_)
        for (left, one), (right, other) in itertools.permutations(enumerate(keys), 2):
            inner, outer = self.seen[one].count, self.seen[other].count
            if inner is not None and outer is not None and never_more(inner, outer):
                numbers = self.seen[one].values.numbers
                possible &= _along(numbers, left, shape) <= _along(self.seen[other].values.numbers, right, shape)
        return possible

    def on(self, grid: Mask, keys: Sequence[str], box: Box) -> Mask:
        """The part of a grid in which a box lies."""
        held = grid.copy()
        for axis, key in enumerate(keys):
            if key in box:
                held &= _along(box[key], axis, grid.shape)
        return held

    def example(self, keys: Sequence[str], part: Mask) -> str:
        """Some combinations of a grid in words, the plainest first."""
        cells = np.argwhere(part)
        if len(keys) > 1:
            return " and ".join(
                f"{self.seen[key].said} is {self.seen[key].word(int(cell))}"
                for key, cell in zip(keys, cells[0], strict=True)
            )
        words = [self.seen[keys[0]].word(int(cell)) for (cell,) in cells]
        return f"{self.seen[keys[0]].said} is {' or '.join(words[:4])}{' or others' if len(words) > 4 else ''}"

    @staticmethod
    def _held(condition: Condition, values: Values) -> Mask:
        if isinstance(condition, CountCondition):
            return within(values.numbers, condition.at_least, condition.at_most)
        return condition.of(values)


def cells_of(dimension: Dimension, unanswered: Iterable[str]) -> Cells:
    """Everything that a dimension looks at."""
    conditions = [*dimension.only, *(condition for rule in dimension.rules for condition in rule.when)]
    return Cells(conditions, (rule.each for rule in dimension.rules if rule.each is not None), unanswered)


def key_of(condition: Condition) -> str:
    """What a condition looks at: the user's column where it is known, else what the rulebook calls it."""
    if isinstance(condition, CountCondition):
        return condition.column
    return condition.column or f"{condition.subject} {condition.name}"


def spoken(count: ActivityCount) -> str:
    """What a count counts, in words."""
    return count.column.removeprefix("count: ").replace(ANY_ACTIVITY, "any activity")


def box_of(rule: Rule, dimension: Dimension, cells: Cells) -> Box:
    """Where a rule holds and its dimension applies."""
    return cells.box((*dimension.only, *rule.when), rule.each)


def never_more(inner: ActivityCount, outer: ActivityCount) -> bool:
    """Whether one count can never exceed another: it looks at a part of what the other counts."""
    if (inner.after, inner.gap_days) != (outer.after, outer.gap_days):
        return False
    of_types = ANY_ACTIVITY in outer.types or set(inner.types) <= set(outer.types)
    of_days = (inner.within_days or np.inf) <= (outer.within_days or np.inf)
    of_whom = inner.whose == outer.whose or outer.whose == "account"
    fading = (outer.half_life_days, outer.lifespan_days)
    faded = fading in ((None, None), (inner.half_life_days, inner.lifespan_days))
    same = set(inner.types) == set(outer.types) and inner.whose == outer.whose and inner.per_day == outer.per_day
    return of_types and of_days and of_whom and faded and (outer.per_day is None or same)


def _bounds(condition: Condition) -> set[float]:
    return {bound for bound in (condition.at_least, condition.at_most) if bound is not None and np.isfinite(bound)}


def _cut(conditions: Sequence[ValueCondition], unanswered: frozenset[str]) -> Values:
    """The cells of one value: words and numbers, or numbers alone for a figure of the account."""
    words = {fold(word) for one in conditions for word in (*one.one_of, *one.none_of)} - unanswered - {""}
    numbers = {number: word for word in sorted(words) if np.isfinite(number := number_in(word))}
    bounds = {bound for one in conditions for bound in _bounds(one)} | numbers.keys()
    figures = conditions[0].subject == "account"
    between = [float(number) for number in _steps(bounds, from_zero=figures)]
    texts = {numbers.get(number) or f"{number!r}".removesuffix(".0") for number in between}
    cells = tuple(sorted(texts if figures else texts | words)) + (("",) if figures else ("", OTHER))
    return Values(np.array([number_in(text) for text in cells]), cells)


def _steps(bounds: set[float], *, from_zero: bool) -> Floats:
    """The bounds, a number between each two, and one beyond either end."""
    if not bounds:
        return np.empty(0)
    at = np.array(sorted(bounds))
    before = at[:0] if from_zero and at[0] <= 0 else np.array([at[0] / 2 if from_zero else at[0] - 1])
    return np.unique(np.concatenate([before, at, (at[1:] + at[:-1]) / 2, [at[-1] + 1]]))


def _along(values: np.ndarray, axis: int, shape: Sequence[int]) -> np.ndarray:
    """Values of one axis, to be spread over the others."""
    return values.reshape([-1 if place == axis else 1 for place in range(len(shape))])
