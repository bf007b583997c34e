"""What people decide about leads, on a small company whose scores are set by hand."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadml.cli import run
from leadml.config import load_settings
from leadml.errors import DecisionError, RulebookError, SourceError
from leadml.features import FeaturePlan
from leadml.features.plan import Attribute
from leadml.operations.champion import publish
from leadml.operations.lead import LeadRecord, decide, show
from leadml.operations.lifecycle import LifecycleRun
from leadml.operations.lifecycle_tables import LifecycleTables
from leadml.operations.project import Project
from leadml.operations.scoring.run import run_scoring
from leadml.predict import Scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables

NOW = datetime(2024, 3, 2, 9)  # noqa: DTZ001 - leadml's times are naive UTC
LEADS = [  # id, account, created, status, closed, heat (the probability in tenths), value
    ("cold", "A", "2024-01-05", "open", None, 1),
    ("warm", "B", "2024-01-05", "open", None, 4),
    ("hot", "C", "2024-01-05", "open", None, 8),
    ("bought", "D", "2024-01-05", "won", "2024-02-01", 8),
    ("left", "E", "2024-01-05", "lost", "2024-02-03", 4),
]
COLUMNS = ("id", "account", "created", "status", "closed", "heat")
CONFIG = """
[source]
url = "{url}"
[leads]
{table}
id = "id"
account = "account"
created_at = "created"
outcome = "status"
won = ["won"]
lost = ["lost"]
closed_at = "closed"
[activities]
table = "{activities}"
lead = "lead"
occurred_at = "at"
type = "what"
"""


def thermometer() -> Scorer:
    """A scorer whose probability is a tenth of the heat; MQL from 0.3 on, SQL from 0.7 on."""
    heat = Feature("heat", "heat", "number", "engagement", "Heat", np.arange(1.5, 9))
    odds = np.arange(1, 10) / (10 - np.arange(1, 10))
    plan = FeaturePlan(calendar=True, attributes=(Attribute("heat", "number", "engagement", "Heat"),)).to_dict()
    return Scorer(
        columns=(Column("heat", "number", "engagement", "Heat"),),
        features=(heat,),
        tables=ScoreTables(intercept=0.0, main=(np.concatenate([[-5.0], np.log(odds)]),)),
        policy=Policy((0.7, 0.5, 0.3), 0.3, 0.7),
        facts={"name": "thermometer", "plan": plan},
    )


BOTH = pytest.mark.parametrize("project", ["sqlite", "csv"], indirect=True)


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    if getattr(request, "param", "sqlite") == "sqlite":
        with closing(sqlite3.connect(tmp_path / "crm.db")) as crm:
            crm.execute(f"CREATE TABLE leads ({', '.join(COLUMNS)})")
            crm.execute("CREATE TABLE events (lead TEXT, at TEXT, what TEXT)")
            crm.execute("INSERT INTO events VALUES ('cold', '2024-02-27', 'visit')")
            crm.executemany("INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?)", LEADS)
            crm.commit()
        text = CONFIG.format(url="sqlite:///crm.db", table='table = "leads"', activities="events")
    else:
        (tmp_path / "data").mkdir()
        rows = [";".join("" if cell is None else str(cell) for cell in row) for row in (COLUMNS, *LEADS)]
        (tmp_path / "data" / "leads.csv").write_text("\n".join(rows), encoding="utf-8")
        (tmp_path / "data" / "events.csv").write_text("lead;at;what\ncold;2024-02-27;visit\n", encoding="utf-8")
        text = CONFIG.format(url="data/", table='table = "leads.csv"', activities="events.csv")
    (tmp_path / "leadml.toml").write_text(text, encoding="utf-8")
    (tmp_path / "models").mkdir()
    publish(thermometer(), tmp_path / "models", name="thermometer", now=NOW)
    return Project(load_settings(tmp_path / "leadml.toml"))


def score(project: Project, at: datetime | None = None) -> LifecycleRun:
    return run_scoring(project, as_of=at, progress=lambda _: None).lifecycle


def answer(project: Project, lead: str, decision: str, at: datetime, reason: str = "talked to them") -> LeadRecord:
    return decide(project, lead, decision, reason=reason, decided_by="Ann", decided_at=at)


def _rows(tables: LifecycleTables, table: str) -> list[dict[str, Any]]:
    found = {"lead_transitions": tables.transitions, "lead_lifecycle": tables.stages}[table]()
    return found.to_pylist()


def stages(project: Project) -> dict[str, str]:
    return {row["lead_id"]: row["stage"] for row in _rows(LifecycleTables(project.source), "lead_lifecycle")}


def days(count: float) -> datetime:
    return NOW + timedelta(days=count)


@BOTH
def test_a_scoring_puts_every_lead_into_its_stage_and_says_who_waits(project: Project) -> None:
    advanced = score(project, NOW)
    assert stages(project) == {"cold": "raw", "warm": "MQL", "hot": "MQL", "bought": "won", "left": "lost"}
    assert advanced.moved == {"raw -> MQL": 2, "raw -> won": 1, "raw -> lost": 1}
    assert advanced.waiting == {"accept or reject": 2}
    assert advanced.stages == {"MQL": 2, "raw": 1, "won": 1, "lost": 1}
    (won,) = [row for row in _rows(LifecycleTables(project.source), "lead_transitions") if row["to_stage"] == "won"]
    assert (won["at"], won["by"], won["bundle"]) == (datetime(2024, 2, 1), "outcome", None)  # noqa: DTZ001


@BOTH
def test_scoring_again_moves_nobody_and_writes_nothing_twice(project: Project) -> None:
    score(project, NOW)
    before = _rows(LifecycleTables(project.source), "lead_transitions")
    assert score(project, NOW).moved == {}
    assert _rows(LifecycleTables(project.source), "lead_transitions") == before


@BOTH
def test_an_accepted_lead_past_the_sql_cutoff_is_an_sql_at_once(project: Project) -> None:
    score(project, NOW)
    assert answer(project, "warm", "accept", days(1)).stage == "SAL"
    record = answer(project, "hot", "accept", days(1), reason="  budget confirmed ")
    assert (record.stage, record.proposal, record.since) == ("SQL", "opportunity", days(1))
    assert [(move["to_stage"], move["by"], move["reason"]) for move in record.moves] == [
        ("MQL", "score", "probability 0.800 is past the MQL cutoff"),
        ("SAL", "person", "accept by Ann: budget confirmed"),
        ("SQL", "score", "probability 0.800 is past the SQL cutoff"),
    ]
    assert record.moves[0]["bundle"] == record.moves[2]["bundle"] is not None
    assert record.decisions == [
        {
            "lead_id": "hot",
            "decision": "accept",
            "reason": "budget confirmed",
            "decided_by": "Ann",
            "decided_at": days(1),
            "effect": "moved the lead",
        }
    ]
    assert stages(project)["cold"] == "raw"
    assert show(project, "warm", now=days(2)).proposal is None
    assert show(project, "cold", now=days(2)).since == datetime(2024, 1, 5)  # noqa: DTZ001


def test_a_decision_stays_after_the_next_scoring(project: Project) -> None:
    score(project, NOW)
    answer(project, "warm", "reject", days(1))
    advanced = score(project, days(2))
    assert advanced.moved == {}
    assert advanced.decisions.kept == 1
    assert advanced.without_effect == 0
    assert stages(project)["warm"] == "recycled"


def test_a_decision_later_than_the_newest_record_counts_in_a_scoring_without_a_moment(project: Project) -> None:
    score(project, NOW)
    decided = datetime(2024, 2, 27, 10)  # noqa: DTZ001
    assert score(project).moved == {}
    with pytest.raises(DecisionError, match="came into its stage"):
        answer(project, "warm", "accept", decided)
    answer(project, "warm", "accept", days(1))
    assert score(project).moment == days(1)


@pytest.mark.parametrize(
    ("lead", "decision", "reason", "fault", "message"),
    [
        ("warm", "opportunity", "x", DecisionError,
         "Lead 'warm' is in stage MQL, where the decision 'opportunity' is not allowed. "
         "It can be: accept, reject, disqualify."),
        ("bought", "recycle", "x", DecisionError,
         "Lead 'bought' is in stage won, where the decision 'recycle' is not allowed. "
         "No decision is possible there; its outcome decides."),
        ("warm", "accept", "  ", DecisionError,
         "To accept a lead takes a reason that is not empty: who reads it next needs it."),
        ("warm", "welcome", "x", DecisionError,
         "There is no decision 'welcome'. Decide one of accept, reject, recycle, disqualify, opportunity."),
    ],
)  # fmt: skip
def test_a_decision_that_cannot_be_taken_says_what_can_and_stores_nothing(
    project: Project, lead: str, decision: str, reason: str, fault: type[Exception], message: str
) -> None:
    score(project, NOW)
    with pytest.raises(fault) as refused:
        answer(project, lead, decision, days(1), reason)
    assert str(refused.value) == message
    assert LifecycleTables(project.source).columns("lead_decisions") == {}


def test_an_unknown_lead_is_refused_with_the_nearest(project: Project) -> None:
    with pytest.raises(SourceError, match=r"there is no usable lead 'wram'. Did you mean 'warm'\?"):
        answer(project, "wram", "accept", NOW)
    with pytest.raises(SourceError, match=r"there is no usable lead 'wram'. Did you mean 'warm'\?"):
        show(project, "wram", now=NOW)


def crm_writes(project: Project, *decisions: tuple[str | None, ...]) -> None:
    """What a CRM sync may write at the least: the three columns that are needed."""
    path = project.settings.path("crm.db")
    if path.exists():
        with closing(sqlite3.connect(path)) as crm:
            crm.execute("CREATE TABLE lead_decisions (lead_id TEXT, decision TEXT, decided_at TEXT)")
            crm.executemany("INSERT INTO lead_decisions VALUES (?, ?, ?)", decisions)
            crm.commit()
        return
    lines = ["lead_id,decision,decided_at", *(",".join(cell or "" for cell in row) for row in decisions)]
    (project.settings.path("data") / "lead_decisions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@BOTH
def test_what_a_crm_writes_is_taken_and_what_cannot_be_is_counted_with_its_reason(project: Project) -> None:
    score(project, NOW)
    crm_writes(
        project,
        ("warm", "Accept", "2024-03-03T10:00:00"),
        ("hot", "promote", "2024-03-03"),
        ("nobody", "accept", "2024-03-03"),
        ("hot", "accept", "not a date"),
        ("hot", None, "2024-03-03"),
        ("cold", "accept", "2024-03-03"),
        ("cold", "disqualify", "2126-03-03"),
    )
    advanced = score(project, days(3))
    assert stages(project) == {"cold": "raw", "warm": "SAL", "hot": "MQL", "bought": "won", "left": "lost"}
    assert (advanced.decisions.read, advanced.decisions.kept, advanced.decisions.rejected) == (7, 2, 5)
    assert advanced.without_effect == 1
    rejects = project.settings.path("rejects.csv").read_text(encoding="utf-8")
    for reason in ("unknown decision", "unknown lead", ",not a date,", "missing decision", "in the future"):
        assert reason in rejects
    assert show(project, "cold", now=days(3)).decisions[0]["effect"] == "none"


def test_a_decision_of_the_crm_waits_for_the_next_scoring_or_decision(project: Project) -> None:
    score(project, NOW)
    crm_writes(project, ("warm", "accept", "2024-03-03T10:00:00"))
    record = show(project, "warm", now=days(3))
    assert (record.stage, record.decisions[0]["effect"]) == ("MQL", "waits for the next scoring")
    with closing(sqlite3.connect(project.settings.path("crm.db"))) as crm:
        crm.execute("ALTER TABLE lead_decisions ADD COLUMN reason TEXT")
        crm.execute("ALTER TABLE lead_decisions ADD COLUMN decided_by TEXT")
        crm.execute("ALTER TABLE lead_decisions ADD COLUMN synced INTEGER")
    record = answer(project, "warm", "opportunity", days(4))
    assert [move["to_stage"] for move in record.moves] == ["MQL", "SAL", "opportunity"]
    assert [taken["decided_by"] for taken in record.decisions] == [None, "Ann"]


@BOTH
def test_a_decision_beside_those_of_a_crm_makes_room_for_its_reason(project: Project) -> None:
    score(project, NOW)
    crm_writes(project, ("warm", "accept", "2024-03-03T10:00:00"))
    record = answer(project, "hot", "accept", days(4))
    assert [(taken["decided_by"], taken["reason"]) for taken in record.decisions] == [("Ann", "talked to them")]
    assert [taken["decided_by"] for taken in show(project, "warm", now=days(4)).decisions] == [None]


def test_a_decision_that_is_killed_before_it_is_whole_leaves_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    score(project, NOW)
    before = stages(project)
    with monkeypatch.context() as patch:
        patch.setattr("leadml.sources.sqlite_changes.SqliteChanges.upsert", killed)
        with pytest.raises(KeyboardInterrupt):
            answer(project, "warm", "accept", days(1))
    assert (stages(project), show(project, "warm", now=days(1)).decisions) == (before, [])
    assert answer(project, "warm", "accept", days(1)).stage == "SAL"


@BOTH
def test_a_lead_that_leaves_the_lead_table_keeps_its_stage(project: Project) -> None:
    score(project, NOW)
    path = project.settings.path("crm.db")
    if path.exists():
        with closing(sqlite3.connect(path)) as crm:
            crm.execute("DELETE FROM leads WHERE id = 'warm'")
            crm.commit()
    else:
        leads = project.settings.path("data") / "leads.csv"
        lines = leads.read_text(encoding="utf-8").splitlines()
        leads.write_text("\n".join(line for line in lines if not line.startswith("warm")), encoding="utf-8")
    score(project, days(1))
    assert stages(project)["warm"] == "MQL"
    assert answer(project, "warm", "disqualify", days(2)).stage == "disqualified"


def test_a_wrong_lifecycle_file_is_refused_before_anything_is_written(project: Project) -> None:
    config = project.settings.path("leadml.toml")
    config.write_text(config.read_text(encoding="utf-8") + '[lifecycle]\nfile = "life.toml"\n', encoding="utf-8")
    config.with_name("life.toml").write_text('name = "None"', encoding="utf-8")
    spoiled = Project(load_settings(config))
    with pytest.raises(RulebookError, match=r"life.toml: 1 problem\n  - transition: is missing"):
        score(spoiled, NOW)
    assert not any("lead_" in table for table in project.source.tables())


def test_a_type_of_activity_that_nobody_ever_had_is_named(project: Project) -> None:
    config = project.settings.path("leadml.toml")
    config.write_text(config.read_text(encoding="utf-8") + '[lifecycle]\nfile = "life.toml"\n', encoding="utf-8")
    config.with_name("life.toml").write_text(
        'name = "Trial"\n[[transition]]\nfrom = ["raw"]\nto = "PQL"\nby = "product"\nactivities = ["Visit", "tiral"]',
        encoding="utf-8",
    )
    advanced = score(Project(load_settings(config)), NOW)
    assert advanced.moved == {"raw -> PQL": 1}
    assert advanced.notes == ("The lifecycle waits for activities that nobody ever had: 'tiral'.",)


@BOTH
def test_a_table_of_other_content_is_never_written_to(project: Project) -> None:
    path = project.settings.path("crm.db")
    if path.exists():
        with closing(sqlite3.connect(path)) as crm:
            crm.execute("CREATE TABLE Lead_Lifecycle (customer TEXT)")
    else:
        (project.settings.path("data") / "lead_lifecycle.csv").write_text("customer\n1\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"(?i)lead_lifecycle.* is there already and has no column 'lead_id'"):
        score(project, NOW)


def test_decisions_can_be_mapped_as_activities(project: Project) -> None:
    score(project, NOW)
    answer(project, "warm", "reject", days(1))
    config = project.settings.path("leadml.toml")
    mapping = 'table = "lead_decisions"\nlead = "lead_id"\noccurred_at = "decided_at"\ntype = "decision"\n'
    config.write_text(config.read_text(encoding="utf-8").split('table = "events"')[0] + mapping, encoding="utf-8")
    activities = Project(load_settings(config)).read().activities
    assert activities is not None
    assert activities.to_pylist() == [{"lead_id": "warm", "type": "reject", "occurred_at": days(1), "value": 1.0}]


def test_the_commands_decide_and_show(
    project: Project, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def leadml(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["leadml", *words, "--config", str(project.settings.path("leadml.toml"))])
        try:
            code = run()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    assert "Moved: 2 raw -> MQL" in leadml("score", "--as-of", "2024-03-02")[1]
    code, out, _ = leadml("lead", "accept", "hot", "--reason", "budget confirmed", "--by", "Ann", "--json")
    assert (code, json.loads(out)["stage"]) == (0, "SQL")
    code, out, _ = leadml("lead", "show", "hot")
    assert code == 0
    for part in ("Lead hot: stage SQL since", "accept by Ann", "moved the lead", "Waiting for a person: opportunity."):
        assert part in " ".join(out.split())
    code, _, err = leadml("lead", "accept", "hot", "--reason", "again")
    assert code == 2
    assert err == (
        "leadml: Lead 'hot' is in stage SQL, where the decision 'accept' is not allowed. "
        "It can be: opportunity, recycle, disqualify.\n"
    )
    assert "budget confirmed" in leadml("explain", "hot")[1]
    assert json.loads(leadml("explain", "hot", "--json")[1])["decisions"][0]["decided_by"] == "Ann"
