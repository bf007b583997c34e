"""`leadml accounts`, and what it prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.show import command, print_json, print_lines, print_table
from leadml.operations.accounts import AccountDetail, AccountList, best_accounts, one_account

app = typer.Typer()


@app.command()
def accounts(
    account_id: Annotated[str | None, typer.Argument(help="One account, in detail.")] = None,
    config: Config = Path("leadml.toml"),
    top: Annotated[int, typer.Option(min=1, help="How many accounts to list.")] = 10,
    json: Json = False,
) -> None:
    """List the accounts most likely to buy and who is missing among their contacts, or show one account."""
    if account_id is None:
        print_accounts(best_accounts(project_of(config), top=top), config, json=json)
    else:
        print_account(one_account(project_of(config), account_id), config, json=json)


def print_accounts(found: AccountList, config: Path, *, json: bool) -> None:
    """The best accounts, a line each."""
    if json:
        print_json(asdict(found))
        return
    moment = f" as of {found.as_of:%Y-%m-%d %H:%M}" if found.as_of else ""
    print_table(
        f"{found.accounts:,} accounts with open leads{moment}; the best of them:",
        ["account", "score", "grade", "stage", "contacts", "engaged", "roles lacking"],
        [_account_row(row) for row in found.best],
        text="roles lacking",
    )
    print_lines(f"An account's score is {found.rule}.", *found.notes)
    if found.best:
        print_lines(f"One in detail: {command()} accounts {found.best[0]['account_id']} --config {config}")


def print_account(detail: AccountDetail, config: Path, *, json: bool) -> None:
    """One account: its score, its committee, and why."""
    row = detail.row
    if json:
        print_json({"rule": detail.rule, **row})
        return
    print_lines(
        f"Account {row['account_id']}: score {row['score']:.1f}, grade {row['grade']}, stage {_stage(row)}",
        f"The score is {detail.rule}: {row['best_lead']}, of {_counted(row['open_leads'], 'open lead')}.",
        f"Contacts: {row['contacts']}, engaged in the last 90 days: {_known(row['contacts_engaged'])}",
    )
    if row["coverage"] is not None:
        print_lines(f"Roles seen: {_roles(row)} ({', '.join(row['roles_seen']) or 'none'})")
    print_lines(*(f"Lacks: {lack}" for lack in row["committee_lacks"]))
    print_table(
        f"Why {row['best_lead']} has its score",
        ["reason", "log-odds"],
        [(r["reason"], f"{r['log_odds']:+.3f}") for r in [*row["reasons_for"], *row["reasons_against"]]],
        text="reason",
    )
    print_lines(f"Every reason: {command()} explain {row['best_lead']} --config {config}")


def _account_row(row: Mapping[str, Any]) -> list[str]:
    return [
        row["account_id"],
        f"{row['score']:.1f}",
        row["grade"],
        _stage(row),
        str(row["contacts"]),
        _known(row["contacts_engaged"]),
        "-" if row["coverage"] is None else ", ".join(row["roles_lacking"]) or "none",
    ]


def _roles(row: Mapping[str, Any]) -> str:
    return f"{len(row['roles_seen'])} of {len(row['roles_seen']) + len(row['roles_lacking'])}"


def _stage(row: Mapping[str, Any]) -> str:
    return row["stage"] or "-"


def _known(count: int | None) -> str:
    return "-" if count is None else str(count)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
