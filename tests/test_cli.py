"""The command line as a user meets it: what it leaves behind, what it says, and its exit codes."""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from leadml import load_scorer
from leadml.cli import run

LEADS = 1200


class Result:
    """Exit code and output of one command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict:
        return json.loads(self.out)


@pytest.fixture
def leadml(capfd, monkeypatch):
    def call(*arguments: object) -> Result:
        monkeypatch.setattr("sys.argv", ["leadml", *map(str, arguments)])
        try:
            code = run()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return call


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A demo company, trained on and scored."""
    from leadml.__main__ import main

    folder = tmp_path_factory.mktemp("company")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["leadml", "demo", "--folder", str(folder), "--leads", str(LEADS)])
        with pytest.raises(SystemExit) as end:
            main()
    assert not end.value.code
    return folder


@pytest.fixture
def company(made, tmp_path) -> Path:
    """The demo company, to be spoiled."""
    shutil.copytree(made, tmp_path / "company")
    config = tmp_path / "company" / "leadml.toml"
    text = config.read_text()
    config.write_text(text.replace(str(made), str(tmp_path / "company")))
    return config


def table(config: Path, query: str) -> list[tuple]:
    with sqlite3.connect(config.parent / "company.sqlite") as database:
        return database.execute(query).fetchall()


