"""`leadml explain` on a champion made by hand: exact sentences, what a prompted activity would do, and the page."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from leadml.cli import run
from leadml.cli.explain import print_reasons
from leadml.errors import ConfigError
from leadml.operations.champion import load_champion, publish
from leadml.operations.explain import explain_lead
from leadml.operations.project import Project
from leadml.predict.segments import Segment
from leadml.report import render_lead
from leadml.report.lead import held_to

LABELS = '[activities.labels]\ndemo = "Asked for a demo"\n'
NOW = datetime(2024, 5, 1)  # noqa: DTZ001 - leadml's times are naive UTC


def prompting(project: Project, *types: str) -> Project:
    activities = project.settings.activities.model_copy(update={"prompt_types": types})
    return Project(project.settings.model_copy(update={"activities": activities}))


def one_open(rows) -> str:
    """A lead that has not asked for a demo."""
    asked = {lead for lead, _, kind in rows["acts"] if kind == "demo"}
    return next(row[0] for row in rows["leads"] if row[3] == "open" and row[0] not in asked and row[1] < "2024-05")


def test_reasons_name_the_very_values_in_the_words_given_and_add_up(floor, open_floor) -> None:
    rows = floor(60)
    lead = one_open(rows)
    made_at = NOW - timedelta(days=3)
    rows["acts"] += [(lead, made_at.isoformat(), "demo")] * 2
    told = explain_lead(open_floor(rows, LABELS), lead, as_of=NOW).to_dict()
    reasons = {one["reason"]: one["log_odds"] for one in [*told["reasons_for"], *told["reasons_against"]]}
    assert reasons["Asked for a demo 2 times in 90 days"] == 1.5
    assert {"Size: 20", "Size: 500"} & set(reasons)
    assert told["intercept"] + sum(reasons.values()) == pytest.approx(told["log_odds"], abs=1e-9)


def test_a_prompted_activity_scores_as_if_it_were_really_in_the_table(floor, open_floor) -> None:
    rows = floor(60)
    lead = one_open(rows)
    project = open_floor(rows, LABELS)
    before = explain_lead(project, lead, as_of=NOW)
    told = explain_lead(prompting(project, "page", "demo"), lead, as_of=NOW)
    assert before.prompts == ()
    assert (told.prompts[0].type, told.prompts[0].activity) == ("demo", "Asked for a demo")
    for prompt in told.prompts:
        assert (prompt.type == "demo") == (prompt.log_odds > 1.0)
        with sqlite3.connect(project.settings.path("floor.sqlite")) as database:
            real = (lead, (NOW - timedelta(microseconds=1)).isoformat(), prompt.type)
            database.execute("insert into acts values (?, ?, ?)", real)
        really = explain_lead(project, lead, as_of=NOW).row
        with sqlite3.connect(project.settings.path("floor.sqlite")) as database:
            database.execute("delete from acts where at = ?", real[1:2])
        assert prompt.probability == really["probability"]
        assert prompt.score == really["score"]
        assert before.row["log_odds"] + prompt.log_odds == pytest.approx(really["log_odds"], abs=1e-9)


def test_an_activity_to_prompt_that_never_occurs_is_named_with_its_nearest(open_floor) -> None:
    with pytest.raises(ConfigError, match=r"prompt_types: no activity is of type 'demos'.*demo"):
        explain_lead(prompting(open_floor(), "demos"), "L0001", as_of=NOW)


def test_the_command_prints_and_writes_the_page_without_anything_personal(
    floor, open_floor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = floor(60)
    lead = one_open(rows)
    project = open_floor(rows, LABELS)
    config = project.settings.path("leadml.toml")
    config.write_text(config.read_text().replace('["demo"]', '["demo"]\nprompt_types = ["demo"]', 1))
    page = config.parent / "lead.html"
    command = ["leadml", "explain", lead, "--config", str(config), "--as-of", f"{NOW:%Y-%m-%d}", "--page", str(page)]
    monkeypatch.setattr("sys.argv", command)
    assert called() == 0
    shown = capsys.readouterr().out
    assert "Asked for a demo: not in 90 days" in shown
    assert "patterns in past leads, not causes" in shown
    assert f"The page: {page}" in shown
    monkeypatch.setattr("sys.argv", [*command, "--json"])
    assert called() == 0
    told = json.loads(capsys.readouterr().out)
    text = page.read_text(encoding="utf-8")
    assert f"{100 * told['prompts'][0]['probability']:.1f}\u202f%" in text
    assert all(reason["reason"] in text for reason in told["reasons_for"] + told["reasons_against"])
    assert "x.example" not in text + shown + json.dumps(told)


def test_a_lead_is_told_with_its_segment_and_the_cutoffs_that_it_is_held_to(floor, open_floor, capsys) -> None:
    rows = floor(60)
    lead, project = one_open(rows), open_floor(rows, LABELS)
    assert held_to(explain_lead(project, lead, as_of=NOW).to_dict()) == (
        "MQL from 30.0\u202f%, SQL from 60.0\u202f% with intent shown."
    )
    old = load_champion(project.models)
    sizes = tuple(str(size) for size in (20, 500))
    policy = replace(old.policy, mql=None, sql=None, segments=(Segment("all <b>", "size", sizes, mql=0.4),))
    why = "No SQL cutoff of all <b> is published: none is high enough."
    told = [{"stage": "SQL", "segment": "all <b>", "probability": None, "why": why}]
    publish(replace(old, policy=policy, facts={**old.facts, "cutoffs": told}), project.models, name="own", now=NOW)
    explanation = explain_lead(project, lead, as_of=NOW)
    words = f"Segment all <b>: MQL from 40.0\u202f%. {why}"
    assert held_to(explanation.to_dict()) == words
    print_reasons(explanation)
    assert words in capsys.readouterr().out
    page = render_lead(explanation.to_dict())
    assert "MQL from 40.0\u202f%" in page
    assert "all <b>" not in page


def called() -> int:
    with pytest.raises(SystemExit) as left:
        raise SystemExit(run())
    return int(left.value.code or 0)
