"""The work list of a small company whose scores were published by hand, so that every figure can be worked out."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadml.config import parse_settings
from leadml.errors import ConfigError, SourceError
from leadml.operations.project import Project
from leadml.operations.queue import DAY_COLUMNS, WorkList, list_work

NOW = datetime(2024, 6, 1)  # noqa: DTZ001
Rows = Sequence[Mapping[str, Any]]


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat(timespec="seconds")


def lead(name: str, owner: str | None = "Ann", **given: Any) -> dict[str, Any]:
    base = {"id": name, "created": ago(60), "closed": None, "status": "open", "firm": f"firm {name}", "owner": owner}
    return base | {"team": "North", "amount": 999999.0, "product": "Cloud", "mail": f"{name}@x.example"} | given


def won(name: str, amount: float | None, days: float = 10, **given: Any) -> dict[str, Any]:
    return lead(name, status="won", closed=ago(days), amount=amount, **given)


def score(name: str, probability: float, stage: str | None = "MQL", **given: Any) -> dict[str, Any]:
    reasons = [{"reason": f"reason {n} of {name}", "log_odds": 3.0 - n} for n in (1, 2, 3)]
    base = {"lead_id": name, "probability": probability, "score": round(100 * probability, 1), "grade": "B"}
    subtotals = {"fit": 0.5, "engagement": -0.5, "intent": 0.0, "answer": 0.0}
    rest = {"reasons_for": json.dumps(reasons), "next_question": "What budget?", "as_of": NOW.isoformat()}
    return base | {"stage": stage} | subtotals | rest | given


def act(name: str, days: float, kind: str = "page") -> dict[str, Any]:
    return {"lead": name, "at": ago(days), "kind": kind}


LEADS = [
    lead("L1"),
    lead("L2"),
    lead("L3", "Bob"),
    lead("L4", None, team=None),
    lead("L5", "Bob", team="South"),
    won("W1", 1000.0),
    won("W2", 3000.0, product="Box"),
]
SCORES = [score("L1", 0.2), score("L2", 0.4, "SQL"), score("L3", 0.3), score("L4", 0.5), score("L5", 0.9, "raw")]
ACTIVITIES = [act("L1", 1), act("L2", 8), act("L3", 15), act("L4", 1), act("L5", 1)]


def project(
    folder: Path,
    *,
    leads: Rows = LEADS,
    scores: Rows = SCORES,
    activities: Rows = ACTIVITIES,
    lifecycle: Rows | None = None,
    toml: str = "",
    roles: str = 'owner = "owner"\nteam = "team"\n',
) -> Project:
    tables = {"leads": leads, "acts": activities, "lead_scores": scores, "lead_lifecycle": lifecycle}
    (folder / "crm.sqlite").unlink(missing_ok=True)
    with sqlite3.connect(folder / "crm.sqlite") as database:
        for name, rows in tables.items():
            if rows:
                database.execute(f"create table {name} ({', '.join(rows[0])})")
                marks = ", ".join("?" * len(rows[0]))
                database.executemany(f"insert into {name} values ({marks})", [tuple(row.values()) for row in rows])
    text = f"""
