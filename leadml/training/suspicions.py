"""What leaks do and honest columns rarely do: signs, not proof, each with its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.training.findings import Finding
from leadml.training.folds import Rows
from leadml.training.metrics import auc
from leadml.training.proofs import is_filled
from leadml.training.readiness import auc_standard_error

_FOLDS = 5
_BINS = 20
_TIME_BLOCKS = 10
_PRIOR_ROWS = 5.0

_STRONG_AUC = 0.8
_NEAR_PERFECT_AUC = 0.95
_FAR_ABOVE = 0.1
_NAMED_AUC = 0.6
_FILL_GAP = 0.2
_FEWEST = 20  # of either outcome, before any rate is worth comparing
_PURE = 0.97
_PURE_ROWS = 50
_PURE_SHARE = 0.05
_COMMON = 0.7

_DISGUISES = re.compile(
    r"stage|status|clos(e|ed|ing)|\bwon\b|\blost\b|outcome|result|dispositi|\btags?\b|lead.?(quality|profile|score|grade)"
    r"|last.?(\w+.)?activity|convert|conversion|deal|opportunity|contract|invoice|onboard",
    re.IGNORECASE,
)


def suspect(leads: pa.Table, won: Floats, accounts: Rows, order: Floats | None) -> list[Finding]:
    """One finding per suspicious column of closed leads (rows), with every sign it shows; the strongest sign names it.

    `won` is 1 or 0, `accounts` numbers each lead's account, `order` is sortable time or None.
    """
    if min(won.sum(), (1 - won).sum()) < _FEWEST:
        return []
    blocks = _blocks(order, len(won))
    codes = {name: _codes(leads[name]) for name in leads.column_names}
    strengths = {name: _strength(codes[name], won, accounts, blocks) for name in codes}
    findings = []
    for name in leads.column_names:
        signs = [
            *_gives_away(name, strengths, won),
            *_fill_gap(is_filled(leads[name]), won),
            *_pure_levels(leads[name], codes[name], won),
        ]
        signs = signs or _disguise(name, strengths[name])
        if signs:
            findings.append(_suspected(name, signs))
    return findings


def _suspected(column: str, signs: list[tuple[str, str]]) -> Finding:
    return Finding(
        signs[0][0],
        "warning",
        column,
        f"{column!r}: {'; '.join(text for _, text in signs)}.",
        f"If {column!r} is filled in by staff or after the outcome, add it to exclude under [leads] in leadml.toml; "
        "if it is known when a lead is scored, keep it.",
    )


def _gives_away(name: str, strengths: Mapping[str, float], won: Floats) -> list[tuple[str, str]]:
    strength = strengths[name]
    error = auc_standard_error(int(won.sum()), int((1 - won).sum()), min(strength, 0.99))
    others = [value for other, value in strengths.items() if other != name]
    usual = float(np.quantile(others, 0.75)) if others else 0.5
    if strength - 1.645 * error < _STRONG_AUC or strength < usual + _FAR_ABOVE:
        return []
    alarm = ", near perfect" if strength > _NEAR_PERFECT_AUC else ""
    return [("L101", f"alone it has an AUC of {strength:.2f}{alarm}, three quarters of the others at most {usual:.2f}")]


def _fill_gap(filled: np.ndarray[Any, np.dtype[np.bool_]], won: Floats) -> list[tuple[str, str]]:
    """A gap in fill rates between outcomes whose lower 95 % limit is 20 points or more."""
    rates = np.array([filled[won == 1].mean(), filled[won == 0].mean()])
    rows = np.array([won.sum(), (1 - won).sum()])
    gap = abs(rates[0] - rates[1]) - 1.96 * np.sqrt((rates * (1 - rates) / rows).sum())
    if gap < _FILL_GAP:
        return []
    return [("L102", f"filled for {rates[0]:.0%} of the won and {rates[1]:.0%} of the lost leads")]


def _pure_levels(values: pa.ChunkedArray, codes: Rows, won: Floats) -> list[tuple[str, str]]:
    """Values of many leads that go (nearly) one way, where the base rate does not explain it."""
    if not pa.types.is_string(values.type):
        return []
    rows = np.bincount(codes)
    rate = np.bincount(codes, weights=won) / np.maximum(rows, 1)
    base = float(won.mean())
    pure_won = (rate >= _PURE) & (base < _COMMON)
    pure_lost = (rate <= 1 - _PURE) & (1 - base < _COMMON)
    pure = (pure_won | pure_lost) & (rows >= _PURE_ROWS)
    share = float(rows[pure].sum() / len(won))
    if share < _PURE_SHARE:
        return []
    largest = int(np.argmax(np.where(pure, rows, 0)))
    example = values[int(np.flatnonzero(codes == largest)[0])].as_py()
    named = "missing" if example is None else repr(example if len(example) <= 40 else example[:39] + "…")
    return [
        (
            "L103",
            f"{share:.0%} of the leads have a value with nearly one outcome, such as {named}: "
            f"{rate[largest]:.0%} won of {rows[largest]}",
        )
    ]


def _disguise(name: str, strength: float) -> list[tuple[str, str]]:
    """A name that speaks of the outcome counts only together with evidence."""
    spoken = _DISGUISES.search(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name))
    if spoken is None or strength < _NAMED_AUC:
        return []
    return [("L104", f"its name speaks of the outcome ({spoken[0]!r}) and alone it has an AUC of {strength:.2f}")]


def _strength(codes: Rows, won: Floats, accounts: Rows, blocks: Rows) -> float:
    """AUC of the column's own conversion rates, learned on other accounts, among leads of the same time."""
    fold = accounts % _FOLDS
    scores = np.empty(len(won))
    for number in range(_FOLDS):
        learn, judge = fold != number, fold == number
        rows = np.bincount(codes[learn], minlength=codes.max() + 1)
        wins = np.bincount(codes[learn], weights=won[learn], minlength=codes.max() + 1)
        base = won[learn].mean() if learn.any() else 0.5
        scores[judge] = ((wins + _PRIOR_ROWS * base) / (rows + _PRIOR_ROWS))[codes[judge]]
    total, weights = 0.0, 0.0
    for block in np.unique(blocks):
        here = blocks == block
        pairs = float(won[here].sum() * (1 - won[here]).sum())
        if pairs:
            total += pairs * auc(won[here], scores[here])
            weights += pairs
    return total / weights if weights else 0.5


def _blocks(order: Floats | None, rows: int) -> Rows:
    if order is None or rows < _TIME_BLOCKS * _FEWEST:
        return np.zeros(rows, dtype=np.int64)
    cuts = np.nanquantile(order, np.linspace(0, 1, _TIME_BLOCKS + 1)[1:-1])
    return np.searchsorted(cuts, order, side="right")


def _codes(values: pa.ChunkedArray) -> Rows:
    """0 for missing, then a number per category, or per twentieth of the numbers (times count as numbers)."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        encoded = values.combine_chunks().dictionary_encode()
        return np.asarray(encoded.indices.fill_null(-1), dtype=np.int64) + 1
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    numbers = pc.fill_null(values.cast(pa.float64()), float("nan")).to_numpy()
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return np.zeros(len(numbers), dtype=np.int64)
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.where(np.isnan(numbers), 0, np.searchsorted(cuts, numbers, side="right") + 1)
