"""The figures of merit on the page: what each is called, what it says in one sentence, how it is printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadml.charts import plain
from leadml.report.formats import decimal, percent, triple

OURS = "leadml"
NAMES = {OURS: "this scorer"}


@dataclass(frozen=True)
class Measure:
    """A figure of merit: its key in the facts, its title, its meaning and its way of printing."""

    key: str
    title: str
    meaning: str
    show: Callable[[object], str]


MEASURES = (
    Measure("top_20", "Wins in the top 20\u202f%",
            "Of all wins, the share found by calling the fifth of leads with the best score. Higher is better.",
            percent),
    Measure("auc", "Ranking (AUC)",
            "How often a won lead is ranked above one that was not won. 0.5 is a coin toss, 1 is perfect.",
            decimal),
    Measure("average_precision", "Average precision",
            "How many of the leads called were wins, averaged over short and long call lists. Higher is better.",
            decimal),
    Measure("log_loss", "Log loss",
            "The penalty for being surprised, heaviest for confident mistakes. Lower is better.",
            lambda value: decimal(value, 4)),
    Measure("brier", "Brier score",
            "The squared gap between probability and outcome, averaged over leads. Lower is better.",
            lambda value: decimal(value, 4)),
    Measure("ece", "Calibration error",
            "How far the stated probabilities are from the observed share of wins, on average. Lower is better.",
            percent),
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One model's figure as printed, with its interval ("" where there is none)."""

    model: str
    value: str
    interval: str
    ours: bool


@dataclass(frozen=True)
class Line:
    """One figure of merit for every model."""

    measure: Measure
    cells: list[Cell]


def comparison(models: object) -> list[Line]:
    """The table of models against figures; figures that no model has are left out."""
    if not isinstance(models, Mapping):
        return []
    names = sorted(models, key=lambda name: name != OURS)
    measured = [m for m in MEASURES if any(_best(models[name], m) is not None for name in names)]
    return [Line(measure, [_cell(name, models[name], measure) for name in names]) for measure in measured]


def verdict(models: object) -> str:
    """In one sentence, which baselines the scorer's probabilities beat and which not; "" if not measured.

    Log loss decides: it is what the scorer was fitted for, and it judges order and calibration together.
    """
    log_loss = next(measure for measure in MEASURES if measure.key == "log_loss")
    figures = models if isinstance(models, Mapping) else {}
    known = {name: best for name in figures if (best := _best(figures[name], log_loss)) is not None}
    ours = known.pop(OURS, None)
    if ours is None or not known:
        return ""
    beaten = [plain(name, 40) for name, loss in known.items() if ours < loss]
    ahead = [plain(name, 40) for name, loss in known.items() if ours >= loss]
    better = f"fit what happened better than those of {listed(beaten)}" if beaten else ""
    worse = f"fit it no better than those of {listed(ahead)}" if ahead else ""
    return f"Its probabilities {' but '.join(filter(None, (better, worse)))} (log loss)."


def listed(words: Sequence[str]) -> str:
    """Words as "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _best(figures: Any, measure: Measure) -> float | None:
    return triple(figures.get(measure.key))[0] if isinstance(figures, Mapping) else None


def _cell(name: str, figures: Any, measure: Measure) -> Cell:
    best, low, high = triple(figures.get(measure.key)) if isinstance(figures, Mapping) else (None, None, None)
    interval = "" if low is None or high is None else f"{measure.show(low)} to {measure.show(high)}"
    return Cell(plain(NAMES.get(name, name), 40), measure.show(best), interval, name == OURS)
