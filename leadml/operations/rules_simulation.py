"""`leadml rules simulate`: a project's rulebook, and a change of it, against the newest weeks with known outcomes."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from leadml.errors import RulebookError
from leadml.operations.project import Project
from leadml.operations.rules import open_rules
from leadml.rules.changes import changed_rulebook, read_changes
from leadml.rules.remarks import Remark
from leadml.training.clock import Progress, silent
from leadml.training.simulation.simulating import Simulation, newest_weeks, simulate


@dataclass(frozen=True)
class RulesSimulation:
    """What was tried on which rulebook; `unmapped` says what of it has nothing to go by here."""

    name: str
    horizon_days: float
    result: Simulation
    unmapped: tuple[Remark, ...]


def simulate_rules(
    project: Project,
    *,
    weights: Collection[str] = (),
    points: Collection[str] = (),
    cutoff: float | None = None,
    weeks: int = 13,
    progress: Progress = silent,
) -> RulesSimulation:
    """Try a project's rulebook on its history.

    Args:
        project: whose rulebook and leads.
        weights: such as "Budget=2": what the points of a dimension are multiplied by.
        points: such as "Budget: budget approved=15": other points of a rule.
        cutoff: in points, to be tried in place of the present one.
        weeks: how many of the newest weeks whose horizon has passed, 1 or more; leads are looked at when these begin,
            too.
        progress: told what is being done.

    Raises:
        RulebookError: no rulebook is named, or a change names nothing that is in it.
        TrainingError: there is no history to try rules on.
        LeadmlError: the leads cannot be read.
    """
    by_dimension, by_rule = read_changes(weights, "--weight"), read_changes(points, "--points")
    if cutoff is not None and not math.isfinite(cutoff):
        raise RulebookError(f"--cutoff {cutoff}: a cutoff is a number of points, such as 40.")
    opened = open_rules(project, progress=progress)
    changed = changed_rulebook(opened.mapped, by_dimension, by_rule) if by_dimension or by_rule else None
    progress("looking up the newest weeks with known outcomes")
    snapshots = newest_weeks(opened.tables, opened.choices, opened.mapped, weeks)
    progress(f"trying the rules on {len(snapshots.label):,} rows")
    result = simulate(opened.mapped, snapshots, opened.choices, changed=changed, cutoff=cutoff)
    return RulesSimulation(opened.mapped.name, opened.choices.horizon_days, result, opened.unmapped)