def write_csv(path: Path, rows: list[dict]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def flat_leads(count: int, seed: int = 0) -> list[dict]:
    random = np.random.default_rng(seed)
    source = random.choice(["web", "fair"], count)
    won = random.random(count) < np.where(source == "fair", 0.8, 0.2)
    return [
        {"Lead ID": f"L{n}", "Source": source[n], "Visits": int(random.poisson(3)), "Empty": "", "Won": int(won[n])}
        for n in range(count)
    ]


def test_the_demo_leaves_scores_a_bundle_and_a_page(company) -> None:
    scored = table(company, "select lead_id, probability, score, grade, stage, bundle, reasons_for from lead_scores")
    still_open = table(company, "select count(distinct lead_id) from leads where lower(status) = 'open'")[0][0]
    assert 0.9 * still_open < len(scored) <= still_open
    assert all(0 < probability < 1 and 0 < score < 100 for _, probability, score, *_ in scored)
    pointer = json.loads((company.parent / "models" / "champion.json").read_text())
    assert {row[5] for row in scored} == {pointer["sha256"]}
    scorer = load_scorer(company.parent / "models" / pointer["bundle"], pointer["sha256"])
    assert "onboarding_manager" in {entry["column"] for entry in scorer.facts["excluded"]}
    assert not {"e_mail", "phone", "full_name", "onboarding_manager"} & {column.name for column in scorer.columns}
    assert (company.parent / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_a_check_finds_what_training_found_and_writes_nothing_but_the_rejects(company, leadml) -> None:
    rejects = company.parent / "rejects.csv"
    kept = rejects.read_bytes()
    rejects.unlink()
    before = {path: path.read_bytes() for path in company.parent.rglob("*") if path.is_file()}
    checked = leadml("check", "--config", company, "--json")
    assert checked.code == 0
    assert checked.json["ready"] is True
    assert rejects.read_bytes() == kept
    rejects.unlink()
    assert {path: path.read_bytes() for path in company.parent.rglob("*") if path.is_file()} == before
    facts = load_scorer(next((company.parent / "models").glob("*.leadml"))).facts
    assert checked.json["findings"] == facts["findings"]
    assert checked.json["excluded"] == facts["excluded"]
    text = leadml("check", "--config", company)
    assert "Leaks, proven and left out:\n  L001 warning: 'onboarding_manager' is filled for" in text.out
    assert "onboarding_manager (L001)" in text.out
    assert f"Nothing stops training. Next: leadml train --config {company}" in text.out


def test_a_proven_leak_that_is_vouched_for_is_kept(company, leadml) -> None:
    company.write_text(
        company.read_text().replace("[leads.known_at]", '[leads.known_at]\nonboarding_manager = "created"')
    )
    checked = leadml("check", "--config", company)
    assert checked.code == 0
    assert "Settled by known_at:\n  L200 note: 'onboarding_manager' is filled for" in checked.out
    assert "onboarding_manager (" not in checked.out


def test_a_check_that_finds_what_stops_training_exits_with_2_and_says_it(tmp_path, leadml) -> None:
    config = tmp_path / "leadml.toml"
    leads = write_csv(tmp_path / "leads.csv", flat_leads(60))
    leadml("init", leads, "--config", config)
    write_csv(leads, [row | {"Won": 1} for row in flat_leads(60)])
    result = leadml("check", "--config", config)
    assert result.code == 2
    assert "What stops training:\n  R001 error: There are 60 leads with a win and 0 without" in result.out
    assert "These leads cannot carry a model" in result.out
    as_json = leadml("check", "--config", config, "--json")
    assert (as_json.code, as_json.json["ready"]) == (2, False)


def test_scoring_again_changes_nothing(company, leadml) -> None:
    before = table(company, "select * from lead_scores order by lead_id")
    result = leadml("score", "--config", company, "--json")
    assert result.code == 0
    assert result.json["scored"] == len(before) == sum(result.json["grades"].values())
    assert table(company, "select * from lead_scores order by lead_id") == before


def test_scoring_as_of_a_past_moment_sees_the_leads_that_were_open_then(company, leadml) -> None:
    result = leadml("score", "--config", company, "--as-of", "2025-03-03", "--json")
    assert result.code == 0
    then = table(
        company,
        "select count(*) from lead_scores s join (select lead_id, min(created_at) c from leads group by lead_id) l "
        "using (lead_id) where l.c > '2025-03-03'",
    )
    assert then == [(0,)]
    assert result.json["as_of"] == "2025-03-03T00:00:00"


def test_a_moment_without_leads_is_refused_and_the_old_scores_stay(company, leadml) -> None:
    before = table(company, "select * from lead_scores")
    result = leadml("score", "--config", company, "--as-of", "1990-01-01")
    assert result.code == 2
    assert "no lead was open at 1990-01-01 00:00" in result.err
    assert table(company, "select * from lead_scores") == before


def test_an_explanation_adds_up_to_the_score_in_the_database(company, leadml) -> None:
    lead, log_odds = table(company, "select lead_id, log_odds from lead_scores order by random() limit 1")[0]
    result = leadml("explain", lead, "--config", company, "--json")
    terms = [reason["log_odds"] for reason in result.json["reasons_for"] + result.json["reasons_against"]]
    assert result.json["intercept"] + sum(terms) == pytest.approx(log_odds, abs=1e-9)
    text = leadml("explain", lead, "--config", company)
    assert text.code == 0
    assert "a lead like any other" in text.out


def test_an_explanation_writes_nothing(company, leadml) -> None:
    (company.parent / "rejects.csv").unlink()
    before = sorted(company.parent.rglob("*"))
    lead = table(company, "select lead_id from lead_scores limit 1")[0][0]
    assert leadml("explain", lead, "--config", company).code == 0
    assert sorted(company.parent.rglob("*")) == before


def test_an_unknown_lead_is_named_with_its_nearest(company, leadml) -> None:
    result = leadml("explain", "L000001", "--config", company)
    assert result.code == 2
    assert "there is no usable lead 'L000001'. Did you mean L0" in result.err
    assert "Traceback" not in result.err


def test_the_report_is_written_where_the_settings_say(company, leadml) -> None:
    (company.parent / "report.html").unlink()
    result = leadml("report", "--config", company, "--json")
    assert result.code == 0
    assert Path(result.json["page"]).stat().st_size < 2_000_000


def test_a_locked_database_is_refused_and_the_old_scores_stay(company, leadml) -> None:
    before = table(company, "select * from lead_scores order by lead_id")
    lock = sqlite3.connect(company.parent / "company.sqlite", isolation_level=None)
    lock.execute("begin exclusive")
    try:
        result = leadml("score", "--config", company)
    finally:
        lock.execute("rollback")
        lock.close()
    assert result.code == 2
    assert "locked" in result.err
    assert table(company, "select * from lead_scores order by lead_id") == before


def test_a_champion_that_was_swapped_is_refused(company, leadml) -> None:
    bundle = next((company.parent / "models").glob("*.leadml"))
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"x")
    result = leadml("score", "--config", company)
    assert result.code == 2
    assert "SHA-256" in result.err


def test_a_bundle_is_not_asked_to_score_other_columns(company, leadml) -> None:
    with sqlite3.connect(company.parent / "company.sqlite") as database:
        database.execute("alter table leads rename column industry to branch")
    result = leadml("score", "--config", company)
    assert result.code == 2
    assert "industry" in result.err


@pytest.mark.parametrize("command", [["score"], ["report"], ["explain", "L1"]])
def test_without_a_model_the_next_step_is_named(company, leadml, command) -> None:
    shutil.rmtree(company.parent / "models")
    result = leadml(*command, "--config", company)
    assert result.code == 2
    assert "Run `leadml train` first" in result.err


def test_thirty_leads_from_a_file_are_enough_with_a_warning(tmp_path, leadml) -> None:
    leads = write_csv(tmp_path / "leads.csv", flat_leads(30))
    config = tmp_path / "leadml.toml"
    assert leadml("init", leads, "--config", config).code == 0
    trained = leadml("train", "--config", config)
    assert trained.code == 0, trained.err
    assert "R101" in trained.out
    assert "Left out: Empty (no value in any row)" in trained.out
    scored = leadml("score", "--config", config, "--json")
    assert scored.code == 0
    assert scored.json["scored"] == 30
    with (tmp_path / "lead_scores.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 30


def test_shuffled_outcomes_give_no_signal_no_cutoff_and_the_base_rate(tmp_path, leadml) -> None:
    rows = flat_leads(400)
    outcomes = np.random.default_rng(1).permutation([row["Won"] for row in rows])
    leads = write_csv(tmp_path / "leads.csv", [row | {"Won": won} for row, won in zip(rows, outcomes, strict=True)])
    leadml("init", leads, "--config", tmp_path / "leadml.toml")
    result = leadml("train", "--config", tmp_path / "leadml.toml", "--json")
    assert result.code == 0
    assert result.json["signal"] is False
    assert [cutoff["probability"] for cutoff in result.json["cutoffs"]] == [None, None]
    assert leadml("score", "--config", tmp_path / "leadml.toml", "--json").json["stages"] == {"none": 400}
    with (tmp_path / "lead_scores.csv").open() as file:
        chances = {float(row["probability"]) for row in csv.DictReader(file)}
    assert max(chances) - min(chances) < 1e-9
    assert abs(chances.pop() - outcomes.mean()) < 0.01


def test_a_time_limit_still_gives_a_scorer_and_what_it_cut_is_said(tmp_path, leadml) -> None:
    leads = write_csv(tmp_path / "leads.csv", flat_leads(300))
    config = tmp_path / "leadml.toml"
    leadml("init", leads, "--config", config)
    config.write_text(config.read_text().replace("[model]\n", "[model]\ntime_limit_seconds = 0.001\n"))
    result = leadml("train", "--config", config, "--json")
    assert result.code == 0, result.err
    assert "judging a linear model" in result.err
    (said,) = [finding for finding in result.json["findings"] if finding["code"] == "R113"]
    cut = ["the additive candidate was left out", "the extra trees candidate was left out"]
    assert said["message"] == f"To be done in 0.001 s: {'; '.join(cut)}."
    assert result.json["cut"] == cut
    assert result.json["served"] == "learned"


def test_one_outcome_only_is_refused_and_nothing_is_published(tmp_path, leadml) -> None:
    config = tmp_path / "leadml.toml"
    leads = write_csv(tmp_path / "leads.csv", flat_leads(60))
    leadml("init", leads, "--config", config)
    write_csv(leads, [row | {"Won": 1} for row in flat_leads(60)])
    result = leadml("train", "--config", config)
    assert result.code == 2
    assert "R001" in result.err
    assert not (tmp_path / "models").exists()


YOUNG = """
[source]
url = "leads.csv"
[leads]
id = "Lead ID"
outcome = "Won"
won = ["1"]
lost = ["0"]
[leads.answers]
budget = "Source"
[rules]
preset = "bant"
"""
STATED = "base_rate = 0.1\npoints_that_double_odds = 20\n"


def young_leads(tmp_path: Path, *, closed: int, stated: str = STATED) -> Path:
    rows = [
        row | {"Source": {"web": "none", "fair": "approved"}[row["Source"]], "Won": row["Won"] if n < closed else ""}
        for n, row in enumerate(flat_leads(100))
    ]
    write_csv(tmp_path / "leads.csv", rows)
    config = tmp_path / "leadml.toml"
    config.write_text(YOUNG + stated)
    return config


@pytest.mark.parametrize("closed", [0, 8])
def test_before_leads_have_closed_the_rules_score_as_stated(tmp_path, leadml, closed) -> None:
    config = young_leads(tmp_path, closed=closed)
    checked = leadml("check", "--config", config, "--json")
    assert (checked.code, checked.json["ready"], checked.json["by_rules"]) == (0, True, True)
    assert "Training would serve the rules as stated (R111)." in leadml("check", "--config", config).out
    trained = leadml("train", "--config", config, "--json")
    assert trained.code == 0, trained.err
    assert trained.json["findings"] == checked.json["findings"]
    assert trained.json["excluded"] == checked.json["excluded"]
    assert (trained.json["served"], trained.json["signal"], trained.json["evaluation"]) == ("rules", False, None)
    assert trained.json["rules"]["stated"]["base_rate"] == pytest.approx(0.1)
    assert trained.json["rules"]["stated"]["points_that_double_odds"] == pytest.approx(20)
    assert [cutoff["probability"] for cutoff in trained.json["cutoffs"]] == [None, None]
    assert "R111" in {finding["code"] for finding in trained.json["findings"]}
    assert leadml("score", "--config", config).code == 0
    with (tmp_path / "lead_scores.csv").open() as file:
        chances = sorted({round(float(row["probability"]), 6) for row in csv.DictReader(file)})
    assert len(chances) == 2
    assert 0.03 < chances[0] < chances[1] < 0.4
    assert leadml("report", "--config", config).code == 0
    page = (tmp_path / "report.html").read_text()
    assert "Rules only." in page
    assert "at a stated base rate of 10" in page
    text = leadml("train", "--config", config).out
    assert "The score is the rules' alone" in text


def test_before_leads_have_closed_and_with_nothing_stated_the_way_is_named(tmp_path, leadml) -> None:
    result = leadml("train", "--config", young_leads(tmp_path, closed=0, stated=""))
    assert result.code == 2
    assert "R004: No lead has closed yet" in result.err
    assert "state rules.base_rate and rules.points_that_double_odds" in result.err
    assert not (tmp_path / "models").exists()
    checked = leadml("check", "--config", tmp_path / "leadml.toml")
    assert checked.code == 2
    assert "What stops training:\n  R004 error: No lead has closed yet" in checked.out


def test_what_the_rules_read_is_kept_though_every_lead_says_the_same(tmp_path, leadml) -> None:
    rows = [row | {"Channel": row["Source"], "Source": "approved"} for row in flat_leads(60)]
    write_csv(tmp_path / "leads.csv", rows)
    config = tmp_path / "leadml.toml"
    config.write_text(YOUNG + STATED)
    checked = leadml("check", "--config", config, "--json")
    trained = leadml("train", "--config", config, "--json")
    assert (checked.code, trained.code) == (0, 0), trained.err
    assert "Source" not in {entry["column"] for entry in checked.json["excluded"]}
    assert trained.json["findings"] == checked.json["findings"]


def test_dated_leads_too_young_for_the_horizon_are_scored_by_the_stated_rules(tmp_path, leadml) -> None:
    day = np.datetime64("2024-01-01")
    rows = [
        row | {"Source": "approved", "On": str(day + n), "End": str(day + n + 9), "Won": row["Won"]}
        for n, row in enumerate(flat_leads(60))
    ]
    write_csv(tmp_path / "leads.csv", rows)
    config = tmp_path / "leadml.toml"
    dates = '[leads]\ncreated_at = "On"\nclosed_at = "End"\n'
    config.write_text(YOUNG.replace("[leads]\n", dates) + STATED + "[project]\nhorizon_days = 400\n")
    checked = leadml("check", "--config", config, "--json")
    trained = leadml("train", "--config", config, "--json")
    assert (checked.code, trained.code, trained.json["served"]) == (0, 0, "rules")
    assert trained.json["findings"] == checked.json["findings"]
    told = {finding["code"]: finding["message"] for finding in checked.json["findings"]}
    assert "R009: No lead was open at a moment with 400 days of data behind it" in told["R111"]
    assert "R009" not in told


def test_a_refused_training_says_how_many_rows_were_rejected(tmp_path, leadml) -> None:
    config = tmp_path / "leadml.toml"
    leadml("init", write_csv(tmp_path / "leads.csv", flat_leads(60)), "--config", config)
    text = config.read_text().replace('\nsource = "Source"', "")
    config.write_text(text.replace('id = "Lead ID"', 'id = "Source"'))
    result = leadml("train", "--config", config)
    assert result.code == 2
    assert "leads: 60 read, 2 kept, 58 rejected (58 duplicate lead id)" in result.err


def test_wins_in_the_newest_part_alone_are_refused_in_words_that_lead_on(tmp_path, leadml) -> None:
    day = np.datetime64("2024-01-01")
    rows = [
        row | {"created": str(day + n), "closed": str(day + n + 9), "Won": "won" if row["Won"] and n > 330 else "lost"}
        for n, row in enumerate(flat_leads(400))
    ]
    config = tmp_path / "leadml.toml"
    leadml("init", write_csv(tmp_path / "leads.csv", rows), "--config", config)
    config.write_text(config.read_text().replace("#horizon_days = 90", "horizon_days = 10"))
    result = leadml("train", "--config", config)
    assert result.code == 2
    assert "snapshots before the newest part, 0 were won within 10 days" in result.err
    assert "Lengthen project.horizon_days" in result.err
    assert not (tmp_path / "models").exists()


def test_labels_and_groups_go_by_the_users_columns(tmp_path, leadml) -> None:
    config = tmp_path / "leadml.toml"
    leadml("init", write_csv(tmp_path / "leads.csv", flat_leads(60)), "--config", config)
    text = config.read_text().replace('\nsource = "Source"', "").replace('#role = "COLUMN"', 'role = "Source"')
    config.write_text(text.replace("[leads.labels]", '[leads.labels]\nSource = "Where from"'))
    assert leadml("train", "--config", config).code == 0
    assert "Where from: " in leadml("explain", "L1", "--config", config).out
    config.write_text(text.replace("[leads.labels]", '[leads.labels]\nSuorce = "Where from"'))
    result = leadml("train", "--config", config)
    assert result.code == 2
    assert "leads.labels.Suorce: there is no such column. Did you mean 'Source'?" in result.err


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "There is no file"), (b"", "is empty"), (b"PAR1 cut off here", "parquet")],
)
def test_files_that_cannot_be_read_are_refused_in_one_line(tmp_path, leadml, content, said) -> None:
    path = tmp_path / "leads.parquet"
    if content is not None:
        path.write_bytes(content)
    result = leadml("init", path, "--config", tmp_path / "leadml.toml")
    assert result.code == 2
    assert said.lower() in result.err.lower()
    assert len(result.err.strip().splitlines()) == 1
    assert not (tmp_path / "leadml.toml").exists()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, leadml) -> None:
    leadml("init", write_csv(tmp_path / "leads.csv", flat_leads(60)), "--config", tmp_path / "leadml.toml")
    (tmp_path / "models").write_text("a file stands where the folder should be")
    result = leadml("train", "--config", tmp_path / "leadml.toml")
    assert result.code == 2
    assert "models" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize("scores", ["accounts", "ACCOUNTS", "precious"])
