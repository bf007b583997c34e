"""The terms of a score as reasons: what each adds in log-odds, to which feature group, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict.arrays import from_numpy, from_texts
from leadml.predict.encoding import MISSING, Codes, Feature, Floats, Group
from leadml.predict.phrases import Words
from leadml.predict.rules.rulebook import Dimension, Rulebook
from leadml.predict.tables import Map, Pair, ScoreTables

Indices = np.ndarray[Any, np.dtype[np.intp]]

REASONS_TYPE = pa.list_(pa.struct([("reason", pa.dictionary(pa.int32(), pa.string())), ("log_odds", pa.float64())]))


@dataclass(frozen=True)
class Term:
    """One term of the sum: its log-odds and its words for every code it can take; both as long as the codes.

    `log_odds` is None for a term of the rules, whose points are no matter of the code alone.
    """

    name: str
    groups: tuple[Group, ...]
    log_odds: Floats | None
    texts: tuple[str, ...]


def terms_of(features: Sequence[Feature], tables: ScoreTables, rulebook: Rulebook | None) -> tuple[Term, ...]:
    """All terms in the order of the sum: rule dimensions, features, pairs."""
    return (
        *(term for dimension in (rulebook.dimensions if rulebook else ()) for term in _rule_terms(dimension)),
        *(_main_term(feature, table) for feature, table in zip(features, tables.main, strict=True)),
        *(_pair_term(features, pair) for pair in tables.pairs),
    )


def _rule_terms(dimension: Dimension) -> Iterator[Term]:
    """The terms of a dimension, in the order of its evaluation."""
    name = f"rules: {dimension.name}"
    if dimension.counts == "first":
        texts = (f"{dimension.name}: {dimension.describe(code)}" for code in range(len(dimension.rules) + 3))
        yield Term(name, (dimension.group,), None, tuple(texts))
        return
    for rule in dimension.rules:
        text = f"{dimension.name}: {rule.label}"
        yield Term(f"{name}: {rule.label}", (rule.group or dimension.group,), None, (f"not {text}", text))


def _main_term(feature: Feature, table: Floats) -> Term:
    texts = tuple(feature.say([feature.words(code)]) for code in range(feature.n_codes))
    return Term(feature.name, (feature.group,), table, texts)


def _pair_term(features: Sequence[Feature], pair: Pair) -> Term:
    left, right = features[pair.left], features[pair.right]
    lefts = list(map(left.say, coarse_words(left, pair.left_map, pair.table.shape[0])))
    rights = list(map(right.say, coarse_words(right, pair.right_map, pair.table.shape[1])))
    texts = tuple(f"{one}, with {other}" for one in lefts for other in rights)
    return Term(f"{left.name} x {right.name}", (left.group, right.group), pair.table.ravel(), texts)


def coarse_words(feature: Feature, to_coarse: Map, count: int) -> list[list[Words]]:
    """For each of a pair's coarse codes words for all the codes that it stands for."""
    return [_words_of(feature, np.flatnonzero(to_coarse == coarse)) for coarse in range(count)]


def _words_of(feature: Feature, codes: Indices) -> list[Words]:
    """Words for some codes; neighbouring bins read as one range."""
    if feature.kind != "number":
        return [feature.words(int(code)) for code in codes]
    breaks = np.flatnonzero((np.diff(codes) > 1) | (codes[:-1] == MISSING)) + 1
    return [feature.words(int(run[0]), int(run[-1])) for run in np.split(codes, breaks) if len(run)]


class ReasonPicker:
    """Picks each row's strongest terms and gives them as text, made once per term and code, not once per row."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._offsets = np.cumsum([0, *(len(term.texts) for term in terms[:-1])])
        self._texts = from_texts([text for term in terms for text in term.texts])

    def pick(self, matrix: Floats, codes: Sequence[Codes], most: int) -> tuple[pa.ListArray, pa.ListArray]:
        """The strongest reasons for and against each row, strongest first.

        Args:
            matrix: log-odds of each term for each row, shape (terms, rows).
            codes: code of each term for each row, each of shape (rows,).
            most: how many reasons each way at the most; a term is a reason only for the direction it speaks in.

        Returns:
            Two lists per row of structs (reason, log_odds). Ties go to the term that comes first in the sum.
        """
        most = min(most, len(matrix))
        rest = matrix.T.copy()  # what is not yet picked; row by row, so that a row's terms lie together
        codes_of_row = np.stack(codes, axis=1) if codes else np.empty((matrix.shape[1], 0), dtype=np.uint16)
        highest = [_take_out(rest, np.argmax, np.maximum) for _ in range(most)]
        lowest = [_take_out(rest, np.argmin, np.minimum) for _ in range(most)]
        return self._lists(highest, codes_of_row), self._lists(lowest, codes_of_row)

    def _lists(self, picked: Sequence[tuple[Indices, Floats]], codes_of_row: Codes) -> pa.ListArray:
        """Lists of structs from each rank's terms and log-odds; log-odds of 0 say that there is no reason left."""
        count = len(codes_of_row)
        terms = np.stack([term for term, _ in picked], axis=1) if picked else np.empty((count, 0), dtype=np.intp)
        log_odds = np.stack([value for _, value in picked], axis=1) if picked else np.empty((count, 0))
        keep = log_odds != 0
        code = np.take_along_axis(codes_of_row, terms, axis=1)[keep]
        position = from_numpy((self._offsets[terms[keep]] + code).astype(np.int32))
        reasons = pa.StructArray.from_arrays(
            [pa.DictionaryArray.from_arrays(position, self._texts), from_numpy(log_odds[keep])],
            fields=list(REASONS_TYPE.value_type),
        )
        offsets = np.concatenate([[0], np.cumsum(keep.sum(axis=1))]).astype(np.int32)
        return pa.ListArray.from_arrays(from_numpy(offsets), reasons)


def _take_out(rest: Floats, strongest: Callable[..., Indices], towards: np.ufunc) -> tuple[Indices, Floats]:
    """Each row's strongest term in one direction and its log-odds, 0 where none speaks so; zeroed in `rest`."""
    term = strongest(rest, axis=1)
    at = (np.arange(len(rest)), term)
    value: Floats = towards(rest[at], 0.0)
    rest[at] -= value
    return term, value
