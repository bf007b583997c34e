"""`leadml export-sql` writes what the database then scores by."""

from __future__ import annotations

import sqlite3
from datetime import datetime

import numpy as np
from typer.testing import CliRunner

from leadml.cli.app import app
from leadml.config import load_settings
from leadml.features import FeaturePlan
from leadml.operations.champion import publish
from leadml.operations.project import Project
from leadml.predict import Scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables

TOML = """
[source]
url = "sqlite:///crm.sqlite"
[leads]
table = "deals"
id = "Deal ID"
outcome = "status"
won = ["won"]
lost = ["lost"]
role = "Job role"
"""


def undated(folder) -> Project:
    """Leads without dates, whose role stands in a column of another name."""
    with sqlite3.connect(folder / "crm.sqlite") as database:
        database.execute('CREATE TABLE deals ("Deal ID" TEXT, status TEXT, "Job role" TEXT)')
        database.executemany("INSERT INTO deals VALUES (?, ?, ?)", [("D1", None, " CTO "), ("D2", "won", "other")])
    database.close()
    (folder / "leadml.toml").write_text(TOML)
    project = Project(load_settings(folder / "leadml.toml"))
    plan = FeaturePlan(attributes=(), calendar=False)
    scorer = Scorer(
        columns=(Column("role", "category", "fit", "Role"),),
        features=(Feature("role", "role", "category", "fit", "Role", levels=("cto",)),),
        tables=ScoreTables(-1.0, (np.array([0.0, -0.5, 2.0]),)),
        policy=Policy((0.6, 0.4, 0.2)),
        facts={"plan": plan.to_dict()},
    )
    publish(scorer, project.models, name="deals", now=datetime(2026, 1, 1))  # noqa: DTZ001
    return project


def test_a_view_over_leads_without_dates_reads_the_users_own_columns(tmp_path):
    undated(tmp_path)
    asked = ["export-sql", "--dialect", "sqlite", "--config", str(tmp_path / "leadml.toml"), "--view", "scored"]
    done = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "scored.sql")])
    assert done.exit_code == 0, done.output
    with sqlite3.connect(tmp_path / "crm.sqlite") as database:
        database.executescript((tmp_path / "scored.sql").read_text(encoding="utf-8"))
        scored = database.execute("SELECT lead_id, log_odds, reason_for_1 FROM scored ORDER BY lead_id").fetchall()
    database.close()
    assert scored == [("D1", 1.0, "Role: cto"), ("D2", -1.5, None)]