def test_a_table_that_holds_no_scores_is_never_replaced(company, leadml, scores) -> None:
    with sqlite3.connect(company.parent / "company.sqlite") as database:
        database.execute("create view precious as select * from accounts")
    company.write_text(company.read_text().replace('#scores = "lead_scores"', f'scores = "{scores}"'))
    before = table(company, "select * from accounts")
    result = leadml("score", "--config", company)
    assert result.code == 2
    assert "is there already and holds no scores but 'account_id'" in result.err
    assert table(company, "select * from accounts") == before


def test_a_file_that_holds_no_scores_is_never_replaced(tmp_path, leadml) -> None:
    leadml("init", write_csv(tmp_path / "leads.csv", flat_leads(60)), "--config", tmp_path / "leadml.toml")
    assert leadml("train", "--config", tmp_path / "leadml.toml").code == 0
    (tmp_path / "lead_scores.csv").write_text("customer,since\nACME,1998\n")
    result = leadml("score", "--config", tmp_path / "leadml.toml")
    assert result.code == 2
    assert f"{tmp_path / 'lead_scores.csv'} is there already and holds no scores but 'customer', 'since'" in result.err
    assert (tmp_path / "lead_scores.csv").read_text() == "customer,since\nACME,1998\n"


def test_a_champion_that_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path, leadml) -> None:
    leadml("init", write_csv(tmp_path / "leads.csv", flat_leads(60)), "--config", tmp_path / "leadml.toml")
    assert leadml("train", "--config", tmp_path / "leadml.toml").code == 0
    (tmp_path / "models" / "champion.json").unlink()
    (tmp_path / "models" / "champion.json").mkdir()
    before = sorted(tmp_path.rglob("*"))
    trained = leadml("train", "--config", tmp_path / "leadml.toml")
    assert trained.code == 2
    assert "champion.json cannot be written" in trained.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_page_that_cannot_be_put_in_its_place_leaves_nothing_behind(company, leadml) -> None:
    (company.parent / "report.html").unlink()
    (company.parent / "report.html").mkdir()
    before = sorted(company.parent.rglob("*"))
    result = leadml("report", "--config", company)
    assert result.code == 2
    assert "report.html cannot be written" in result.err
    assert sorted(company.parent.rglob("*")) == before


