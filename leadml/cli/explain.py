"""`leadml explain`: why one lead has its score, what could be done, and both as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from leadml.cli.lead import print_decisions
from leadml.cli.options import AsOf, Config, Json, project_of
from leadml.cli.questions import print_lead_questions
from leadml.cli.show import print_json, print_lines, print_table
from leadml.operations.explain import Explanation, explain_lead, write_lead_page
from leadml.operations.prompting import Prompt
from leadml.report.lead import held_to

_MOST_REASONS = 15

app = typer.Typer()


@app.command()
def explain(
    lead_id: str,
    config: Config = Path("leadml.toml"),
    as_of: AsOf = None,
    page: Annotated[Path | None, typer.Option(help="Write a page about the lead to this file, too.")] = None,
    json: Json = False,
) -> None:
    """Say why a lead has its score, term by term, and what could be done."""
    explanation = explain_lead(project_of(config), lead_id, as_of=as_of)
    written = write_lead_page(explanation, page) if page else None
    if json:
        print_json(explanation.to_dict() | ({"page": written} if written else {}))
        return
    print_reasons(explanation)
    print_prompts(explanation.prompts)
    print_lead_questions(explanation.questions)
    if explanation.row["next_question"]:
        print_lines(f"Ask next: {explanation.row['next_question']}")
    print_decisions(explanation.decisions)
    if written:
        print_lines(f"The page: {written.resolve()}")


def print_reasons(explanation: Explanation) -> None:
    """A lead's score as the sum of its terms."""
    row = explanation.row
    reasons: Sequence[Mapping[str, Any]] = [*row["reasons_for"], *row["reasons_against"]]
    reasons = sorted(reasons, key=lambda reason: -abs(reason["log_odds"]))
    shown, rest = reasons[:_MOST_REASONS], reasons[_MOST_REASONS:]
    small = [(f"{len(rest)} smaller reasons together", f"{sum(r['log_odds'] for r in rest):+.3f}")] if rest else []
    print_table(
        f"Lead {row['lead_id']}: score {row['score']}, grade {row['grade']}, stage {row['stage'] or 'not decided'}",
        ["reason", "log-odds"],
        [
            ("a lead like any other", f"{explanation.intercept:+.3f}"),
            *((reason["reason"], f"{reason['log_odds']:+.3f}") for reason in shown),
            *small,
            ("sum", f"{row['log_odds']:+.3f}"),
        ],
        text="reason",
    )
    print_lines(f"Cutoffs. {held_to(explanation.to_dict())}")


def print_prompts(prompts: Sequence[Prompt]) -> None:
    """What activities that can be prompted would do to a lead's score."""
    if not prompts:
        return
    print_table(
        "Activities to prompt, were they to happen now:",
        ["activity", "log-odds", "score then"],
        [(one.activity, f"{one.log_odds:+.3f}", f"{one.score:.1f}") for one in prompts],
        text="activity",
    )
    print_lines("These are patterns in past leads, not causes: prompting an activity need not win the deal.")
