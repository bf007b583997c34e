"""`leadml check` on tables as users bring them."""

from __future__ import annotations

import csv
import os
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from leadml.config import load_settings
from leadml.errors import SourceError, TrainingError
from leadml.operations.check import CheckRun, run_check
from leadml.operations.explain import explain_lead
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.operations.train import run_training
from leadml.training.findings import Finding

DATA = Path(os.environ.get("LEADML_DATA", "no data"))
START = datetime(2024, 1, 1)  # noqa: DTZ001 (UTC)


def check(folder: Path, source: Path, **lines: str) -> tuple[CheckRun, dict[str, Finding]]:
    """Check a file with the settings that `leadml init` writes; `lines` replace those of a key, in use or not."""
    config = folder / "leadml.toml"
    write_settings(propose(str(source)), config, force=True)
    text = config.read_text(encoding="utf-8").splitlines()
    for key, line in lines.items():
        (place,) = (n for n, old in enumerate(text) if old.lstrip("#").startswith((f"{key} =", f"[leads.{key}]")))
        text[place] = line
    config.write_text("\n".join(text), encoding="utf-8")
    run = run_check(Project(load_settings(config)), progress=lambda _: None)
    return run, {finding.column: finding for finding in run.findings if finding.column is not None}


def public(file: str) -> Path:
    if not (DATA / file).exists():
        pytest.skip("LEADML_DATA does not name a folder with the public data sets")
    return DATA / file


def suspicions(found: dict[str, Finding]) -> dict[str, str]:
    return {column: finding.code for column, finding in found.items() if finding.kind in ("proven", "suspected")}


def test_the_known_leaks_of_x_education_are_suspected_with_the_evidence(tmp_path) -> None:
    run, found = check(tmp_path, public("xeducation-leads/Leads.csv"))
    assert suspicions(found) == {
        "Tags": "L101",
        "Lead Quality": "L102",
        "Lead Profile": "L102",
        "What is your current occupation": "L102",
        "What matters most to you in choosing a course": "L102",
        # These are filled in by staff or a vendor afterwards, too.
        "Last Activity": "L104",
        "Last Notable Activity": "L104",
        "Asymmetrique Activity Score": "L104",
    }
    assert "alone it has an AUC of 0.92 (learned on older leads" in found["Tags"].message
    assert "filled for 90% of the won and 59% of the lost" in found["What is your current occupation"].message
    assert run.ready


def test_the_length_of_the_call_is_suspected_in_the_bank_set_and_nothing_else(tmp_path) -> None:
    source = public("uci-bank-marketing/bank-additional-full.csv")
    _, found = check(tmp_path, source, rows_in_time_order="rows_in_time_order = true")
    assert suspicions(found) == {"duration": "L101"}
    assert "alone it has an AUC of 0.83" in found["duration"].message


def test_no_answer_of_the_b2b_set_is_suspected_and_its_repeated_rows_are_counted(tmp_path) -> None:
    run, found = check(tmp_path, public("salvirt-b2b/Salvirt_B2B_ML_dataset_HF.csv"))
    assert suspicions(found) == {}
    assert next(finding.message for finding in run.findings if finding.code == "L107").startswith("27 of 89 leads")


def dated(path: Path, count: int = 600) -> Path:
    """Leads of a year; one that is won is tagged in the days before it closes, a lost one at random."""
    random = np.random.default_rng(3)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Lead ID", "Created On", "Closed On", "Status", "Visits", "Tags", "Tagged On"])
        for number in range(count):
            visits = int(random.poisson(3))
            won = random.random() < 1 / (1 + np.exp(2.5 - 0.6 * visits))
            created = START + timedelta(days=int(random.integers(0, 365)))
            life = int(random.integers(20, 60))
            closed = created + timedelta(days=life)
            tagged = closed - timedelta(days=1 if won else int(random.integers(1, life)))
            tag = "will revert" if won ^ (random.random() < 0.05) else "ringing"
            rows.writerow([f"L{number}", created, closed, "won" if won else "lost", visits, tag, tagged])
    return path


