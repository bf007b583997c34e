"""`leadml questions`, and what is printed of the questions of one lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from leadml.cli.options import AsOf, Config, Json, project_of
from leadml.cli.progress import progress
from leadml.cli.show import print_json, print_lines, print_table
from leadml.operations.explain import LeadQuestion
from leadml.operations.questions import QuestionsRun, rank_questions

app = typer.Typer()


@app.command()
def questions(config: Config = Path("leadml.toml"), as_of: AsOf = None, json: Json = False) -> None:
    """Say which question, asked more often, would help most."""
    with progress(4) as step:
        run = rank_questions(project_of(config), as_of=as_of, progress=step)
    print_questions(run, json=json)


def print_questions(run: QuestionsRun, *, json: bool) -> None:
    """Each question: what asking it would gain, how many leads have not answered it, and whom to ask it first."""
    if json:
        print_json(asdict(run))
        return
    moment = f" as of {run.as_of:%Y-%m-%d %H:%M}" if run.as_of else ""
    print_table(
        f"Questions to {run.leads:,} leads{moment}, the one that would help most first:",
        ["question", "gained", "per 100 asked", "not answered", "to ask next"],
        [
            (
                one.dimension,
                f"{one.worth:.1f}",
                f"{100 * one.worth / max(one.open, 1):.2f}",
                _share(one.open, run.leads),
                _share(one.first, run.leads),
            )
            for one in run.questions
        ],
        text="question",
    )
    print_lines(
        "Gained: won deals, by deciding on the cutoffs after the answers and not before.",
        *(f"Ask more often: {one.question}" for one in run.questions[:1] if one.worth > 0),
    )


def print_lead_questions(asked: Sequence[LeadQuestion]) -> None:
    """What each answer to an open question would do to a lead's score."""
    if not asked:
        return
    print_table(
        "Open questions, and what each answer would do:",
        ["question and answer", "worth in won deals", "how likely", "score then"],
        [line for question in asked for line in _lines(question)],
        text="question and answer",
    )


def _lines(asked: LeadQuestion) -> list[tuple[str, str, str, str]]:
    answers = [(f"- {one.answer}", "", f"{one.share:.0%}", f"{one.score:.1f}") for one in asked.answers]
    return [(asked.question, f"{round(asked.value, 4) + 0.0:+.4f}", "", ""), *answers]


def _share(count: int, of: int) -> str:
    return f"{count / max(of, 1):.0%}"
