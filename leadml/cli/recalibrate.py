"""`leadml recalibrate`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.progress import progress
from leadml.cli.show import print_json, print_lines
from leadml.operations.recalibrate import RecalibrationRun
from leadml.operations.recalibrate import recalibrate as run_recalibration

app = typer.Typer()


@app.command()
def recalibrate(config: Config = Path("leadml.toml"), json: Json = False) -> None:
    """Move the champion's level to the newest known outcomes, where they show that it has moved."""
    with progress(2) as step:
        run = run_recalibration(project_of(config), now=datetime.now(UTC).replace(tzinfo=None), progress=step)
    print_recalibration(run, json=json)


def print_recalibration(run: RecalibrationRun, *, json: bool) -> None:
    """What has matured, how far the level has moved, and whether there is a new bundle."""
    if json:
        moved = run.bundle is not None
        print_json({"changed": moved, **asdict(run)})
        return
    if run.shift is None or run.predicted is None or run.observed is None:
        print_lines("No outcome has matured since the champion was made: nothing to go by, and nothing was changed.")
        return
    shift = run.shift
    print_lines(
        f"{shift.rows:,} snapshots have matured since: {run.predicted:.1%} predicted, {run.observed:.1%} won.",
        f"The level now lies {shift.value:+.2f} in log-odds from where the champion puts it "
        f"(95 % interval {shift.low:+.2f} to {shift.high:+.2f}).",
    )
    if run.bundle is None:
        print_lines("That is no clear move: nothing was changed.")
        return
    print_lines(
        "Every probability has moved by as much; cutoffs and grade bounds stay where they were, as probabilities.",
        f"Bundle: {run.bundle}",
    )