def test_a_suspicion_is_settled_by_each_way_to_say_when_the_column_is_known(tmp_path) -> None:
    source = dated(tmp_path / "leads.csv")
    assert suspicions(check(tmp_path, source)[1]) == {"Tags": "L101"}
    _, vouched = check(tmp_path, source, known_at='[leads.known_at]\nTags = "created"')
    assert (vouched["Tags"].code, suspicions(vouched)) == ("L200", {})
    run, closed = check(tmp_path, source, known_at='[leads.known_at]\nTags = "closed"')
    assert run.left_out == {"Tags": "known only after closing, says known_at"}
    run, by_date = check(tmp_path, source, known_at='[leads.known_at]\nTags = "Tagged On"')
    assert run.left_out == {}
    assert "Tags" not in closed.keys() | by_date.keys()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('Tags = "Visits"', "leads, column 'Visits': leads.known_at names it as a column of dates, but it holds none"),
        ('Tags = "Tagged"', "there is no column 'Tagged'. Did you mean 'Tagged On'?"),
        ('Tag = "created"', "there is no column 'Tag'. Did you mean 'Tags'?"),
    ],
)
def test_a_column_that_known_at_names_by_mistake_is_refused(tmp_path, line, said) -> None:
    with pytest.raises(SourceError) as refused:
        check(tmp_path, dated(tmp_path / "leads.csv", 60), known_at=f"[leads.known_at]\n{line}")
    assert said in str(refused.value)


def test_what_training_would_refuse_to_hold_monotone_is_refused_by_the_check(tmp_path) -> None:
    path = dated(tmp_path / "leads.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows = [[*row, "Shop" if at == 0 else ("web", "fair")[at % 2]] for at, row in enumerate(rows)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(TrainingError, match="cannot be held: 'Shop' is no number"):
        check(tmp_path, path, monotone='[leads.monotone]\nShop = "rising"')


def test_a_table_without_rows_is_refused_in_words_that_lead_on(tmp_path) -> None:
    source = dated(tmp_path / "leads.csv", 60)
    check(tmp_path, source)
    source.write_text(source.read_text().partition("\n")[0] + "\n")
    with pytest.raises(SourceError, match=r"there are no leads in it\. Give a table with one row per lead"):
        run_check(Project(load_settings(tmp_path / "leadml.toml")), progress=lambda _: None)


def test_a_horizon_longer_than_the_data_is_a_finding_beside_the_others(tmp_path) -> None:
    source = dated(tmp_path / "leads.csv")
    run, found = check(tmp_path, source, horizon_days="horizon_days = 4000")
    assert not run.ready
    assert [finding.code for finding in run.findings if finding.kind == "refusal"] == ["R009"]
    assert "Shorten the horizon" in next(finding.message for finding in run.findings if finding.code == "R009")
    assert "Tags" in found


def test_a_dated_value_is_missing_until_its_date_in_training_and_in_scoring(tmp_path) -> None:
    source = dated(tmp_path / "leads.csv")
    check(tmp_path, source, known_at='[leads.known_at]\nTags = "Tagged On"', horizon_days="horizon_days = 40")
    project = Project(load_settings(tmp_path / "leadml.toml"))
    run = run_training(project, now=START + timedelta(days=500), progress=lambda _: None)
    assert run.scorer.facts["plan"]["attributes"][1]["known_at"] == "known at Tagged On"
    with source.open(newline="") as file:
        lead = next(row for row in csv.DictReader(file) if row["Status"] == "lost")
    tagged = datetime.fromisoformat(lead["Tagged On"])

    def reasons(as_of: datetime) -> str:
        row = explain_lead(project, lead["Lead ID"], as_of=as_of).row
        return str([*row["reasons_for"], *row["reasons_against"]])

    assert "'Tags: not known'" in reasons(tagged)
    assert f"'Tags: {lead['Tags']}'" in reasons(tagged + timedelta(microseconds=1))
    source.write_text(source.read_text().replace("Tagged On", "Marked On"))
    with pytest.raises(SourceError, match="there is no column 'Tagged On'"):
        explain_lead(project, lead["Lead ID"], as_of=tagged)
