"""`leadml review`: the wins that were missed and the alarms that were false."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.show import print_json, print_lines, print_table
from leadml.operations.review import ReviewRun
from leadml.operations.review import review as reviewed

app = typer.Typer()


@app.command()
def review(
    config: Config = Path("leadml.toml"),
    top: Annotated[int, typer.Option(min=1, help="How many of each to print.")] = 20,
    missed: Annotated[bool, typer.Option("--missed", help="Only wins that were missed.")] = False,
    alarms: Annotated[bool, typer.Option("--alarms", help="Only alarms that were false.")] = False,
    json: Json = False,
) -> None:
    """Show which wins the scorer missed and which of its alarms were false, on leads that it had not seen."""
    run = reviewed(project_of(config))
    kinds = [kind for kind, asked in (("missed", missed), ("alarms", alarms)) if asked] or ["missed", "alarms"]
    print_review(run, kinds, top, json=json)


def print_review(run: ReviewRun, kinds: Sequence[str], top: int, *, json: bool) -> None:
    """The worst of each kind with their reasons, how many there are, and what they have in common."""
    if json:
        told = asdict(run)
        print_json({"file": run.file, "review": run.facts, **{kind: told[kind][:top] for kind in kinds}})
        return
    if run.facts["why"]:
        print_lines(str(run.facts["why"]))
        return
    if "missed" in kinds:
        _print(_of_missed(run.facts), "against", run.missed[:top], run.facts["missed"]["common"])
    if "alarms" in kinds:
        _print(_of_alarms(run.facts), "for", run.alarms[:top], run.facts["alarms"]["common"])
    print_lines(f"All that are listed: {run.file}")


def _of_missed(facts: Mapping[str, Any]) -> str:
    told = facts["missed"]
    gated = f" ({told['gated']:,} more were kept from MQL by a gate)" if told["gated"] else ""
    return (
        f"Missed wins: {told['count']:,} of {told['of']:,} won leads not seen in training never scored "
        f"{_cutoff(facts)}{gated}."
    )


def _of_alarms(facts: Mapping[str, Any]) -> str:
    told = facts["alarms"]
    later = f", and {told['won_later']:,} more were won only later" if told["won_later"] else ""
    return (
        f"False alarms: {told['count']:,} of {told['of']:,} leads not seen in training that reached {_cutoff(facts)} "
        f"were not won{later}."
    )


def _cutoff(facts: Mapping[str, Any]) -> str:
    """The MQL cutoff, in words where segments have their own."""
    cutoffs = facts["cutoffs"]
    return f"{cutoffs[0]:.1%}" if len(cutoffs) == 1 else "the MQL cutoff of their segment"


def _print(title: str, why: str, rows: Sequence[Mapping[str, Any]], common: Sequence[Mapping[str, Any]]) -> None:
    print_lines(title)
    if not rows:
        return
    print_table(
        "The worst:",
        ["lead", "seen", "probability", "grade", "what happened", f"reasons {why}"],
        [
            (
                row["lead_id"],
                (row["as_of"] or "-")[:10],
                f"{row['probability']:.1%}",
                row["grade"],
                row["what_happened"],
                row[f"reasons_{why}"],
            )
            for row in rows
        ],
        text=f"reasons {why}",
    )
    print_lines(*map(_sentence, common))
    if not common:
        print_lines("Beyond chance they have nothing in common that other leads of like score have not.")


def _sentence(one: Mapping[str, Any]) -> str:
    others = "" if one["among_others"] is None else f", among others of like score {one['among_others']:.0%}"
    return f"In common: {one['what']} ({one['count']:,} of {one['of']:,} leads; {one['share']:.0%}{others})."