def test_hostile_values_do_not_disturb_what_is_printed(tmp_path, leadml) -> None:
    novel = '"a",\n\x1b[2J' + "long " * 40
    rows = [row | {"Source": novel if row["Source"] == "web" else "[red]"} for row in flat_leads(60)]
    leadml("init", write_csv(tmp_path / "leads.csv", rows), "--config", tmp_path / "leadml.toml")
    trained = leadml("train", "--config", tmp_path / "leadml.toml")
    assert "…" not in trained.out
    explained = leadml("explain", "L1", "--config", tmp_path / "leadml.toml")
    assert "\x1b" not in explained.out
    terms = leadml("explain", "L1", "--config", tmp_path / "leadml.toml", "--json").json
    assert f"{terms['log_odds']:+.3f}" in explained.out
    assert all(f"{reason['log_odds']:+.3f}" in explained.out for reason in terms["reasons_for"])


def test_a_mistyped_command_or_option_exits_with_2(leadml) -> None:
    assert leadml("trian").code == 2
    assert leadml("score", "--everything").code == 2
    assert leadml("--help").code == 0


def test_the_next_command_is_named_as_the_shell_will_find_it(monkeypatch) -> None:
    from leadml.cli import show

    monkeypatch.setattr("sys.argv", [".venv/bin/leadml"])
    monkeypatch.setattr(show.shutil, "which", lambda name: None)
    assert show.command() == ".venv/bin/leadml"
    monkeypatch.setattr(show.shutil, "which", lambda name: f"/somewhere/{name}")
    assert show.command() == "leadml"


