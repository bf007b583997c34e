"""A rulebook beside the values that leads really have: words nobody says, values no rule knows, columns without any."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats, fold
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rows import Mask, RuleRows, Values
from leadml.predict.rules.rulebook import Dimension, Rule, Rulebook
from leadml.rules.remarks import Remark

__all__ = ["compare_with_values"]

_MOST_WORDS = 8
_NEAR = 0.75
_MANY = 0.05


def compare_with_values(rulebook: Rulebook, rows: RuleRows) -> list[Remark]:
    """Remarks on a resolved rulebook's words and ranges, and on the values of all leads that there are."""
    found = {name: _Found.of(rows, name) for name in _value_columns(rulebook)}
    remarks = [
        Remark("warning", name, f"column {name!r} is empty for every lead: what asks for it can never hold.")
        for name, values in found.items()
        if not values.total
    ]
    for dimension in rulebook.dimensions:
        remarks += _of_dimension(dimension, found, frozenset(rulebook.unanswered))
    for gate in rulebook.gates:
        for condition in _on_values(gate.when):
            values = found[str(condition.column)]
            if values.total and (words := _never_said(condition, values, frozenset(rulebook.unanswered))):
                remarks.append(_words_remark(f"gate {gate.name}", words, values, [condition]))
    return remarks


@dataclass(frozen=True)
class _Found:
    """The distinct known values of one column, and how many leads have each; `total` leads have any."""

    column: str
    values: Values
    leads: Floats

    @classmethod
    def of(cls, rows: RuleRows, name: str) -> _Found:
        column = rows.column(name)
        if column.places is None:
            numbers, times = np.unique(column.values.numbers[column.values.known], return_counts=True)
            return cls(name, Values(numbers), times.astype(float))
        leads = np.bincount(column.places, minlength=len(column.values.numbers)).astype(float)
        kept = np.flatnonzero(column.values.known & (leads > 0))
        texts = tuple(np.array(column.values.texts, dtype=object)[kept])
        # Spellings that differ in case or outer blanks alone are one value.
        words, place = np.unique(np.array(texts, dtype=object).astype(str), return_inverse=True)
        numbers = np.array([column.values.numbers[kept[np.argmax(place == k)]] for k in range(len(words))])
        return cls(
            name, Values(numbers, tuple(words.tolist())), np.bincount(place, leads[kept], len(words)).astype(float)
        )

    @property
    def total(self) -> float:
        return float(self.leads.sum())

    def said(self, place: int) -> str:
        texts = self.values.texts
        return f"{self.values.numbers[place]:g}" if texts is None else repr(texts[place])


def _value_columns(rulebook: Rulebook) -> list[str]:
    parts = [condition for dimension in rulebook.dimensions for condition in _all_of(dimension)]
    parts += [condition for gate in rulebook.gates for condition in _on_values((*gate.when, *gate.only))]
    return list(dict.fromkeys(str(condition.column) for condition in parts))


def _all_of(dimension: Dimension) -> list[ValueCondition]:
    return _on_values((*dimension.only, *(condition for rule in dimension.rules for condition in rule.when)))


def _on_values(conditions: Sequence[object]) -> list[ValueCondition]:
    return [condition for condition in conditions if isinstance(condition, ValueCondition)]


def _of_dimension(dimension: Dimension, found: dict[str, _Found], unanswered: frozenset[str]) -> Iterator[Remark]:
    asked: dict[str, list[ValueCondition]] = {}
    for condition in _all_of(dimension):
        asked.setdefault(str(condition.column), []).append(condition)
    for name, conditions in asked.items():
        values = found[name]
        if not values.total:
            continue
        yield from _dead_words(dimension, values, conditions, unanswered)
        unmentioned = ~np.any([_mentions(condition, values.values) for condition in conditions], axis=0)
        if unmentioned.any():
            yield _unmentioned(dimension, values, unmentioned, alone=len(asked) == 1)


def _dead_words(
    dimension: Dimension, values: _Found, asked: Sequence[ValueCondition], unanswered: frozenset[str]
) -> Iterator[Remark]:
    """Words of a dimension's rules that no lead says; a rule none of whose words is ever said is told by itself."""
    words: list[str] = []
    for rule in dimension.rules:
        for condition in _on_values(rule.when):
            if condition.column != values.column:
                continue
            never = _never_said(condition, values, unanswered)
            if never and len(never) == len({*map(fold, condition.one_of)} - unanswered):
                yield _dead_rule(dimension, rule, never, values, asked)
            else:
                words += never
    if words:
        yield _words_remark(dimension.name, list(dict.fromkeys(words)), values, asked)


def _never_said(condition: ValueCondition, values: _Found, unanswered: frozenset[str]) -> list[str]:
    listed = dict.fromkeys(fold(word) for word in (*condition.one_of, *condition.none_of))
    return [word for word in listed if word not in unanswered and not values.values.among(frozenset([word])).any()]


def _dead_rule(
    dimension: Dimension, rule: Rule, words: Sequence[str], values: _Found, asked: Sequence[ValueCondition]
) -> Remark:
    hint = _nearest(words, values, asked)
    message = f'nobody ever gives an answer of "{rule.label}" ({_listed(words)}) in column {values.column!r}.'
    return Remark("warning" if hint else "note", dimension.name, f"{message}{hint}", rule.label)


def _words_remark(where: str, words: Sequence[str], values: _Found, asked: Sequence[ValueCondition]) -> Remark:
    hint = _nearest(words, values, asked)
    message = f"never found in column {values.column!r}: {_listed(words)}."
    return Remark("warning" if hint else "note", where, f"{message}{hint}")


def _nearest(words: Sequence[str], values: _Found, asked: Sequence[ValueCondition]) -> str:
    """What was probably meant by words that no lead says: a value that is asked for nowhere else."""
    if values.values.texts is None:
        return ""
    listed = {fold(word) for condition in asked for word in condition.one_of}
    free = [text for text in values.values.texts if text not in listed]
    near = {word: difflib.get_close_matches(word, free, n=1, cutoff=_NEAR) for word in words}
    meant = [f"Did you mean {close[0]!r} rather than {word!r}?" for word, close in near.items() if close]
    return f" {' '.join(meant[:3])}" if meant else ""


def _mentions(condition: ValueCondition, values: Values) -> Mask:
    """Values that a condition says something of: those it holds for, and those it lists to be none of."""
    listed = values.among(frozenset(map(fold, condition.none_of)))
    if condition.known is not None:
        return np.zeros(len(values.numbers), np.bool_) if condition.known is False else values.known
    return condition.of(values) | listed


def _unmentioned(dimension: Dimension, values: _Found, unmentioned: Mask, *, alone: bool) -> Remark:
    """Values that a dimension knows nothing of; where it looks at other columns, too, that may well be meant."""
    places = np.flatnonzero(unmentioned)
    places = places[np.argsort(-values.leads[places], kind="stable")]
    share = float(values.leads[places].sum() / values.total)
    most = [f"{values.said(place)} ({values.leads[place] / values.total:.1%})" for place in places[:_MOST_WORDS]]
    more = f" and {len(places) - _MOST_WORDS} more" if len(places) > _MOST_WORDS else ""
    message = f"no rule knows {share:.1%} of the values in column {values.column!r}: {', '.join(most)}{more}."
    return Remark("warning" if alone and share >= _MANY else "note", dimension.name, message)


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _MOST_WORDS} more" if len(words) > _MOST_WORDS else ""
    return f"{', '.join(map(repr, words[:_MOST_WORDS]))}{more}"
