"""Every reason of one lead, with its very values in place of the ranges that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Feature, Floats
from leadml.predict.summing import Sum


@dataclass(frozen=True)
class Reason:
    """One term of a lead's score as a sentence, and what it adds in log-odds."""

    reason: str
    log_odds: float


def exact_reasons(of: Sum, row: pa.Table, codes: Sequence[int], log_odds: Floats) -> tuple[Reason, ...]:
    """The reasons of one row, the strongest first; terms that add nothing are none.

    What rules say is marked as such: they often speak of the same column as a table.

    Args:
        of: the sum that the row's score is.
        row: the row as `read_columns` gives it.
        codes: the row's code of each term.
        log_odds: what each term adds, shape (terms,).
    """
    words = [term.texts[code] for term, code in zip(of.terms, codes, strict=True)]
    said = [
        feature.say([feature.exact_words(code, _value(row, feature))])
        for feature, code in zip(of.features, codes[of.of_rules :], strict=False)
    ]
    pairs = [f"{said[pair.left]}, with {said[pair.right]}" for pair in of.tables.pairs]
    texts = [*(f"{text} (rule)" for text in words[: of.of_rules]), *said, *pairs]
    texts += words[len(texts) :]  # a calibration
    order = np.argsort(-np.abs(log_odds), kind="stable")
    return tuple(Reason(texts[term], float(log_odds[term])) for term in order if log_odds[term])


def _value(row: pa.Table, feature: Feature) -> Any:
    return None if feature.kind not in ("number", "category") else row[feature.column][0].as_py()
