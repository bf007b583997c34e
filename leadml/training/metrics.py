"""How good probabilities are, as pure functions of (label, probability).

Each figure is a function of a `Tally`: won and lost per distinct probability. Rows with the same probability are
therefore never told apart, and where a bin or the top fifth cuts through them they count in expectation, so that
no figure depends on the order of the rows. Multiplicities per row make the same functions serve the bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats

Metric = Callable[[Floats, Floats], float]

CLIP = 1e-12
_BINS = 10
_TOP = 0.2


@dataclass(frozen=True)
class Tally:
    """Distinct probabilities, ascending, and how many won and lost rows have each; all float arrays of one length."""

    probability: Floats
    won: Floats
    lost: Floats


def tally(label: Floats, probability: Floats, multiplicity: Floats | None = None) -> Tally:
    """Count won (label 1) and lost (label 0) rows per distinct probability, each row `multiplicity` times."""
    weight = np.ones(len(label)) if multiplicity is None else multiplicity
    distinct, place = np.unique(probability, return_inverse=True)
    won = np.bincount(place, weights=weight * label, minlength=len(distinct)).astype(float)
    lost = np.bincount(place, weights=weight * (1 - label), minlength=len(distinct)).astype(float)
    return Tally(distinct, won, lost)


def auc_of(counts: Tally) -> float:
    """Chance that a won row is scored above a lost one, ties half; NaN with one outcome."""
    below = np.cumsum(counts.lost) - counts.lost
    return _ratio(_sum(counts.won, below + counts.lost / 2), float(counts.won.sum() * counts.lost.sum()))


def average_precision_of(counts: Tally) -> float:
    """Precision averaged over the steps of recall, from the highest probability down; NaN without a won row."""
    won = np.cumsum(counts.won[::-1])
    rows = np.maximum(won + np.cumsum(counts.lost[::-1]), CLIP)
    return _ratio(_sum(counts.won[::-1], won / rows), float(counts.won.sum()))


def log_loss_of(counts: Tally) -> float:
    """Mean of -log(probability given to what happened), probabilities kept 1e-12 away from 0 and 1; in nats."""
    p = np.clip(counts.probability, CLIP, 1 - CLIP)
    return _ratio(-_sum(counts.won, np.log(p)) - _sum(counts.lost, np.log1p(-p)), _rows(counts))


def brier_of(counts: Tally) -> float:
    """Mean squared difference between probability and outcome (Brier 1950)."""
    p = counts.probability
    return _ratio(_sum(counts.won, (1 - p) ** 2) + _sum(counts.lost, p**2), _rows(counts))


def ece_of(counts: Tally) -> float:
    """Expected calibration error: mean distance of predicted and observed rate over 10 bins of equal row counts."""
    edges, rows = _cumulative(counts.won + counts.lost)
    if rows == 0:
        return float("nan")
    cuts = np.linspace(0, rows, _BINS + 1)
    predicted = np.interp(cuts, edges, _cumulative(counts.probability * (counts.won + counts.lost))[0])
    observed = np.interp(cuts, edges, _cumulative(counts.won)[0])
    return float(np.abs(np.diff(predicted - observed)).sum() / rows)


def top_20_of(counts: Tally) -> float:
    """Share of the won rows among the fifth of all rows with the highest probability; NaN without a won row."""
    return float(captured(counts, np.array([_TOP]))[0])


def captured(counts: Tally, shares: Floats) -> Floats:
    """Share of the won rows among each share of all rows, the highest probabilities first."""
    edges, rows = _cumulative((counts.won + counts.lost)[::-1])
    won, total = _cumulative(counts.won[::-1])
    if total == 0:
        return np.full(len(shares), np.nan)
    return np.asarray(np.interp(shares * rows, edges, won) / total)


def _cumulative(values: Floats) -> tuple[Floats, float]:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return sums, float(sums[-1])


def _sum(times: Floats, values: Floats) -> float:
    # Not `times @ values`: BLAS wakes all its threads for every small product, which costs more than the product
    # wherever the cores are shared, and adds up in an order that depends on the machine.
    return float((times * values).sum())


def _rows(counts: Tally) -> float:
    return float(counts.won.sum() + counts.lost.sum())


def _ratio(above: float, below: float) -> float:
    return above / below if below else float("nan")


def _over_rows(of_tally: Callable[[Tally], float]) -> Metric:
    def metric(label: Floats, probability: Floats) -> float:
        return of_tally(tally(np.asarray(label, dtype=float), np.asarray(probability, dtype=float)))

    metric.__doc__ = of_tally.__doc__
    metric.__name__ = of_tally.__name__.removesuffix("_of")
    return metric


TALLY_METRICS: Mapping[str, Callable[[Tally], float]] = {
    "auc": auc_of,
    "average_precision": average_precision_of,
    "log_loss": log_loss_of,
    "brier": brier_of,
    "ece": ece_of,
    "top_20": top_20_of,
}
METRICS: Mapping[str, Metric] = {name: _over_rows(of_tally) for name, of_tally in TALLY_METRICS.items()}

auc = METRICS["auc"]
average_precision = METRICS["average_precision"]
log_loss = METRICS["log_loss"]
brier = METRICS["brier"]
ece = METRICS["ece"]
top_20 = METRICS["top_20"]