[source]
url = "sqlite:///crm.sqlite"
[leads]
table = "leads"
id = "id"
created_at = "created"
closed_at = "closed"
outcome = "status"
won = ["won"]
lost = ["lost"]
account = "firm"
deal_value = "amount"
personal = ["mail"]
{roles}
[activities]
table = "acts"
lead = "lead"
occurred_at = "at"
type = "kind"
{toml}
"""
    return Project(parse_settings(text, path=folder / "leadml.toml"))


def listed(work: WorkList) -> dict[str, list[str]]:
    return {one.who: [row["lead_id"] for row in one.rows] for one in work.lists}


def rows_of(work: WorkList) -> dict[str, Mapping[str, Any]]:
    return {row["lead_id"]: row for one in work.lists for row in one.rows}


def test_each_rep_gets_the_leads_worked_by_probability_times_worth_times_freshness(tmp_path: Path) -> None:
    work = list_work(project(tmp_path))
    assert listed(work) == {"Ann": ["L1", "L2"], "Bob": ["L3"], "(nobody)": ["L4"]}
    rows = rows_of(work)
    assert rows["L1"]["deal_value"] == 2000.0  # the mean of the two deals won, never the lead's own amount
    assert rows["L1"]["expected_value"] == pytest.approx(0.2 * 2000 * 0.5 ** (1 / 7))
    assert rows["L2"]["expected_value"] == pytest.approx(0.4 * 2000 * 0.5 ** (8 / 7))
    assert rows["L2"]["days_waiting"] == 8.0
    assert (rows["L2"]["rank"], rows["L2"]["stage"], rows["L2"]["ask"]) == (2, "SQL", "What budget?")
    assert rows["L2"]["why"] == "reason 1 of L2; reason 2 of L2"
    assert set(rows["L1"]) == set(DAY_COLUMNS)
    assert "A deal counts 2,000: the mean of 2 deals won before." in work.notes


def test_a_rep_works_no_more_than_a_days_leads_and_a_team_what_its_reps_can(tmp_path: Path) -> None:
    small = project(tmp_path, toml="[queue]\nper_day = 1")
    assert listed(list_work(small))["Ann"] == ["L1"]
    assert list_work(small).lists[0].workable == 2
    assert listed(list_work(small, by="team")) == {"North": ["L1", "L2"], "(nobody)": ["L4"]}  # Ann and Bob


def test_the_list_of_one_rep_is_found_without_regard_to_case_and_a_stranger_is_named(tmp_path: Path) -> None:
    assert listed(list_work(project(tmp_path), who=" bob")) == {"Bob": ["L3"]}
    with pytest.raises(ConfigError, match=r"Nobody called 'Bop' has a lead to work\. Did you mean 'Bob'\?"):
        list_work(project(tmp_path), who="Bop")


def test_where_no_rep_is_mapped_teams_are_listed_and_without_them_everybody(tmp_path: Path) -> None:
    assert set(listed(list_work(project(tmp_path, roles='team = "team"')))) == {"North", "(nobody)"}
    alone = list_work(project(tmp_path, roles=""))
    assert listed(alone) == {"(everybody)": ["L4", "L1", "L2", "L3"]}
    with pytest.raises(ConfigError, match=r"leads\.team is not mapped"):
        list_work(project(tmp_path, roles=""), by="team")


def test_no_personal_column_appears_even_where_it_says_who_works_a_lead(tmp_path: Path) -> None:
    hidden = project(tmp_path, roles='owner = "owner"').settings.model_dump(mode="json", exclude_defaults=True)
    hidden["leads"]["personal"] = ["mail", "owner", "firm"]
    text = "\n".join(
        f"[{section}]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in keys.items())
        for section, keys in hidden.items()
    )
    closed = Project(parse_settings(text, path=tmp_path / "leadml.toml"))
    shown = json.dumps([[dict(row) for row in one.rows] for one in list_work(closed).lists])
    assert "(everybody)" in shown
    assert not any(word in shown for word in ("@x.example", "Ann", "Bob", "firm L"))
    with pytest.raises(ConfigError, match=r"leads\.owner is listed in leads\.personal, which is never shown"):
        list_work(closed, by="owner")


def test_a_contact_stops_the_clock_and_its_time_is_shown_with_the_median_of_the_rep(tmp_path: Path) -> None:
    called = [*ACTIVITIES, act("L2", 5, "Call"), act("L1", 2, "call"), act("L1", -1, "call")]
    work = list_work(project(tmp_path, activities=called, toml='[queue]\ncontact_types = ["call"]'))
    rows = rows_of(work)
    assert (rows["L2"]["contacted"], rows["L2"]["days_to_first_contact"]) == (True, 3.0)
    assert rows["L2"]["expected_value"] == pytest.approx(0.4 * 2000)
    assert (rows["L1"]["contacted"], rows["L1"]["days_to_first_contact"]) == (False, None)  # before, and after now
    ann, bob = work.lists[:2]
    assert (ann.contacted, ann.median_days_to_first_contact) == (1, 3.0)
    assert (bob.contacted, bob.median_days_to_first_contact) == (0, None)
    unstated = list_work(project(tmp_path, activities=called))
    assert [one.contacted for one in unstated.lists] == [None, None, None]


def test_contact_types_that_never_occur_are_said(tmp_path: Path) -> None:
    work = list_work(project(tmp_path, toml='[queue]\ncontact_types = ["pages"]'))
    assert "[queue] contact_types: no activity is a 'pages'. Did you mean 'page'?" in work.notes


def test_a_lead_of_a_kept_lifecycle_waits_since_its_stage_and_has_that_stage(tmp_path: Path) -> None:
    states = [
        {"lead_id": "L1", "stage": "SAL", "since": ago(14)},
        {"lead_id": "L3", "stage": "raw", "since": ago(14)},
        {"lead_id": "L5", "stage": "pql", "since": ago(7)},
    ]
    work = list_work(project(tmp_path, lifecycle=states))
    rows = rows_of(work)
    assert set(rows) == {"L1", "L2", "L4", "L5"}  # L2 and L4 have no state, and their score says MQL and SQL
    assert (rows["L1"]["stage"], rows["L1"]["days_waiting"]) == ("SAL", 14.0)
    assert rows["L5"]["expected_value"] == pytest.approx(0.9 * 2000 * 0.5)


@pytest.mark.parametrize("stage", ["won", "lost", "disqualified", "Disqualified", "customer"])
def test_who_is_won_lost_or_disqualified_never_appears(tmp_path: Path, stage: str) -> None:
    states = [{"lead_id": "L1", "stage": stage, "since": ago(-3)}]
    everything = '[queue]\nstages = ["raw", "MQL", "SAL", "SQL", "PQL", "opportunity", "recycled"]'
    assert set(rows_of(list_work(project(tmp_path, lifecycle=states, toml=everything)))) == {"L2", "L3", "L4", "L5"}


def test_who_was_closed_by_the_moment_never_appears_and_who_is_closed_later_does(tmp_path: Path) -> None:
    ended = [row | {"status": "lost", "closed": ago(0)} if row["id"] == "L1" else row for row in LEADS]
    ended = [row | {"status": "won", "closed": ago(-1)} if row["id"] == "L2" else row for row in ended]
    assert set(rows_of(list_work(project(tmp_path, leads=ended)))) == {"L2", "L3", "L4"}


def test_who_is_stopped_by_a_gate_never_appears(tmp_path: Path) -> None:
    gated = [row | {"stopped_by": '["too small"]' if row["lead_id"] == "L1" else "[]"} for row in SCORES]
    assert set(rows_of(list_work(project(tmp_path, scores=gated)))) == {"L2", "L3", "L4"}


def test_the_stages_that_are_worked_can_be_stated(tmp_path: Path) -> None:
    assert set(rows_of(list_work(project(tmp_path, toml='[queue]\nstages = ["SQL", "raw"]')))) == {"L2", "L5"}
    none = list_work(project(tmp_path, toml='[queue]\nstages = ["PQL"]'))
    assert (none.lists, none.notes[-1]) == ([], "No lead is at a stage that is worked today.")


def test_without_cutoffs_every_open_lead_is_listed_and_that_is_said(tmp_path: Path) -> None:
    work = list_work(project(tmp_path, scores=[row | {"stage": None} for row in SCORES]))
    assert set(rows_of(work)) == {"L1", "L2", "L3", "L4", "L5"}
    assert "No cutoff is published, so no lead has a stage and every open lead is listed." in work.notes


def test_nothing_from_the_moment_on_changes_the_list(tmp_path: Path) -> None:
    states = {"toml": '[queue]\ncontact_types = ["call"]\nvalue_by = "product"'}
    known = [*ACTIVITIES, act("L3", 2, "call")]
    before = list_work(project(tmp_path, activities=known, **states))
    later = [*LEADS, won("W3", 90000.0, days=-5), won("W4", 90000.0, days=0)]
    calls = [*known, act("L1", 0, "call"), act("L2", -2), act("L3", -3, "call")]
    assert list_work(project(tmp_path, leads=later, activities=calls, **states)) == before


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    same = [*SCORES, *(score(f"T{n}", 0.25) for n in range(6))]
    leads = [*LEADS, *(lead(f"T{n}", "Ann") for n in range(6))]
    before = list_work(project(tmp_path, leads=leads, scores=same, toml="[queue]\nper_day = 4"))
    tied = [name for name in listed(before)["Ann"] if name.startswith("T")]
    assert tied == sorted(tied)
    for seed in range(3):
        mixed = [random.Random(seed).sample(list(rows), len(rows)) for rows in (leads, same, ACTIVITIES)]
        work = list_work(
            project(tmp_path, leads=mixed[0], scores=mixed[1], activities=mixed[2], toml="[queue]\nper_day = 4")
        )
        assert work == before


def test_deals_count_by_segment_and_as_stated(tmp_path: Path) -> None:
    by_product = rows_of(list_work(project(tmp_path, toml='[queue]\nvalue_by = "product"')))
    assert by_product["L1"]["deal_value"] == pytest.approx((1000 + 10 * 2000) / 11)
    stated = '[queue]\nvalue_by = "product"\n[queue.values]\ncloud = 50\n"*" = 7'
    assert rows_of(list_work(project(tmp_path, toml=stated)))["L1"]["deal_value"] == 50.0
    flat = rows_of(list_work(project(tmp_path, toml='[queue.values]\n"*" = 7')))
    assert flat["L1"]["deal_value"] == 7.0
    with pytest.raises(ConfigError, match=r"queue\.value_by = 'produkt': there is no such column\. Did you mean"):
        list_work(project(tmp_path, toml='[queue]\nvalue_by = "produkt"'))
    with pytest.raises(ConfigError, match=r"queue\.value_by = 'mail': deals cannot be told apart by it \(personal"):
        list_work(project(tmp_path, toml='[queue]\nvalue_by = "mail"'))
    by_team = project(tmp_path, toml='[queue]\nvalue_by = "team"')
    for refusing in (by_team.choices, lambda: list_work(by_team)):
        with pytest.raises(ConfigError, match=r"queue\.value_by = 'team' is leads\.team, .* Name an attribute"):
            refusing()


def test_without_deal_values_leads_are_in_order_of_probability_and_that_is_said(tmp_path: Path) -> None:
    work = list_work(project(tmp_path, leads=[row | {"amount": None} for row in LEADS]))
    assert rows_of(work)["L1"]["deal_value"] == 1.0
    assert work.notes[0].startswith("No deal with a value was won before, so leads are in order of probability")


def test_leads_that_are_gone_since_they_were_scored_are_counted(tmp_path: Path) -> None:
    work = list_work(project(tmp_path, leads=LEADS[1:]))
    assert "L1" not in rows_of(work)
    assert "Scored leads that are no longer among the leads: 1. Run `leadml score` again." in work.notes


def test_without_scores_one_message_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"there is no 'lead_scores' yet\. Run `leadml score` first\."):
        list_work(project(tmp_path, scores=[]))
    bare = [{name: cell for name, cell in row.items() if name != "next_question"} for row in SCORES]
    with pytest.raises(SourceError, match=r"lacks 'next_question'\. Run `leadml score` to write it anew\."):
        list_work(project(tmp_path, scores=bare))


def test_scores_beside_a_csv_file_are_read_too(tmp_path: Path) -> None:
    for name, rows in {"leads": LEADS, "lead_scores": SCORES}.items():
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter=";" if name == "leads" else ",")
            writer.writeheader()
            writer.writerows(rows)
    text = """
[source]
url = "leads.csv"
delimiter = ";"
[leads]
id = "id"
created_at = "created"
outcome = "status"
closed_at = "closed"
won = ["won"]
lost = ["lost"]
owner = "owner"
deal_value = "amount"
"""
    work = list_work(Project(parse_settings(text, path=tmp_path / "leadml.toml")))
    assert listed(work) == {"Ann": ["L2", "L1"], "Bob": ["L3"], "(nobody)": ["L4"]}
    assert rows_of(work)["L1"]["days_waiting"] == 60.0
    assert rows_of(work)["L1"]["account_id"] is None
