"""`leadml cutoffs`, and what it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.show import print_json, print_lines, print_table
from leadml.operations.cutoffs import CutoffsRun, show_cutoffs
from leadml.report.cutoff_figures import Cell, Figure
from leadml.report.cutoffs import NONE, Published, Table
from leadml.report.forecast import Forecast
from leadml.report.moving import WhatIf
from leadml.training.cutoffs import Stage

app = typer.Typer()


@app.command()
def cutoffs(
    config: Config = Path("leadml.toml"),
    stage: Annotated[Stage | None, typer.Option(help="One stage only.")] = None,
    json: Json = False,
) -> None:
    """Show the cutoffs, what moving them would do, and how many leads the weeks ahead will bring."""
    print_cutoffs(show_cutoffs(project_of(config), stage=stage), json=json)


def print_cutoffs(run: CutoffsRun, *, json: bool) -> None:
    """Each cutoff with why it lies there, then what moving it would do, what else may be asked, and the weeks ahead."""
    if json:
        print_json({**run.facts, "missing": run.missing, "stale": run.stale})
        return
    if run.stale:
        print_lines(run.stale, "")
    for one in run.published:
        _print_published(one)
    if run.segments.lines and (run.moved or run.forecasts):
        print_lines("What other cutoffs would do, and the weeks ahead, leave out the leads of segments.", "")
    for moved in run.moved:
        _print_moved(moved)
    _print_others("Segments with cutoffs of their own:", "segment", run.segments)
    _print_others("Had something else been asked:", "asked", run.alternatives)
    for forecast in run.forecasts:
        _print_forecast(forecast)
    print_lines(*run.missing)


def _print_published(one: Published) -> None:
    where = one.cutoff if one.cutoff == NONE else f"{one.cutoff} or more"
    print_lines(" ".join(filter(None, (f"{one.stage}: {where}.", one.binding, one.why))))
    print_lines(*(f"  {said}" for said in (one.guarantee, one.confirmation) if said), "")


def _print_moved(moved: WhatIf) -> None:
    rows = []
    for place in moved.around:
        row = moved.rows[place]
        name = f"* {row.cutoff}" if place == moved.published else row.cutoff
        rows += _lines([name], [row.cells[figure.key] for figure in moved.figures])
    published = ", * the published one" if moved.published is not None else ""
    title = f"{moved.stage} cutoffs{published}; what each would have done, 95 % intervals below it:"
    print_table(title, ["from", *_heads(moved.figures)], rows, text="")
    print_lines("")


def _print_others(title: str, what: str, table: Table) -> None:
    if not table.lines:
        return
    # Without intervals, for which the words leave no room; the page and --json have them.
    rows = [[line.name, line.cutoff, *(cell.value for cell in line.cells)] for line in table.lines]
    print_table(title, [what, "cutoff", *_heads(table.figures)], rows, text=what)
    print_lines(*(f"{line.name}: {line.note}" for line in table.lines if line.note), "")


def _print_forecast(one: Forecast) -> None:
    if one.too_little:
        print_lines(f"{one.stage}: {one.too_little}", "")
        return
    rows = [list(week) for week in one.weeks]
    title = f"New {one.stage}s in each of the weeks ahead:"
    print_table(title, ["week from", "expected", f"{one.level} range"], rows, text="week from")
    print_lines(*filter(None, [one.under_way]), "")


def _heads(figures: list[Figure]) -> list[str]:
    return [figure.short for figure in figures]


def _lines(first: list[str], cells: list[Cell]) -> list[list[str]]:
    """A row of figures, and below it their intervals: the same digits, without units for want of room."""
    figures = [*first, *(cell.value for cell in cells)]
    intervals = [cell.interval.replace("\u202f%", "").replace(" to ", "-") for cell in cells]
    return [figures, [*[""] * len(first), *intervals]] if any(intervals) else [figures]
