"""What a score row keeps of its inputs, so that it can be scored again bit for bit without the lead.

Kept are the codes of all features and of the rules, points where they are no function of codes (a rule that counts
activities), the segment, the gates that stopped the lead, and the question that was worth asking with its value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict.arrays import Mask, from_texts
from leadml.predict.encoding import Codes, Floats
from leadml.predict.packing import Packing
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook import Dimension
from leadml.predict.segments import NO_SEGMENT, Numbers
from leadml.predict.summing import Part, Sum


@dataclass(frozen=True)
class Asked:
    """Each row's question worth most (by its number, -1: none), and what asking it gains; both of shape (rows,)."""

    question: Numbers
    value: Floats


@dataclass(frozen=True)
class Inputs:
    """Rows as they are scored: without the columns that rules and gates look at, what those said."""

    part: Part
    stopped: Mapping[str, Mask]
    asked: Asked


@dataclass(frozen=True)
class InputsCode:
    """How the inputs of one scorer's rows are written; `questions` are those it can ask."""

    sum: Sum
    policy: Policy
    questions: tuple[str, ...]

    def write(self, inputs: Inputs) -> pa.Array:
        """One text per row; string array."""
        part, rules = inputs.part, self.sum.of_rules
        digits: list[np.ndarray[Any, Any]] = [*part.codes[: rules + len(self.sum.features)]]
        if part.segments is not None:
            digits.append(part.segments - NO_SEGMENT)
        digits += [*inputs.stopped.values(), inputs.asked.question + 1]
        counted = [part.points[term] for term in self._counted]
        return self._packing.pack(digits, [*counted, inputs.asked.value], part.count)

    def read(self, texts: pa.Array) -> Inputs:
        """The inputs of rows, by their texts (a string array).

        Raises:
            BundleError: a text is damaged, or another scorer's.
        """
        digits, floats = self._packing.unpack(texts)
        given = iter(digits)
        codes: list[Codes] = [next(given).astype(np.uint16) for _ in self._code_sizes]
        segments = next(given).astype(np.int64) + NO_SEGMENT if self.policy.segments else None
        stopped = {name: next(given) == 1 for name in self._gates}
        asked = Asked(next(given).astype(np.int64) - 1, floats[-1])
        rules, count = codes[: self.sum.of_rules], len(texts)
        all_codes = (*rules, *self.sum.with_pairs(codes[self.sum.of_rules :], count))
        points = tuple(self._points(rules, dict(zip(self._counted, floats, strict=False))))
        return Inputs(Part(count, all_codes, segments, points), stopped, asked)

    def _points(self, codes: Sequence[Codes], counted: Mapping[int, Floats]) -> Iterator[Floats]:
        for dimension, terms in self._terms:
            if dimension.counts_activities:
                yield from (counted[term] for term in terms)
            else:
                yield from dimension.points_of([codes[term] for term in terms])

    @cached_property
    def _packing(self) -> Packing:
        sizes = [*self._code_sizes, *((len(self.policy.segments) + 1,) if self.policy.segments else ())]
        sizes += [2 for _ in self._gates] + [len(self.questions) + 1]
        return Packing(sizes, len(self._counted) + 1, self._fingerprint)

    @cached_property
    def _code_sizes(self) -> list[int]:
        of_rules = [len(term.texts) for term in self.sum.terms[: self.sum.of_rules]]
        return [*of_rules, *(feature.n_codes for feature in self.sum.features)]

    @cached_property
    def _gates(self) -> list[str]:
        return list(dict.fromkeys(gate.name for gate in self.sum.rulebook.gates)) if self.sum.rulebook else []

    @cached_property
    def _terms(self) -> list[tuple[Dimension, range]]:
        """Each dimension of the rules with its terms."""
        terms, start = [], 0
        for dimension in self.sum.rulebook.dimensions if self.sum.rulebook else ():
            terms.append((dimension, range(start, start + dimension.terms)))
            start += dimension.terms
        return terms

    @cached_property
    def _counted(self) -> list[int]:
        """The terms whose points are kept as they were."""
        return [term for dimension, terms in self._terms if dimension.counts_activities for term in terms]

    @cached_property
    def _fingerprint(self) -> bytes:
        """Equal for scorers that make the same of all codes, saved or not; no two others share it."""
        of, policy = self.sum, self.policy
        texts = [text for term in of.terms for text in (term.name, *term.texts)]
        texts += [*self._gates, *self.questions, *(segment.name for segment in policy.segments)]
        texts += [trees.text for trees in of.trees]
        cutoffs = [policy.mql, policy.sql, *(cut for one in policy.segments for cut in (one.mql, one.sql))]
        numbers = [np.array([of.intercept, of.tables.rules_weight, *policy.grade_bounds, policy.sql_needs_intent])]
        numbers += [np.array(cutoffs, np.float64), *(np.array(dimension.reach) for dimension, _ in self._terms)]
        numbers += [term.log_odds for term in of.terms if term.log_odds is not None]
        numbers += [side.astype(np.float64) for pair in of.tables.pairs for side in (pair.left_map, pair.right_map)]
        numbers += [given for trees in of.trees for given in (*trees.places, np.array([trees.scale]))]
        numbers += [] if of.calibration is None else [of.calibration.at, of.calibration.to]
        digest = hashlib.sha256("\0".join(texts).encode())
        for given in numbers:
            digest.update(np.asarray(given, "<f8").tobytes())
        return digest.digest()


def one_array(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Texts in one array of strings, however they come."""
    whole = texts.cast(pa.string())
    return pa.concat_arrays(whole.chunks or [from_texts([])]) if isinstance(whole, pa.ChunkedArray) else whole
