"""What `leadml rules simulate` prints: tables narrow enough for a terminal; JSON has every figure and range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from leadml.cli.show import print_json, print_lines, print_table
from leadml.operations.rules_simulation import RulesSimulation
from leadml.training.evaluation import Interval
from leadml.training.simulation.catching import Caught
from leadml.training.simulation.simulating import Simulation
from leadml.training.simulation.trials import Trial

_FIGURES = {
    "volume": "leads a week",
    "precision": "of them convert",
    "recall": "of all wins caught",
    "missed": "wins missed",
    "auc": "AUC of the points",
}
_SHARES = {"precision", "recall"}


def print_simulation(simulation: RulesSimulation, *, json: bool) -> None:
    """Whom the rulebook catches, how well its points rank leads, and what changes of it would have done."""
    if json:
        print_json(asdict(simulation))
        return
    result = simulation.result
    won = f"{result.won:,} won within {simulation.horizon_days:g} days ({result.base_rate:.1%} of a week's leads)"
    print_lines(f"{simulation.name} on {result.leads:,} leads, {result.period}: {won}.")
    print_lines(*(f"warning: {text}" for text in result.warnings))
    print_lines(*(f"{remark.level}: {remark.message}" for remark in simulation.unmapped), "")
    print_table(
        "Whom the rules catch (95 % ranges)",
        ["part", "leads", "won", "share", "converts", "lift"],
        [_caught(part) for part in result.caught],
        text="part",
    )
    ranked = [part for part in result.caught if part.auc is not None]
    if ranked:
        print_lines("")
        rows = [[part.name, _number(part.auc, ".3f")] for part in ranked]
        print_table("How well points rank leads (0.5 is chance)", ["points of", "AUC"], rows, text="points of")
    if result.present is not None:
        _print_trials(result, result.present)


def _caught(part: Caught) -> list[str]:
    low, high = part.points
    name = {
        "rulebook": f"{part.name}, its cutoff",
        "dimension": f"{part.name} ({low:g} to {high:g})",
        "rule": f"· {part.name.partition(': ')[2]} ({low:+g})",
        "gate": f"stopped by gate {part.name}",
    }[part.kind]
    converts = "too few" if part.conversion is None else _number([100 * one for one in part.conversion], ".0f", " %")
    share = f"{part.share[0]:.0%}"
    return [name, f"{part.leads:,}", f"{part.won:,}", share, converts, _number(part.lift, ".2f")]


def _print_trials(result: Simulation, present: Trial) -> None:
    weeks = "" if result.weeks is None else f" in {result.weeks:g} weeks"
    print_lines("", f"The present cutoff is {present.cutoff:.4g} points, {result.why}: {present.leads:,} leads{weeks}.")
    if not result.changed:
        rows = [[said, _figure(name, present.figures)] for name, said in _FIGURES.items()]
        print_table("What it would have done (95 % ranges)", ["figure", "as it is"], rows, text="figure")
    for trial in result.changed:
        print_table(
            f"{trial.name.capitalize()}, from {trial.cutoff:.4g} points (95 % ranges; pp: percentage points)",
            ["figure", "as it is", "changed", "difference"],
            [
                [
                    said,
                    _figure(name, present.figures),
                    _figure(name, trial.figures, ranged=False),
                    _figure(name, trial.less_present, signed=True),
                ]
                for name, said in _FIGURES.items()
            ],
            text="figure",
        )


def _figure(name: str, figures: Mapping[str, Interval | None], *, signed: bool = False, ranged: bool = True) -> str:
    figure = figures[name]
    shown: Sequence[float] | None = figure if ranged or figure is None else figure[:1]
    if name in _SHARES:
        return "too few" if shown is None else _share(shown, signed=signed)
    return _number(shown, f"{'+' if signed else ''}.{3 if name == 'auc' else 1}f")


def _share(figure: Sequence[float], *, signed: bool = False) -> str:
    return _number([100 * one for one in figure], f"{'+' if signed else ''}.1f", " pp" if signed else " %")


def _number(figure: Sequence[float] | None, form: str, unit: str = "") -> str:
    """A figure, and its range where it has one."""
    if figure is None:
        return "-"
    value, *ends = figure
    return f"{value:{form}}{unit}" + (f" ({ends[0]:{form}} to {ends[1]:{form}})" if ends else "")
