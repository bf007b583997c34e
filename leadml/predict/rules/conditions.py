"""What a rule asks of a lead: comparisons with values that stand in the rulebook, never code.

A condition looks at one column of the rows. Attributes, answers and figures of the account are columns that the user
has; what leads did is counted before a snapshot by `leadml.features`, into the column that an `ActivityCount` names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias, get_args

import numpy as np

from leadml.predict.encoding import Floats, fold
from leadml.predict.rules.rows import Mask, RuleRows, Values

Subject = Literal["answer", "attribute", "account"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)
Whose = Literal["lead", "account"]
WHOSE: tuple[Whose, ...] = get_args(Whose)

ANY_ACTIVITY = "*"
ACCOUNT_COLUMNS = {"contacts": "contacts known", "engaged_contacts": "contacts engaged", "roles": "roles covered"}
"""Figures of the account that a condition may name, and the feature that holds each."""


@dataclass(frozen=True)
class ActivityCount:
    """How often a lead, or anybody of its account, did something before a snapshot.

    Counted are activities of one of `types` ("*": of any) in the last `within_days` days; with `after`, only those that
    came after a chain of others in that order, each step at least `gap_days` after the one before. No more than
    `per_day` count on one day (UTC). Each counts for one, or for less the older it is: half as much after every
    `half_life_days`, or evenly less until nothing is left at `lifespan_days`.
    """

    types: tuple[str, ...]
    within_days: float | None = None
    after: tuple[tuple[str, ...], ...] = ()
    gap_days: float = 0.0
    whose: Whose = "lead"
    per_day: float | None = None
    half_life_days: float | None = None
    lifespan_days: float | None = None

    @property
    def column(self) -> str:
        """The column that holds the count: equal counts share one."""
        chain = ", then ".join(" or ".join(map(_named, step)) for step in (*self.after, self.types))
        said = {
            "within the last {} days": self.within_days,
            "steps {} days apart": self.gap_days or None,
            "at most {} a day": self.per_day,
            "half-life {} days": self.half_life_days,
            "lifespan {} days": self.lifespan_days,
        }
        words = [chain, *(text.format(f"{value:.15g}") for text, value in said.items() if value is not None)]
        return f"count: {', '.join(words)}{' (account)' if self.whose == 'account' else ''}"

    def to_dict(self) -> dict[str, Any]:
        """The count as JSON values; `ActivityCount.from_dict` reads them back."""
        return {name: _plain(value) for name, value in vars(self).items()}

    @classmethod
    def from_dict(cls, count: dict[str, Any]) -> ActivityCount:
        """Read back what `to_dict` gave."""
        return cls(**count | {"types": tuple(count["types"]), "after": tuple(map(tuple, count["after"]))})


@dataclass(frozen=True)
class ValueCondition:
    """One value is one of some texts, none of them, within bounds (both inclusive), known, or not known.

    What is not known passes `known = False` alone. `name` is what the rulebook calls the question, the attribute or the
    figure of the account; `column` is the user's column once the rulebook is resolved.
    """

    subject: Subject
    name: str
    one_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    known: bool | None = None
    column: str | None = None

    def holds(self, rows: RuleRows) -> Mask:
        """Which rows it holds for; shape (rows,)."""
        return rows.column(str(self.column)).said(self)

    def of(self, values: Values) -> Mask:
        """Which of some distinct values it holds for."""
        if self.known is not None:
            return values.known if self.known else ~values.known
        if self.one_of:
            return values.among(self._one_of)
        if self.none_of:
            return values.known & ~values.among(self._none_of)
        return within(values.numbers, self.at_least, self.at_most)

    @cached_property
    def _one_of(self) -> frozenset[str]:
        return frozenset(map(fold, self.one_of)) - {""}  # what is not known is one of nothing

    @cached_property
    def _none_of(self) -> frozenset[str]:
        return frozenset(map(fold, self.none_of))


@dataclass(frozen=True)
class CountCondition:
    """A count of activities lies within bounds, both inclusive."""

    count: ActivityCount
    at_least: float | None = None
    at_most: float | None = None

    @property
    def column(self) -> str:
        """The column that it looks at."""
        return self.count.column

    def holds(self, rows: RuleRows) -> Mask:
        """Which rows it holds for; shape (rows,)."""
        return rows.column(self.column).said(self)

    def of(self, values: Values) -> Mask:
        """Which of some counts it holds for; what is not known is none."""
        counts = np.where(np.isnan(values.numbers), 0.0, values.numbers)
        return within(counts, self.at_least, self.at_most)


Condition: TypeAlias = ValueCondition | CountCondition


def counted(rows: RuleRows, count: ActivityCount) -> Floats:
    """An activity count of each row, 0 where nothing is known; shape (rows,)."""
    numbers = rows.column(count.column).numbers()
    return np.where(np.isnan(numbers), 0.0, numbers)


def all_hold(conditions: tuple[Condition, ...], rows: RuleRows) -> Mask:
    """Which rows all conditions hold for; shape (rows,)."""
    held = np.ones(len(rows), dtype=np.bool_)
    for condition in conditions:
        held &= condition.holds(rows)
    return held


def within(numbers: Floats, at_least: float | None, at_most: float | None) -> Mask:
    """Which numbers lie within bounds; NaN never does."""
    low = -np.inf if at_least is None else at_least
    high = np.inf if at_most is None else at_most
    inside: Mask = (low <= numbers) & (numbers <= high)
    return inside


def _named(kind: str) -> str:
    """A type as a count's column names it: quoted where it could be read as more than one type, or as more."""
    plain = not any(mark in kind for mark in (",", " or ", "(", '"'))
    return kind if plain else json.dumps(kind, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value
