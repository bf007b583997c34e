"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.comparing import Difference
from benchmarks.figures import FIGURES
from benchmarks.results import Result


def figures_table(results: Sequence[Result]) -> list[str]:
    """Mean figures per set and model, and the seconds of all splits together; says where splits are missing."""
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        groups.setdefault((result.set, result.model), []).append(result)
    lines = ["| task | model | " + " | ".join(FIGURES) + " | seconds |", "|---|---|" + "---:|" * (len(FIGURES) + 1)]
    for (name, model), group in groups.items():
        splits = len({result.split for result in results if result.set == name})
        partly = "" if len(group) == splits else f" ({len(group)} of {splits} splits)"
        means = [np.mean([result.figures[figure] for result in group]) for figure in FIGURES]
        values = " | ".join(f"{value:.4f}" for value in means)
        lines.append(f"| {name} | {model}{partly} | {values} | {sum(result.seconds for result in group):.1f} |")
    return lines


def differences_table(found: Sequence[Difference], model: str) -> list[str]:
    """Mean paired difference of log loss to each peer with its interval."""
    lines = [f"| task | {model} minus | splits | log loss | 95 % interval |", "|---|---|---:|---:|---:|"]
    for one in found:
        interval = f"{one.low:+.4f} to {one.high:+.4f}"
        lines.append(f"| {one.set} | {one.peer} | {one.splits} | {one.mean:+.4f} | {interval} |")
    return lines


def versions_line(results: Sequence[Result]) -> str:
    """Which version of each model was measured."""
    return "Versions: " + "; ".join(dict.fromkeys(f"{result.model} {result.version}" for result in results)) + "."