def test_boosted_under_a_constraint_is_trained_scored_and_explained(tmp_path, leadml) -> None:
    config = tmp_path / "leadml.toml"
    rows = [row | ({"Won": ""} if n % 9 == 0 else {}) for n, row in enumerate(flat_leads(400))]
    leadml("init", write_csv(tmp_path / "leads.csv", rows), "--config", config)
    text = config.read_text().replace('#kind = "glassbox"', 'kind = "boosted"')
    config.write_text(text.replace('#COLUMN = "rising"', 'Visits = "rising"'))
    trained = leadml("train", "--config", config)
    assert trained.code == 0
    assert "LightGBM itself is served: log loss 0." in trained.out
    assert "Held monotone: Visits (rising)." in trained.out
    assert leadml("score", "--config", config, "--json").json["scored"] == 45
    explained = leadml("explain", "L3", "--config", config, "--json").json
    reasons = [*explained["reasons_for"], *explained["reasons_against"]]
    total = explained["intercept"] + sum(reason["log_odds"] for reason in reasons)
    assert total == pytest.approx(explained["log_odds"], abs=1e-9)
    assert leadml("report", "--config", config).code == 0


def test_a_column_that_cannot_be_held_to_a_direction_is_refused_before_training(tmp_path, leadml) -> None:
    config = tmp_path / "leadml.toml"
    leadml("init", write_csv(tmp_path / "leads.csv", flat_leads(400)), "--config", config)
    config.write_text(config.read_text().replace('#COLUMN = "rising"', 'Source = "rising"'))
    trained = leadml("train", "--config", config)
    assert trained.code == 2
    assert "The monotone columns cannot be held: 'Source' is no number. Mend them." in trained.err
    assert "rehearsing" not in trained.err


