"""`leadml queue`, and what it prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.show import print_json, print_lines, print_table
from leadml.errors import ConfigError
from leadml.operations.queue import (
    DAY_COLUMNS,
    NURTURE_COLUMNS,
    By,
    DayList,
    NurtureList,
    WorkList,
    list_nurture,
    list_work,
    write_sheet,
)

app = typer.Typer()

_SHOWN = 10


@app.command()
def queue(
    config: Config = Path("leadml.toml"),
    by: Annotated[By | None, typer.Option(help="Whom lists are for; reps where their column is mapped.")] = None,
    who: Annotated[str | None, typer.Option(help="The list of one rep or team.")] = None,
    nurture: Annotated[bool, typer.Option("--nurture", help="Leads below MQL, and what they are short of.")] = False,
    sheet: Annotated[Path | None, typer.Option("--csv", help="Write the list to this CSV file too.")] = None,
    json: Json = False,
) -> None:
    """List today's leads of each rep or team, the most valuable first; with --nurture, marketing's list."""
    if nurture and (by or who):
        raise ConfigError("--nurture lists all leads below MQL; leave out --by and --who.")
    if nurture:
        found = list_nurture(project_of(config))
        _export(sheet, NURTURE_COLUMNS, found.rows)
        print_nurture(found, json=json)
        return
    work = list_work(project_of(config), by=by, who=who)
    _export(sheet, DAY_COLUMNS, [row for one in work.lists for row in one.rows])
    print_work(work, json=json)


def _export(path: Path | None, columns: tuple[str, ...], rows: Any) -> None:
    if path is not None:
        write_sheet(path, columns, rows)


def print_work(work: WorkList, *, json: bool) -> None:
    """A table per rep or team, then how the order came about."""
    if json:
        print_json(asdict(work))
        return
    for one in work.lists:
        print_table(
            _title(one),
            ["lead", "stage", "score", "worth", "waiting", "why and what to ask"],
            [line for row in one.rows for line in _task(row)],
            text="why and what to ask",
        )
        print_lines("")
    print_lines(
        f"{_moment(work.as_of, 'As of ', '. ')}"
        "Worth = probability x what such a deal is worth x what waiting has left of it.",
        *work.notes,
    )


def print_nurture(found: NurtureList, *, json: bool) -> None:
    """Leads by what they are short of, then the most likely of them."""
    if json:
        print_json(asdict(found))
        return
    print_lines(f"{len(found.rows):,} leads to nurture{_moment(found.as_of, ', as of ')}; they are short of:")
    for segment in found.segments:
        steps = ", ".join(f"{count:,} {step}" for step, count in segment.steps.items())
        print_lines(f"  {segment.short_of}: {segment.leads:,} (buyer's journey: {steps})")
        if segment.mover is not None:
            print_lines(f"    usually moved on: {segment.mover.in_words()}")
    print_lines("")
    print_table(
        f"The {min(_SHOWN, len(found.rows))} most likely of them:",
        ["lead", "score", "step", "short of"],
        [(row["lead_id"], f"{row['score']:.1f}", row["step"], row["short_of"]) for row in found.rows[:_SHOWN]],
        text="short of",
    )
    print_lines(*found.notes)


def _title(one: DayList) -> str:
    median = one.median_days_to_first_contact
    pace = "" if median is None else f", median {_days(median)} to the first contact"
    contacted = "" if one.contacted is None else f" ({one.contacted} of {one.workable} contacted{pace})"
    return f"{one.who}: {len(one.rows)} of {one.workable} leads today{contacted}"


def _task(row: Mapping[str, Any]) -> list[list[str]]:
    """A line that says why, and below it one that says what to ask."""
    first = [
        row["lead_id"],
        row["stage"] or "-",
        f"{row['score']:.1f}",
        f"{row['expected_value']:,.0f}" if row["deal_value"] > 1 else f"{row['expected_value']:.3f}",
        _waiting(row),
        row["why"],
    ]
    return [first, [*[""] * (len(first) - 1), f"Ask: {row['ask']}"]] if row["ask"] else [first]


def _waiting(row: Mapping[str, Any]) -> str:
    if row["contacted"]:
        return f"contacted after {_days(row['days_to_first_contact'])}"
    return "-" if row["days_waiting"] is None else _days(row["days_waiting"])


def _days(days: float) -> str:
    return f"{24 * days:.0f} h" if days < 2 else f"{days:.0f} d"


def _moment(as_of: datetime | None, before: str, after: str = "") -> str:
    return f"{before}{as_of:%Y-%m-%d %H:%M}{after}" if as_of else ""
