"""The terms of a score as reasons: what each adds in log-odds, to which feature group, and in which words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Codes, Feature, Floats, Group
from leadml.predict.rulebook import Rulebook
from leadml.predict.tables import Map, Pair, ScoreTables

REASONS_TYPE = pa.list_(pa.struct([("reason", pa.dictionary(pa.int32(), pa.string())), ("log_odds", pa.float64())]))


@dataclass(frozen=True)
class Term:
    """One term of the sum: its log-odds and its words for every code it can take; both as long as the codes."""

    name: str
    groups: tuple[Group, ...]
    log_odds: Floats
    texts: tuple[str, ...]


def terms_of(features: Sequence[Feature], tables: ScoreTables, rulebook: Rulebook | None) -> tuple[Term, ...]:
    """All terms in the order of the sum: rule dimensions, features, pairs."""
    return (
        *_rule_terms(rulebook, tables.rules_weight),
        *(_main_term(feature, table) for feature, table in zip(features, tables.main, strict=True)),
        *(_pair_term(features, pair) for pair in tables.pairs),
    )


def _rule_terms(rulebook: Rulebook | None, weight: float) -> Iterator[Term]:
    for dimension in rulebook.dimensions if rulebook else ():
        texts = tuple(f"{dimension.name}: {dimension.describe(code)}" for code in range(len(dimension.rules) + 2))
        name = f"{rulebook.name if rulebook else ''} {dimension.name}"
        yield Term(name, (dimension.group,), weight * dimension.points_by_code, texts)


def _main_term(feature: Feature, table: Floats) -> Term:
    texts = tuple(f"{feature.label}: {feature.describe(code)}" for code in range(feature.n_codes))
    return Term(feature.name, (feature.group,), table, texts)


def _pair_term(features: Sequence[Feature], pair: Pair) -> Term:
    left, right = features[pair.left], features[pair.right]
    texts = tuple(
        f"{left.label}: {left_text}, with {right.label}: {right_text}"
        for left_text in _coarse_texts(left, pair.left_map)
        for right_text in _coarse_texts(right, pair.right_map)
    )
    return Term(f"{left.name} x {right.name}", (left.group, right.group), pair.table.ravel(), texts)


def _coarse_texts(feature: Feature, to_coarse: Map) -> list[str]:
    return [_describe_codes(feature, np.flatnonzero(to_coarse == k).tolist()) for k in range(int(to_coarse.max()) + 1)]


def _describe_codes(feature: Feature, codes: Sequence[int]) -> str:
    if feature.kind == "number":
        return feature.describe(codes[0], codes[-1])
    texts = [feature.describe(code) for code in codes]
    return " or ".join(texts) if len(texts) <= 3 else f"{texts[0]}, {texts[1]} or {len(texts) - 2} more"


class ReasonPicker:
    """Picks each row's strongest terms and gives them as text, made once per term and code, not once per row."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._offsets = np.cumsum([0, *(len(term.texts) for term in terms[:-1])])
        self._texts = pa.array([text for term in terms for text in term.texts], pa.string())

    def pick(self, matrix: Floats, codes: Sequence[Codes], most: int, sign: Literal[1, -1]) -> pa.ListArray:
        """The strongest reasons for (`sign` 1) or against (-1) each row, strongest first.

        Args:
            matrix: log-odds of each term for each row, shape (terms, rows).
            codes: code of each term for each row, each of shape (rows,).
            most: how many reasons at the most; terms that do not speak in this direction are never given.
            sign: which direction.

        Returns:
            A list per row of structs (reason, log_odds).
        """
        strength = np.ascontiguousarray(sign * matrix.T)
        most = min(most, strength.shape[1])
        rows = np.arange(len(strength))[:, None]
        top = np.sort(np.argpartition(-strength, most - 1, axis=1)[:, :most], axis=1) if most else rows[:, :0]
        # Ties go to the term that comes first in the sum.
        top = top[rows, np.argsort(-strength[rows, top], axis=1, kind="stable")]
        keep = strength[rows, top] > 0
        terms, of_row = top[keep], np.broadcast_to(rows, top.shape)[keep]
        code = np.stack(codes)[terms, of_row] if len(codes) else np.empty(0, dtype=np.uint16)
        texts = pa.DictionaryArray.from_arrays((self._offsets[terms] + code).astype(np.int32), self._texts)
        structs = pa.StructArray.from_arrays([texts, matrix[terms, of_row]], fields=list(REASONS_TYPE.value_type))
        offsets = np.concatenate([[0], np.cumsum(keep.sum(axis=1))]).astype(np.int32)
        return pa.ListArray.from_arrays(offsets, structs)
