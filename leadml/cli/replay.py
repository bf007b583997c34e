"""`leadml replay`: what a lead's score was at a moment, why, and what has changed since."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.show import print_json, print_lines, print_table
from leadml.operations.ledger.moves import INTERCEPT, Move
from leadml.operations.ledger.past import PastScore
from leadml.operations.ledger.replay import Replay, replay
from leadml.operations.ledger.written import moment_text
from leadml.predict.encoding import GROUPS

_MOST = 15

app = typer.Typer()

At = Annotated[
    datetime | None,
    typer.Option(
        help="The moment (UTC, by the clock) at which the score stood in the table of scores, whatever it is as of; "
        "where no run had written one by then, what a later run says as of then. By default the score before the last."
    ),
]
Until = Annotated[
    datetime | None,
    typer.Option(help="The moment (UTC, by the clock) of the score to compare it with; by default the last score."),
]


@app.command("replay")
def replay_score(
    lead_id: str, config: Config = Path("leadml.toml"), at: At = None, until: Until = None, json: Json = False
) -> None:
    """Say what a lead's score was, why, and what has changed since, from what was written at the time.

    A run that was made as of a past moment counts from when it was made: nobody could read before what it says.
    """
    replayed = replay(project_of(config), lead_id, at=_utc(at), until=_utc(until))
    if json:
        print_json(replayed.to_dict())
        return
    print_lines(*replayed.remarks)
    print_past(replayed.then)
    print_changes(replayed)


def print_past(past: PastScore) -> None:
    """A past score as the sum of its terms."""
    row = past.row
    said = sorted((one for one in past.terms.values() if one.log_odds), key=lambda one: -abs(one.log_odds))
    shown, rest = said[:_MOST], said[_MOST:]
    small = [(f"{len(rest)} smaller reasons together", f"{sum(one.log_odds for one in rest):+.3f}")] if rest else []
    print_table(
        f"Lead {row['lead_id']} as of {_standing(past)}",
        ["reason", "log-odds"],
        [
            (INTERCEPT, f"{past.scorer.intercept:+.3f}"),
            *((one.reason, f"{one.log_odds:+.3f}") for one in shown),
            *small,
            ("sum", f"{row['log_odds']:+.3f}"),
        ],
        text="reason",
    )
    print_lines(f"Log-odds by group: {', '.join(f'{group} {row[group]:+.3f}' for group in GROUPS)}.")
    print_lines(f"Written {_when(past)} by run {past.writing.row['run_id']}, bundle {row['bundle']}.")


def print_changes(replayed: Replay) -> None:
    """What moved since a past score."""
    if replayed.later is None:
        print_lines("No other score has been written since.")
        return
    if not replayed.moves:
        alike = "" if replayed.by_model is None else " The model is another one, but weighs all of it alike."
        print_lines(f"Nothing that the score is made of has moved until {_standing(replayed.later)}.{alike}")
        return
    row, shown, rest = replayed.later.row, replayed.moves[:_MOST], replayed.moves[_MOST:]
    if replayed.by_model is not None:
        print_lines(
            f"The model changed in between (now bundle {row['bundle']}): of the change, {replayed.by_model:+.3f} comes "
            f"from the model, {replayed.change - replayed.by_model:+.3f} from what is known otherwise of the lead."
        )
    small = f"{len(rest)} smaller changes together"
    print_table(
        f"What changed until {_standing(replayed.later)}",
        ["what changed", "log-odds"],
        [
            *((_changed(move), f"{move.log_odds:+.3f}") for move in shown),
            *([(small, f"{sum(move.log_odds for move in rest):+.3f}")] if rest else []),
            ("sum", f"{replayed.change:+.3f}"),
        ],
        text="what changed",
    )


def _changed(move: Move) -> str:
    return f"{move.before}, weighed otherwise" if move.before == move.after else f"{move.before} -> {move.after}"


def _when(past: PastScore) -> str:
    began, over = past.writing.began, past.writing.over
    return f"after {moment_text(began)}" if over is None else f"{moment_text(began)} to {moment_text(over)}"


def _standing(past: PastScore) -> str:
    row = past.row
    stopped = f", stopped by {', '.join(row['stopped_by'])}" if row["stopped_by"] else ""
    said = f"score {row['score']}, grade {row['grade']}, stage {row['stage'] or 'not decided'}{stopped}"
    return f"{moment_text(row['as_of'])}: {said}"


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment is not None and moment.tzinfo else moment