def test_accounts_are_listed_and_shown_with_what_their_committee_lacks(company, leadml) -> None:
    listed = leadml("accounts", "--config", company, "--top", 3)
    assert listed.code == 0
    assert "the best of them:" in listed.out
    assert "An account's score is the probability of the account's best lead" in listed.out
    found = leadml("accounts", "--config", company, "--json", "--top", 1000).json
    assert found["accounts"] == len(found["best"]) == table(company, "select count(*) from account_scores")[0][0]
    best = found["best"][0]
    one = leadml("accounts", best["account_id"], "--config", company)
    assert f"Account {best['account_id']}: score {best['score']:.1f}, grade {best['grade']}" in one.out
    assert all(f"Lacks: {lack}" in one.out for lack in best["committee_lacks"])
    assert f"explain {best['best_lead']} --config {company}" in one.out
    shown = leadml("accounts", best["account_id"], "--config", company, "--json").json
    assert {name: value for name, value in shown.items() if name != "rule"} == best
    unknown = leadml("accounts", "nobody", "--config", company)
    assert (unknown.code, "account 'nobody' has no score" in unknown.err) == (2, True)


def test_the_work_list_names_for_each_rep_whom_to_call_and_why(company, leadml) -> None:
    work = leadml("queue", "--config", company, "--json").json
    assert work["by"] == "owner"
    tasks = [row for one in work["lists"] for row in one["rows"]]
    stages = "('MQL', 'SAL', 'SQL', 'PQL')"
    worked = table(company, f"select lead_id from lead_lifecycle where stage in {stages} order by lead_id")
    assert sorted((row["lead_id"],) for row in tasks) == worked
    first = work["lists"][0]
    printed = leadml("queue", "--config", company, "--who", first["who"])
    assert printed.code == 0
    assert f"{first['who']}: {len(first['rows'])} of {first['workable']} leads today" in printed.out
    assert all(row["lead_id"] in printed.out for row in first["rows"])
    assert "Worth = probability x what such a deal is worth" in printed.out
    teams = leadml("queue", "--config", company, "--by", "team", "--json").json
    assert {one["who"] for one in teams["lists"]} <= {"North", "South", "West"}


