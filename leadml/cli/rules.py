"""`leadml rules`: a rulebook checked, explained and tried out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadml.cli.options import AsOf, Config, Json, project_of
from leadml.cli.progress import progress
from leadml.cli.rules_tables import print_points, print_rules_check
from leadml.cli.simulation_tables import print_simulation
from leadml.operations.rules import check_rules, explain_rules, with_rules
from leadml.operations.rules_simulation import simulate_rules

rules = typer.Typer(help="Check, explain and try out the rulebook.", no_args_is_help=True)


@rules.command("check")
def check(
    file: Annotated[Path | None, typer.Option(help="A rulebook file to check in place of the project's.")] = None,
    preset: Annotated[str | None, typer.Option(help="A rulebook that leadml brings along, to check instead.")] = None,
    config: Config = Path("leadml.toml"),
    json: Json = False,
) -> None:
    """Look for rules that cannot count, words nobody says and points out of reach; exits with 2 on errors."""
    project = with_rules(project_of(config), file=file, preset=preset)
    with progress(4) as step:
        found = check_rules(project, progress=step)
    print_rules_check(found, json=json)
    if not found.sound:
        raise typer.Exit(2)


@rules.command("explain")
def explain(
    lead_id: Annotated[str, typer.Argument(help="The lead, by its id.")],
    config: Config = Path("leadml.toml"),
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Say which rules hold for a lead, what they looked at, and what is not answered yet."""
    print_points(lead_id, explain_rules(project_of(config), lead_id, as_of=as_of), json=json)


@rules.command("simulate")
def simulate(
    weight: Annotated[
        list[str] | None, typer.Option(help="'DIMENSION=2': what its points are multiplied by; may be repeated.")
    ] = None,
    points: Annotated[
        list[str] | None, typer.Option(help="'DIMENSION: RULE=15': other points of a rule; may be repeated.")
    ] = None,
    cutoff: Annotated[float | None, typer.Option(help="A cutoff in points to try.")] = None,
    weeks: Annotated[int, typer.Option(min=1, help="How many of the newest weeks with known outcomes.")] = 13,
    config: Config = Path("leadml.toml"),
    json: Json = False,
) -> None:
    """Try the rulebook, other points or another cutoff on the newest weeks whose outcomes are known."""
    project = project_of(config)
    with progress(4) as step:
        tried = simulate_rules(
            project, weights=weight or (), points=points or (), cutoff=cutoff, weeks=weeks, progress=step
        )
    print_simulation(tried, json=json)
