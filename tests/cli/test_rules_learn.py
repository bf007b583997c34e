"""Points out of data and cards out of points, as a user meets them."""

import csv
import json

import numpy as np
import pytest

from leadml.cli import run
from leadml.rules import load_rulebook

SETTINGS = """
[project]
name = "Small"
[source]
url = "leads.csv"
[leads]
id = "id"
created_at = "created"
outcome = "status"
won = ["won"]
lost = ["lost"]
[leads.answers]
budget = "budget"
[leads.known_at]
budget = "created"
[model]
kind = "linear"
"""


@pytest.fixture
def leadml(capfd, monkeypatch):
    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["leadml", *map(str, arguments)])
        try:
            code = run()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capfd.readouterr()

    return call


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """A CSV file of leads: budget (known in time) and size tell who buys; a third column is the outcome in disguise."""
    folder, draw = tmp_path_factory.mktemp("small"), np.random.default_rng(0)
    budget, size = draw.choice(["yes", "no", ""], 900), draw.integers(1, 500, 900)
    won = draw.random(900) < np.where(budget == "yes", 0.6, 0.15) + 0.2 * (size > 200)
    with (folder / "leads.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "created", "status", "budget", "size", "secret", "industry"])
        for number in range(900):
            created = np.datetime64("2023-01-01") + number
            outcome = "won" if won[number] else "lost"
            secret, industry = outcome.upper(), draw.choice(["it", "food"])
            rows.writerow([f"L{number}", created, outcome, budget[number], size[number], secret, industry])
    (folder / "leadml.toml").write_text(SETTINGS)
    return folder


def test_a_learned_card_says_what_it_costs_and_scores_leads_unchanged(company, leadml):
    config, out = company / "leadml.toml", company / "card.toml"
    code, shown, said = leadml("rules", "learn", "-c", config, "--lines", "6", "--out", out, "--json")
    assert code == 0, said
    found = json.loads(shown)
    assert 0 < len(found["lines"]) <= 6
    assert {"budget", "size"} <= {line["dimension"].casefold() for line in found["lines"]}
    assert "secret" not in out.read_text()
    assert "secret" in {left_out["column"] for left_out in found["excluded"]}
    assert set(found["figures"]) == {"full model", "card before rounding", "card"}

    with_card = company / "with_card.toml"
    with_card.write_text(SETTINGS + '[rules]\nfile = "card.toml"\n')
    code, shown, said = leadml("rules", "export", "-c", with_card, "--json")
    assert code == 0, said
    assert json.loads(shown)["lines"] == found["lines"]
    assert leadml("train", "-c", with_card, "--json")[0] == 0
    code, shown, said = leadml("score", "-c", with_card, "--leads", "all", "--json")
    assert code == 0, said


def test_a_preset_is_exported_for_tools_that_know_only_points(tmp_path, leadml):
    code, shown, said = leadml("rules", "export", "bant", "--csv", tmp_path / "c.csv", "--markdown", tmp_path / "c.md")
    assert code == 0, said
    lines = list(csv.DictReader((tmp_path / "c.csv").read_text().splitlines()))
    assert len(lines) == sum(len(dimension.rules) for dimension in load_rulebook("bant").dimensions)
    assert lines[0]["points"] == "25"
    assert (tmp_path / "c.md").read_text().startswith("# BANT\n")
    assert "budget approved" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("export", "nothing"), "There is no preset 'nothing'"),
        (("export", "bant", "--csv", "none/such/c.csv"), "cannot be written"),
        (("export",), "There is no rulebook: name a preset or a file"),
        (("learn", "--out", "card.txt"), "a rulebook file ends in .toml"),
    ],
)
def test_what_cannot_be_is_said_in_one_message(company, leadml, monkeypatch, arguments, message):
    monkeypatch.chdir(company)
    code, _, said = leadml("rules", *arguments)
    assert code == 2
    assert message in said


def test_a_card_never_sees_the_newest_leads_on_which_training_tests(company, tmp_path, leadml):
    def learned(flipped):
        rows = list(csv.reader((company / "leads.csv").read_text().splitlines()))
        newest = sorted(row[1] for row in rows[1:])[-100:]
        turned = {"won": "lost", "lost": "won"}
        with (tmp_path / "leads.csv").open("w", newline="") as file:
            for row in rows:
                outcome = turned[row[2]] if flipped and row[1] in newest else row[2]
                csv.writer(file).writerow([*row[:2], outcome, *row[3:5], *row[6:]])
        (tmp_path / "leadml.toml").write_text(SETTINGS)
        code, shown, said = leadml("rules", "learn", "-c", tmp_path / "leadml.toml", "--lines", "4", "--json")
        assert code == 0, said
        return json.loads(shown)

    before, after = learned(flipped=False), learned(flipped=True)
    assert before["lines"] == after["lines"]
    assert before["figures"]["card"] != after["figures"]["card"]
