"""Account scores as `leadml score` writes them and `leadml accounts` reads them back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from leadml.config import parse_settings
from leadml.errors import SourceError
from leadml.operations.accounts import best_accounts, one_account
from leadml.operations.project import Project
from leadml.operations.scoring.run import run_scoring
from leadml.operations.scoring.runs import Which

THEN = datetime(2023, 1, 2) + timedelta(days=300)  # noqa: DTZ001
Rows = dict[str, list[tuple[Any, ...]]]
Open = Callable[..., Project]


def scored(
    project: Project, as_of: datetime | None = THEN, *, which: Which = "open", leads_per_part: int = 50_000
) -> list[dict[str, Any]]:
    run_scoring(project, as_of=as_of, which=which, leads_per_part=leads_per_part, progress=lambda step: None)
    return [dict(row) for row in best_accounts(project, top=10_000).best]


def stored(project: Project, query: str) -> list[Any]:
    with sqlite3.connect(project.settings.path("floor.sqlite")) as database:
        return database.execute(query).fetchall()


def test_scoring_also_writes_a_row_for_every_account_with_a_scored_lead(open_floor: Open) -> None:
    project = open_floor()
    accounts = scored(project)
    query = """
        select firm, max(probability), count(*) from lead_scores join leads on leads.id = lead_scores.lead_id
        group by firm order by max(probability) desc, firm
    """
    assert [(a["account_id"], a["probability"], a["open_leads"]) for a in accounts] == stored(project, query)
    assert {a["as_of"] for a in accounts} == {THEN}
    assert any(a["open_leads"] == 2 and a["contacts"] == 2 for a in accounts)
    assert any(a["contacts"] > a["open_leads"] for a in accounts)  # who was won or lost is still known


def test_the_contacts_engaged_and_the_roles_agree_with_sql_on_the_users_own_tables(open_floor: Open) -> None:
    project = open_floor()
    accounts = {a["account_id"]: a for a in scored(project)}
    first = (THEN - timedelta(days=90)).isoformat(timespec="seconds")
    then = THEN.isoformat(timespec="seconds")
    query = f"""
        select firm, count(*), sum(exists(select 1 from acts where lead = id and at >= '{first}' and at < '{then}')),
               count(distinct role)
        from leads where created < '{then}' group by firm
    """
    found = {
        account: (a["contacts"], a["contacts_engaged"], len(a["roles_seen"]), len(a["roles_seen"] + a["roles_lacking"]))
        for account, a in accounts.items()
    }
    theirs = {firm: (contacts, engaged, roles, 3) for firm, contacts, engaged, roles in stored(project, query)}
    # An account whose first lead came in at the very moment has no contact before it.
    assert found == {account: theirs.get(account, (0, None, 0, 3)) for account in accounts}
    assert len(theirs.keys() & found) > len(found) / 2


def test_nothing_from_the_moment_on_changes_an_account(open_floor: Open, floor: Callable[..., Rows]) -> None:
    rows, then = floor(), THEN.isoformat(timespec="seconds")
    before = scored(open_floor(rows))
    late = {
        "leads": [row for row in rows["leads"] if row[1] < then],
        "acts": [row for row in rows["acts"] if row[1] < then],
        "changes": [row for row in rows["changes"] if row[3] < then],
    }
    # An account that gains a contact, an activity or a role at the very moment is still the same.
    late["leads"] += [(f"N{n}", then, None, "open", a["account_id"], None, "Novel role", 1.0, 20.0, None, None)
                      for n, a in enumerate(before)]  # fmt: skip
    late["acts"] += [(row[0], then, "page") for row in late["leads"] if row[0] not in {r[0] for r in late["acts"]}]
    assert len(late["acts"]) > 0
    after = {a["account_id"]: a for a in scored(open_floor(late))}
    drop = {"bundle", "open_leads"}  # the new leads are scored, as leads that came in at the moment always are
    for account in before:
        same = after[account["account_id"]]
        if not same["best_lead"].startswith("N"):
            assert {k: v for k, v in same.items() if k not in drop} == {
                k: v for k, v in account.items() if k not in drop
            }


def test_the_order_of_rows_changes_nothing(open_floor: Open, floor: Callable[..., Rows]) -> None:
    rows, rng = floor(), np.random.default_rng(0)
    mixed = {name: [several[i] for i in rng.permutation(len(several))] for name, several in rows.items()}
    ours, theirs = scored(open_floor(rows)), scored(open_floor(mixed))
    assert [a | {"bundle": None} for a in ours] == [a | {"bundle": None} for a in theirs]


def test_chunks_hold_whole_accounts(open_floor: Open) -> None:
    project = open_floor()
    whole = scored(project)
    assert scored(project, leads_per_part=37) == whole


def test_roles_that_are_needed_can_be_stated(open_floor: Open) -> None:
    project = open_floor(toml='[accounts]\nroles = ["cto", "Legal"]')
    assert {tuple(sorted((*a["roles_seen"], *a["roles_lacking"]))) for a in scored(project)} == {("Legal", "cto")}
    assert all("Legal" in a["roles_lacking"] for a in scored(project))
    assert best_accounts(project, top=1).notes == ["No contact of any of these accounts is known to be: Legal."]


def test_where_nobody_stated_which_roles_are_needed_that_is_said(open_floor: Open) -> None:
    project = open_floor()
    scored(project)
    assert best_accounts(project, top=1).notes == [
        "Every role that some contact has counts as needed; state those that a purchase needs: [accounts] roles."
    ]


def test_where_no_account_is_mapped_none_are_written_and_the_command_says_so(open_floor: Open) -> None:
    project = open_floor()
    text = project.settings.path("leadml.toml").read_text().replace('account = "firm"\n', 'exclude = ["firm"]\n')
    alone = Project(parse_settings(text, path=project.settings.path("leadml.toml")))
    run_scoring(alone, as_of=THEN, progress=lambda step: None)
    assert not stored(alone, "select name from sqlite_master where name = 'account_scores'")
    with pytest.raises(SourceError, match=r"No account is mapped.*leads\.account in leadml\.toml"):
        best_accounts(alone, top=3)


def test_without_account_scores_the_command_says_what_to_run(open_floor: Open) -> None:
    with pytest.raises(SourceError, match=r"there is no 'account_scores' yet\. Run `leadml score` first\."):
        best_accounts(open_floor(), top=3)


def test_one_account_is_shown_and_a_misspelt_one_is_answered_with_those_near_it(open_floor: Open) -> None:
    project = open_floor()
    best = scored(project)[0]
    assert one_account(project, best["account_id"]).row == best
    with pytest.raises(SourceError, match=rf"account 'F_{best['account_id'][1:]}' has no score.*Did you mean "):
        one_account(project, f"F_{best['account_id'][1:]}")


def test_a_table_that_holds_no_account_scores_is_never_replaced(open_floor: Open) -> None:
    project = open_floor(toml='[output]\naccount_scores = "precious"')
    with sqlite3.connect(project.settings.path("floor.sqlite")) as database:
        database.execute("create table precious (thing)")
    with pytest.raises(SourceError, match=r"'precious'.* is there already and holds no scores"):
        scored(project)


def test_when_scoring_fails_the_old_account_scores_stay(open_floor: Open) -> None:
    project = open_floor()
    before = scored(project)
    with pytest.raises(SourceError, match="no lead was open"):
        scored(project, as_of=datetime(2001, 1, 1))  # noqa: DTZ001
    assert [dict(row) for row in best_accounts(project, top=10_000).best] == before