def test_the_work_list_is_a_sheet_without_personal_columns(company, tmp_path, leadml) -> None:
    sheet = tmp_path / "today.csv"
    assert leadml("queue", "--config", company, "--csv", sheet).code == 0
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert float(rows[0]["expected_value"]) > 0
    personal = table(company, "select full_name, e_mail, phone from leads")
    text = sheet.read_text(encoding="utf-8-sig") + leadml("queue", "--config", company).out
    assert not any(cell in text for row in personal for cell in row if cell)


def test_marketing_gets_its_own_list(company, tmp_path, leadml) -> None:
    sheet = tmp_path / "nurture.csv"
    found = leadml("queue", "--nurture", "--config", company, "--json", "--csv", sheet).json
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        assert [row["lead_id"] for row in csv.DictReader(file)] == [row["lead_id"] for row in found["rows"]]
    printed = leadml("queue", "--nurture", "--config", company)
    assert f"{len(found['rows'])} leads to nurture, as of" in printed.out
    assert all(f"  {one['short_of']}: {one['leads']} (buyer's journey:" in printed.out for one in found["segments"])
    both = leadml("queue", "--nurture", "--by", "team", "--config", company)
    assert (both.code, "leave out --by and --who" in both.err) == (2, True)


def test_the_questions_of_all_leads_are_ranked_by_what_they_would_gain(made, leadml):
    config = made / "leadml.toml"
    ranked = leadml("questions", "--config", config, "--json").json
    asked = ranked["questions"]
    assert sorted(one["dimension"] for one in asked) == ["Authority", "Budget", "Need", "Timeline"]
    assert [one["worth"] for one in asked] == sorted((one["worth"] for one in asked), reverse=True)
    assert asked[0]["worth"] > 0
    assert all(0 <= one["first"] <= one["open"] <= ranked["leads"] for one in asked)
    with sqlite3.connect(made / "company.sqlite") as database:
        rows = database.execute(
            "SELECT next_question, count(*), sum(next_question_value) FROM lead_scores "
            "WHERE next_question IS NOT NULL GROUP BY 1"
        ).fetchall()
    assert {question: count for question, count, _ in rows} == {
        one["question"]: one["first"] for one in asked if one["first"]
    }
    assert sum(value for *_, value in rows) <= sum(one["worth"] for one in asked) + 1e-9
    shown = leadml("questions", "--config", config).out
    assert "the one that would help most first" in shown
    assert asked[0]["question"] in shown


def test_explaining_a_lead_shows_what_each_answer_would_do(made, leadml):
    config = made / "leadml.toml"
    with sqlite3.connect(made / "company.sqlite") as database:
        lead, question, value = database.execute(
            "SELECT lead_id, next_question, next_question_value FROM lead_scores ORDER BY next_question_value DESC"
        ).fetchone()
    explained = leadml("explain", lead, "--config", config, "--json").json
    first = explained["questions"][0]
    assert (first["question"], first["value"]) == (question, pytest.approx(value))
    assert explained["next_question"] == question
    for asked in explained["questions"]:
        assert sum(answer["share"] for answer in asked["answers"]) == pytest.approx(1)
    chances = [answer["probability"] for answer in first["answers"]]
    assert min(chances) < explained["probability"] < max(chances)
    shown = leadml("explain", lead, "--config", config).out
    assert "what each answer would do" in shown
    assert f"- {first['answers'][0]['answer']}" in shown
