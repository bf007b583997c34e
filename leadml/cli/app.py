"""The commands, each one thin."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from leadml.cli import (
    accounts,
    cutoffs,
    explain,
    export_sql,
    questions,
    queue,
    recalibrate,
    replay,
    review,
    rules_learn,
)
from leadml.cli.lead import lead, print_lifecycle
from leadml.cli.options import AsOf, Config, Json, project_of
from leadml.cli.progress import progress
from leadml.cli.rules import rules
from leadml.cli.show import print_json, print_lines
from leadml.cli.tables import print_check, print_demo, print_proposal, print_scoring, print_training
from leadml.errors import LeadmlError
from leadml.operations.check import run_check
from leadml.operations.demo import run_demo
from leadml.operations.init import propose, write_settings
from leadml.operations.page import write_page
from leadml.operations.scoring.run import run_scoring
from leadml.operations.scoring.runs import Which
from leadml.operations.train import run_training

_WHICH = "Which leads: those that are open, all of them, or those whose score can have changed since the last run."

app = typer.Typer(
    help="Predictive lead scoring that can be read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(rules, name="rules")
rules.command("learn")(rules_learn.learn)
rules.command("export")(rules_learn.export)
app.add_typer(lead, name="lead")


@app.command()
def init(
    url: Annotated[
        str,
        typer.Argument(
            help="A database (sqlite:///PATH, postgresql://USER@HOST/NAME, x.duckdb), or CSV or Parquet files."
        ),
    ],
    config: Config = Path("leadml.toml"),
    table: Annotated[str | None, typer.Option(help="The table with one row per lead.")] = None,
    outcome: Annotated[str | None, typer.Option(help="The column that says how a lead ended.")] = None,
    won: Annotated[list[str] | None, typer.Option(help="A value of it that means won; may be repeated.")] = None,
    force: Annotated[bool, typer.Option(help="Overwrite an existing file.")] = False,
    json: Json = False,
) -> None:
    """Look at a lead database or file and write leadml.toml."""
    proposal = propose(url, leads_table=table, outcome=outcome, won=won or ())
    write_settings(proposal, config, force=force)
    print_proposal(proposal, config, json=json)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where to put the demo company.")] = Path("demo"),
    leads: Annotated[int, typer.Option(min=100, help="How many leads the company has.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Which company.")] = 0,
    json: Json = False,
) -> None:
    """Make up a company with a known truth, then train on it, score it and write its page."""
    with progress(27) as step:
        run = run_demo(folder, leads=leads, seed=seed, now=_now(), progress=step)
    print_demo(run, json=json)


@app.command()
def check(config: Config = Path("leadml.toml"), json: Json = False) -> None:
    """Look for columns that leak the outcome, and for what stops training; exits with 2 if anything does."""
    with progress(4) as step:
        run = run_check(project_of(config), progress=step)
    print_check(run, config, json=json)
    if not run.ready:
        raise typer.Exit(2)


@app.command()
def train(config: Config = Path("leadml.toml"), json: Json = False) -> None:
    """Learn from won and lost leads and publish a bundle."""
    with progress(21) as step:
        run = run_training(project_of(config), now=_now(), progress=step)
    print_training(run, json=json)


@app.command()
def score(
    config: Config = Path("leadml.toml"),
    as_of: AsOf = None,
    leads: Annotated[Which, typer.Option(help=_WHICH)] = "open",
    json: Json = False,
) -> None:
    """Score leads with the champion, and write what has changed; a run that was stopped goes on where it was."""
    with progress(4) as step:
        run = run_scoring(project_of(config), as_of=as_of, which=leads, progress=step)
    print_scoring(run, json=json)
    if not json:
        print_lifecycle(run.lifecycle)


@app.command()
def report(config: Config = Path("leadml.toml"), json: Json = False) -> None:
    """Write the page about the champion."""
    page = write_page(project_of(config))
    print_json({"page": page}) if json else print_lines(str(page))


app.add_typer(accounts.app)
app.add_typer(cutoffs.app)
app.add_typer(explain.app)
app.add_typer(export_sql.app)
app.add_typer(queue.app)
app.add_typer(questions.app)
app.add_typer(recalibrate.app)
app.add_typer(replay.app)
app.add_typer(review.app)


def run() -> int:
    """Run the command line; returns the exit code (see the package)."""
    try:
        app()
    except LeadmlError as error:
        print(f"leadml: {error}", file=sys.stderr)
        return 2
    return 0


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
