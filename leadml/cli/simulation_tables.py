"""What `leadml rules simulate` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from leadml.cli.show import print_json, print_lines, print_table
from leadml.operations.rules_simulation import RulesSimulation
from leadml.training.catching import Caught
from leadml.training.evaluation import Interval
from leadml.training.simulation import Simulation
from leadml.training.trials import Trial

_FIGURES = {
    "volume": "leads a week",
    "precision": "of them convert",
    "recall": "of all wins caught",
    "missed": "wins missed",
    "auc": "AUC of the points",
}
_SHARES = {"precision", "recall"}


def print_simulation(simulation: RulesSimulation, *, json: bool) -> None:
    """Whom the rulebook catches, and what changes of it would have done."""
    if json:
        print_json(asdict(simulation))
        return
    result = simulation.result
    won = f"{result.won:,} won within {simulation.horizon_days:g} days ({result.base_rate:.1%} of a week's leads)"
    print_lines(f"{simulation.name} on {result.leads:,} leads open {result.period}: {won}.")
    print_lines(*(f"warning: {text}" for text in result.warnings))
    print_lines(*(f"{remark.level}: {remark.message}" for remark in simulation.unmapped), "")
    print_table(
        "Whom the rules catch (95 % ranges)",
        ["part", "points", "leads", "won", "share caught", "converts", "lift", "AUC"],
        [_caught(part) for part in result.caught],
        text="part",
    )
    if result.present is not None:
        _print_trials(result, result.present)


def _caught(part: Caught) -> list[str]:
    low, high = part.points
    span = {"gate": "", "rule": f"{low:+g}"}.get(part.kind, f"{low:g} to {high:g}")
    name = {"rule": f"· {part.name.partition(': ')[2]}", "gate": f"stopped by gate {part.name}"}.get(
        part.kind, part.name
    )
    converts = "too few" if part.conversion is None else _share(part.conversion)
    shown = [_share(part.share), converts, _number(part.lift, ".2f"), _number(part.auc, ".3f")]
    return [name, span, f"{part.leads:,}", f"{part.won:,}", *shown]


def _print_trials(result: Simulation, present: Trial) -> None:
    weeks = "" if result.weeks is None else f" in {result.weeks} weeks"
    print_lines("", f"The present cutoff is {present.cutoff:.4g} points, {result.why}: {present.leads:,} leads{weeks}.")
    head = ["", f"present, from {present.cutoff:.4g}"]
    for trial in result.changed:
        head += [f"{trial.name}, from {trial.cutoff:.4g}", "difference"]
    rows = [[said, _figure(name, present.figures)] for name, said in _FIGURES.items()]
    for trial in result.changed:
        for row, name in zip(rows, _FIGURES, strict=True):
            row += [_figure(name, trial.figures), _figure(name, trial.less_present, signed=True)]
    print_table("What it would have done (95 % ranges; pp: percentage points)", head, rows, text="")


def _figure(name: str, figures: Mapping[str, Interval | None], *, signed: bool = False) -> str:
    figure = figures[name]
    if name in _SHARES:
        return "too few" if figure is None else _share(figure, signed=signed)
    return _number(figure, f"{'+' if signed else ''}.{3 if name == 'auc' else 1}f")


def _share(figure: Interval, *, signed: bool = False) -> str:
    return _number([100 * one for one in figure], f"{'+' if signed else ''}.1f", " pp" if signed else " %")


def _number(figure: Sequence[float] | None, form: str, unit: str = "") -> str:
    if figure is None:
        return "-"
    value, low, high = figure
    return f"{value:{form}}{unit} ({low:{form}} to {high:{form}})"
