"""`leadml lead`: decide about one lead, or look at its way."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.show import print_json, print_lines, print_table
from leadml.errors import DecisionError
from leadml.operations.lead import LeadRecord, decide, show
from leadml.operations.lifecycle import LifecycleRun

lead = typer.Typer(help="Decide about one lead, or look at its way so far.", no_args_is_help=True)

LeadId = Annotated[str, typer.Argument(help="The lead, by its id.")]
Reason = Annotated[str, typer.Option(help="Why; it stays with the lead.")]
By = Annotated[str | None, typer.Option(help="Who decides; by default your login name.")]

_HELP = {
    "accept": "Accept a qualified lead: sales works it.",
    "reject": "Send a qualified lead back to marketing.",
    "recycle": "Give a lead back to nurturing.",
    "disqualify": "Give a lead up; it is kept, and proposed again once its score has risen.",
    "opportunity": "Say that there is a deal to be won.",
}


def _deciding(decision: str) -> Callable[..., None]:
    def command(
        lead_id: LeadId,
        reason: Reason,
        by: By = None,
        config: Config = Path("leadml.toml"),
        json: Json = False,
    ) -> None:
        who = _login() if by is None else by
        record = decide(project_of(config), lead_id, decision, reason=reason, decided_by=who, decided_at=_now())
        print_record(record, json=json)

    return command


for _decision, _about in _HELP.items():
    lead.command(_decision, help=_about)(_deciding(_decision))


@lead.command("show")
def show_lead(lead_id: LeadId, config: Config = Path("leadml.toml"), json: Json = False) -> None:
    """Show the stage of a lead, how it came there, what people decided and what is waited for."""
    print_record(show(project_of(config), lead_id, now=_now()), json=json)


def print_record(record: LeadRecord, *, json: bool) -> None:
    """A lead's stage, its way, the decisions about it, and what can be decided now."""
    if json:
        print_json(asdict(record))
        return
    since = f" since {_minute(record.since)}" if record.since else ""
    head = ["when", "from", "to", "by", "why"]
    rows = [(_minute(m["at"]), m["from_stage"], m["to_stage"], m["by"], m["reason"] or "") for m in record.moves]
    print_table(f"Lead {record.lead_id}: stage {record.stage}{since}", head, rows, text="why")
    print_decisions(record.decisions)
    if record.proposal:
        print_lines(f"Waiting for a person: {record.proposal}.")
    print_lines(f"Possible decisions: {', '.join(record.allowed) or 'none; its outcome decides'}.")


def print_decisions(decisions: list[dict[str, Any]]) -> None:
    """What people decided about a lead, where they did."""
    if decisions:
        rows = [
            (_minute(d["decided_at"]), d["decision"], d["decided_by"] or "-", d["effect"], d["reason"] or "")
            for d in decisions
        ]
        print_table("Decisions", ["when", "decision", "by", "effect", "reason"], rows, text="reason")


def print_lifecycle(run: LifecycleRun) -> None:
    """What a scoring did to the stages that leads are in."""
    print_lines(
        f"Lifecycle: {_counted(run.stages)}. Moved: {_counted(run.moved)}.",
        f"Waiting for people: {_counted(run.waiting)}.",
        f"Stages of leads: {run.target}",
        *run.notes,
    )
    counts = run.decisions
    if counts.read:
        rejected = f", {counts.rejected:,} rejected (see the rejects)" if counts.rejected else ""
        none = f", {run.without_effect:,} without effect (see `leadml lead show`)" if run.without_effect else ""
        print_lines(f"Decisions: {counts.read:,} read{rejected}{none}")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user who has no name
        raise DecisionError("Your login has no name, so nobody would know who decided. Add --by NAME.") from None


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
