"""What a training leaves behind of grades, fairness and its mistakes, on a small file of leads without dates."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadml.cli import run as leadml
from leadml.config import load_settings
from leadml.errors import SourceError
from leadml.operations.champion import POINTER, champion_before
from leadml.operations.project import Project
from leadml.operations.review import review, rows_of
from leadml.operations.train import TrainingRun, run_training
from leadml.predict import save_scorer
from leadml.report import render

NOW = datetime(2025, 3, 1)  # noqa: DTZ001
HOSTILE = ("=1+1", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "+A1", "@x", "-2+3", "\u202eABC")
SECRETS = ("<b>Zwölfter</b>", "=HYPERLINK(1)")
TOML = """
[source]
url = "leads.csv"
[leads]
id = "id"
outcome = "status"
won = ["won"]
lost = ["lost"]
[model]
kind = "linear"
"""


def write_leads(folder: Path, *, sensitive: bool) -> Project:
    """Leads that are won the more, the larger they are; gender goes with region, which moves the score."""
    random = np.random.default_rng(5)
    with (folder / "leads.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "status", "size", "region", *(["gender"] if sensitive else [])])
        for n in range(500):
            size, first = random.normal(), random.random() < 0.5
            won = random.random() < 1 / (1 + np.exp(1.5 - 1.2 * size - 1.2 * first))
            same = random.random() < 0.9
            cells = [f"{HOSTILE[n % len(HOSTILE)]}{n}", "won" if won else "lost", f"{size:.3f}", "ns"[int(first)]]
            writer.writerow(cells + ([SECRETS[int(first == same)]] if sensitive else []))
    toml = TOML.replace("[model]", 'sensitive = ["gender"]\n[model]') if sensitive else TOML
    (folder / "leadml.toml").write_text(toml)
    return Project(load_settings(folder / "leadml.toml"))


def train(project: Project, days: int = 0) -> TrainingRun:
    return run_training(project, now=NOW + timedelta(days=days), progress=lambda _: None)


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> tuple[Project, TrainingRun]:
    project = write_leads(tmp_path_factory.mktemp("company"), sensitive=True)
    return project, train(project)


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> TrainingRun:
    """The same leads without the sensitive column."""
    return train(write_leads(tmp_path_factory.mktemp("bare"), sensitive=False))


def page_of(project: Project, trained: TrainingRun) -> str:
    """The page, without the sections that draw charts."""
    facts = {name: trained.scorer.facts[name] for name in ("review", "fairness")}
    return render(facts, [], reviewed=rows_of(project, trained.scorer))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from (str(key), *texts(entry))
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from texts(entry)
    else:
        yield str(value)


def test_a_sensitive_column_changes_no_byte_of_what_scores(company, bare, tmp_path):
    for name, trained in (("with", company[1]), ("without", bare)):
        save_scorer(replace(trained.scorer, facts={}, digest=None), tmp_path / f"{name}.leadml")
    assert (tmp_path / "with.leadml").read_bytes() == (tmp_path / "without.leadml").read_bytes()


def test_it_is_in_no_feature_no_reason_and_no_plan_and_is_said_to_be_left_out(company):
    scorer = company[1].scorer
    assert not any("gender" in name.lower() for term in scorer.terms for name in (term.name, *term.texts))
    assert "gender" not in {column.name for column in scorer.columns}
    facts = dict(scorer.facts)
    excluded = {entry["column"]: entry["why"] for entry in facts.pop("excluded")}
    assert excluded["gender"].startswith("sensitive")
    fairness, fields = facts.pop("fairness"), facts.pop("fields")
    assert [entry["column"] for entry in fairness] == ["gender"]
    assert not [text for text in texts(fields) if any(one in text for one in SECRETS)]
    assert not [text for text in texts(facts) if "gender" in text.lower() or any(one in text for one in SECRETS)]


def test_the_feature_that_stands_in_for_it_is_named_and_the_other_is_not(company):
    (entry,) = company[1].scorer.facts["fairness"]
    assert [one["feature"] for one in entry["features"] if one["named"]] == ["region"]
    assert {group["group"] for group in entry["groups"]} == set(SECRETS)
    assert sum(group["leads"] for group in entry["groups"]) == entry["leads"]


def test_no_lead_is_named_in_the_facts_and_those_in_the_file_are_what_they_are_called(company):
    project, trained = company
    told = review(project)
    facts = trained.scorer.facts["review"]
    assert (len(told.missed), len(told.alarms)) == (facts["missed"]["listed"], facts["alarms"]["listed"])
    with (project.settings.path("leads.csv")).open(newline="", encoding="utf-8") as file:
        outcome = {row["id"]: row["status"] for row in csv.DictReader(file)}
    assert told.missed
    assert told.alarms
    for row in told.missed:
        assert outcome[row["lead_id"]] == "won"
        assert row["probability"] < facts["cutoffs"][0]
    for row in told.alarms:
        assert outcome[row["lead_id"]] == "lost"
        assert row["probability"] >= facts["cutoffs"][0]
    said = set(texts(dict(trained.scorer.facts)))
    assert not said & set(outcome)


def test_a_spreadsheet_runs_nothing_of_the_file_and_a_page_neither(company):
    project, trained = company
    with project.settings.path("review.csv").open(newline="", encoding="utf-8-sig") as file:
        cells = [cell for row in csv.DictReader(file) for cell in (row["lead_id"], row["what_happened"])]
    assert cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    page = page_of(project, trained)
    for hostile in ("<script>alert(1)", "<img src=x", "<b>Zw"):
        assert hostile not in page
    assert "Missed wins" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "&lt;b&gt;Zwölfter" in page


def test_a_file_of_another_bundle_is_not_shown(company, tmp_path, capsys, monkeypatch):
    project, trained = company
    file = project.settings.path("review.csv")
    whole = file.read_bytes()
    monkeypatch.setattr(
        "sys.argv", ["leadml", "review", "--json", "--top", "1", "-c", str(file.parent / "leadml.toml")]
    )
    with pytest.raises(SystemExit) as end:
        leadml()
    assert not end.value.code
    shown = json.loads(capsys.readouterr().out)
    assert (len(shown["missed"]), len(shown["alarms"])) == (1, 1)
    try:
        file.write_bytes(whole.replace(str(trained.scorer.digest).encode(), b"0" * 64))
        with pytest.raises(SourceError, match=r"belongs to another bundle than the champion.*leadml train"):
            review(project)
        page = page_of(project, trained)
        assert "belongs to another bundle" in page
        assert "The worst" not in page
        file.unlink()
        with pytest.raises(SourceError, match="is not there"):
            review(project)
    finally:
        file.write_bytes(whole)


def test_a_file_that_holds_something_else_is_never_replaced(bare, tmp_path):
    project = write_leads(tmp_path, sensitive=False)
    (tmp_path / "review.csv").write_text("my,own\n1,2\n")
    with pytest.raises(SourceError, match=r"holds no missed wins. Choose another name for output.review"):
        train(project)
    assert (tmp_path / "review.csv").read_text() == "my,own\n1,2\n"
    assert not (tmp_path / "models").exists()


def test_training_again_keeps_the_grade_bounds_and_says_since_when(company, capsys):
    project, first = company
    with project.settings.path("leads.csv").open("a", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([f"new {n}", "won", "1.5", "s", SECRETS[0]] for n in range(40))
    second = train(project, days=90)
    assert second.scorer.facts["population"]["base_rate"] > first.scorer.facts["population"]["base_rate"]
    assert second.scorer.policy.grade_bounds == first.scorer.policy.grade_bounds
    assert second.scorer.facts["grade_bounds"]["why"] == "kept since 2025-03-01"
    moves = second.scorer.facts["grade_moves"]
    assert sum(map(sum, moves["table"])) == moves["leads"] == 540


def test_a_broken_champion_stops_no_training(tmp_path):
    assert champion_before(tmp_path) == (None, ())
    (tmp_path / POINTER).write_text("broken")
    scorer, (note,) = champion_before(tmp_path)
    assert scorer is None
    assert note.startswith("The model before cannot be read, so its grade bounds are not kept")
