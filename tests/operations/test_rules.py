"""`leadml rules check | explain | simulate` on a small company: what is said, the exit codes, and one message each."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from leadml.cli import run
from leadml.config import load_settings
from leadml.operations.project import Project
from leadml.operations.rules import check_rules, explain_rules, open_rules, with_rules
from leadml.operations.rules_simulation import simulate_rules

START = datetime(2024, 1, 1)  # noqa: DTZ001 (UTC)
LEADS = 240
SETTINGS = """
[source]
url = "{folder}/data"
[project]
horizon_days = 30
[leads]
table = "leads.csv"
id = "id"
created_at = "created"
closed_at = "closed"
outcome = "status"
won = ["won"]
lost = ["lost"]
role = "role"
[leads.answers]
budget = "money"
[activities]
table = "acts.csv"
lead = "lead"
occurred_at = "at"
type = "kind"
intent_types = ["demo"]
"""
RULES = """
name = "House rules"
[[dimension]]
name = "Budget"
answer = "budget"
question = "Is there money?"
  [[dimension.rule]]
  label = "money"
  one_of = ["yes", "aproved"]
  points = 20
  [[dimension.rule]]
  label = "no money"
  one_of = ["no"]
  points = -5
[[dimension]]
name = "Interest"
counts = "all"
group = "engagement"
evidence = "implicit"
  [[dimension.rule]]
  label = "asked for a demo"
  activity = "demo"
  within_days = 30
  points = 10
  [[dimension.rule]]
  label = "watched a webinar"
  activity = "webinar"
  points = 5
[[gate]]
name = "no students"
attribute = "Role"
one_of = ["student"]
must = "not have"
"""


def write(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def records(seed: int = 0) -> tuple[list[dict], list[dict]]:
    random = np.random.default_rng(seed)
    leads, acts = [], []
    for number in range(LEADS):
        created = START + timedelta(days=int(random.integers(0, 250)), hours=9)
        money = str(random.choice(["yes", "no", "approved", ""]))
        asked = random.random() < 0.4
        won = random.random() < 0.1 + 0.4 * (money == "yes") + 0.2 * asked
        closed = created + timedelta(days=int(random.integers(10, 40)))
        is_open = number % 8 == 0
        leads.append(
            {
                "id": f"L{number:03}",
                "created": created.isoformat(),
                "closed": "" if is_open else closed.isoformat(),
                "status": "open" if is_open else "won" if won else "lost",
                "money": money,
                "role": str(random.choice(["student", "manager", "head"])),
            }
        )
        if asked:
            acts.append({"lead": f"L{number:03}", "at": (created + timedelta(days=2)).isoformat(), "kind": "demo"})
        acts.append({"lead": f"L{number:03}", "at": (created + timedelta(days=1)).isoformat(), "kind": "page"})
    return leads, acts


@pytest.fixture
def config(tmp_path) -> Path:
    """A project with rules of its own."""
    leads, acts = records()
    write(tmp_path / "data" / "leads.csv", leads)
    write(tmp_path / "data" / "acts.csv", acts)
    (tmp_path / "rules.toml").write_text(RULES)
    path = tmp_path / "leadml.toml"
    path.write_text(SETTINGS.format(folder=tmp_path) + '[rules]\nfile = "rules.toml"\n')
    return path


def project(config: Path) -> Project:
    return Project(load_settings(config))


class Result:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def message(self) -> str:
        """What is said beside the progress lines."""
        return "\n".join(line for line in self.err.splitlines() if not line.startswith("["))


@pytest.fixture
def leadml(capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: object) -> Result:
        monkeypatch.setattr("sys.argv", ["leadml", *map(str, arguments)])
        try:
            code = run()
        except SystemExit as end:
            code = int(end.code or 0)
        return Result(code, *capfd.readouterr())

    return call


def said(check) -> dict[str, str]:
    return {f"{remark.level} {remark.where}": remark.message for remark in check.remarks}


def test_a_check_names_what_nobody_says_and_what_is_not_there(config) -> None:
    check = check_rules(project(config))
    told = said(check)
    assert check.sound
    assert any("Did you mean 'approved' rather than 'aproved'?" in remark.message for remark in check.remarks)
    assert "activity 'webinar' never occurs; asked for by Interest: watched a webinar" in told["warning webinar"]
    unknown = [one.message for one in check.remarks if "no rule knows" in one.message]
    assert len(unknown) == 1
    assert "'approved'" in unknown[0]
    assert check.population == "30 open leads"
    assert [one.name for one in check.coverage.dimensions] == ["Budget", "Interest"]


def test_a_check_of_another_rulebook_leaves_the_settings_as_they_are(config, leadml, tmp_path, monkeypatch) -> None:
    before = config.read_text()
    assert check_rules(with_rules(project(config), preset="bant")).name == "BANT"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.toml").write_text(RULES.replace("House rules", "Other rules"))
    result = leadml("rules", "check", "--file", "other.toml", "-c", config, "--json")
    assert (result.code, json.loads(result.out)["name"]) == (0, "Other rules")
    assert config.read_text() == before


def test_a_rule_that_can_never_hold_exits_with_2(config, leadml, tmp_path) -> None:
    less = 'within_days = 30\n  at_most = 2\n  and = [{activity = "demo", within_days = 7, at_least = 3}]'
    (tmp_path / "rules.toml").write_text(RULES.replace("within_days = 30", less))
    result = leadml("rules", "check", "-c", config)
    assert result.code == 2
    assert result.out.startswith('error: Interest: "asked for a demo" can never hold: its conditions exclude each')
    assert "House rules: 1 error, " in result.out


def test_a_rulebook_of_which_nothing_can_be_mapped_is_an_error(config, leadml, tmp_path) -> None:
    only = RULES[: RULES.index("[[dimension]]")] + RULES[RULES.index("[[gate]]") :]
    (tmp_path / "rules.toml").write_text(only + '[[dimension]]\nname="Far"\n[[dimension.rule]]\nlabel="x"\n'
                                         'attribute="distance"\nat_least=1\npoints=1\n')  # fmt: skip
    result = leadml("rules", "check", "-c", config)
    assert result.code == 2
    assert "No dimension of the rulebook 'House rules' has a column" in result.out


def test_a_check_depends_on_neither_the_order_of_rows_nor_unused_columns(config, tmp_path) -> None:
    first = check_rules(project(config))
    leads, acts = records()
    write(tmp_path / "data" / "leads.csv", [{"extra": n % 7, **lead} for n, lead in enumerate(leads[::-1])])
    write(tmp_path / "data" / "acts.csv", acts[::-1])
    assert check_rules(project(config)) == first


def test_an_explanation_says_what_rules_saw_as_of_a_moment(config, leadml) -> None:
    leads, acts = records()
    lead = next(one["lead"] for one in acts if one["kind"] == "demo")
    created = datetime.fromisoformat(next(one["created"] for one in leads if one["id"] == lead))
    early = explain_rules(project(config), lead, as_of=created + timedelta(days=1))
    later = explain_rules(project(config), lead, as_of=created + timedelta(days=3))
    assert [rule.label for rule in early.dimensions[1].rules] == []
    assert early.dimensions[1].saw == ("demo, within the last 30 days: 0",)
    assert [(rule.label, rule.points, rule.saw) for rule in later.dimensions[1].rules] == [
        ("asked for a demo", 10.0, ("demo, within the last 30 days: 1",))
    ]
    result = leadml(
        "rules", "explain", lead, "-c", config, "--as-of", f"{created + timedelta(days=3):%Y-%m-%dT%H:%M:%S}"
    )
    assert "+10 asked for a demo (engagement, implicit), by demo, within the last 30 days: 1" in result.out
    assert "Gate no students: " in result.out


def test_an_explanation_asks_what_is_not_answered(config, leadml) -> None:
    silent = next(one["id"] for one in records()[0] if not one["money"])
    shown = leadml("rules", "explain", silent, "-c", config)
    assert "Budget: 0 of -5 to 20 (not known)" in shown.out
    assert "Not answered yet:\n  Budget: Is there money?" in shown.out
    explained = json.loads(leadml("rules", "explain", silent, "-c", config, "--json").out)
    assert explained["lead_id"] == silent
    assert explained["dimensions"][0]["ask"] == "Is there money?"


def test_a_simulation_looks_at_finished_weeks_alone(config) -> None:
    tried = simulate_rules(project(config), weeks=13).result
    leads, acts = records()
    newest = max(one[key] for rows, key in ((leads, "created"), (leads, "closed"), (acts, "at")) for one in rows)
    last = datetime.fromisoformat(tried.period.split(" to ")[1])
    assert last + timedelta(days=30) <= datetime.fromisoformat(newest)
    assert tried.weeks == 13  # of flow: the moment at which they begin is looked at as well
    first = datetime.fromisoformat(tried.period.split(" to ")[0])
    assert last - first == timedelta(weeks=13)
    assert last + timedelta(days=30 + 7) > datetime.fromisoformat(newest)
    assert 0 < tried.won < tried.leads


def test_a_weight_of_one_changes_nothing_and_one_of_two_something(config, leadml) -> None:
    same = simulate_rules(project(config), weights=["budget=1"]).result
    assert [set(one.less_present.values()) for one in same.changed] == [{(0.0, 0.0, 0.0)}]
    result = leadml("rules", "simulate", "-c", config, "--points", "Budget: money=0", "--cutoff", "10")
    assert result.code == 0
    assert "Changed, from 10 points" in result.out
    shown = json.loads(leadml("rules", "simulate", "-c", config, "--points", "Budget: money=0", "--json").out)
    assert shown["result"]["changed"][0]["less_present"]["auc"][0] < 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--weight", "Bugdet=2"], "The rulebook House rules has no dimension 'Bugdet' that is mapped to these leads. "
         "Did you mean 'Budget'?"),
        (["--weight", "Budget=much"], "--weight 'Budget=much': write a name, = and a number, such as 'Budget=2'."),
        (["--weight", "Budget=-2"], "--weight Budget=-2: a weight must not be negative. 0 leaves a dimension out."),
        (["--points", "Budget: monye=3"], "The rulebook House rules has no rule 'Budget: monye' that is mapped to "
         "these leads. Did you mean 'Budget: money'?"),
        (["--cutoff", "nan"], "--cutoff nan: a cutoff is a number of points, such as 40."),
    ],
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_one_message(config, leadml, options, message) -> None:
    result = leadml("rules", "simulate", "-c", config, *options)
    assert (result.code, result.message, result.out) == (2, f"leadml: {message}", "")


def without(config: Path, *keys: str) -> Path:
    lines = [line for line in config.read_text().splitlines() if not line.startswith(keys)]
    config.write_text("\n".join(lines))
    return config


@pytest.mark.parametrize("command", [["check"], ["explain", "L001"], ["simulate"]])
def test_without_a_rulebook_every_command_says_how_to_name_one(config, leadml, command) -> None:
    result = leadml("rules", *command, "-c", without(config, "file"))
    assert result.code == 2
    assert result.message.startswith("leadml: leadml.toml names no rulebook. Add under [rules] a preset (bant, ")


def test_before_any_lead_has_closed_there_is_no_history_to_try_rules_on(config, leadml, tmp_path) -> None:
    leads, _ = records()
    write(tmp_path / "data" / "leads.csv", [one | {"status": "open", "closed": ""} for one in leads])
    result = leadml("rules", "simulate", "-c", config)
    assert result.code == 2
    assert "No lead is closed yet, so there is no history to try rules on." in result.message


def test_a_file_and_a_preset_at_once_are_refused(config, leadml) -> None:
    result = leadml("rules", "check", "-c", config, "--file", "x.toml", "--preset", "bant")
    assert (result.code, result.message) == (2, "leadml: --file and --preset are both given; a check is of one "
                                             "rulebook. Leave one out.")  # fmt: skip


def test_a_broken_rulebook_is_told_with_file_table_and_key(config, leadml, tmp_path) -> None:
    (tmp_path / "rules.toml").write_text(RULES.replace("points = 20", 'points = "20"'))
    result = leadml("rules", "check", "-c", config)
    assert result.code == 2
    assert "dimension[1].rule[1].points" in result.message


def test_an_unknown_lead_is_named_with_its_nearest(config, leadml) -> None:
    result = leadml("rules", "explain", "L9999", "-c", config)
    assert result.code == 2
    assert "there is no usable lead 'L9999'" in result.message


def test_rules_do_not_see_a_column_that_is_proven_to_leak(config, tmp_path) -> None:
    leads, _ = records()
    write(
        tmp_path / "data" / "leads.csv",
        [one | {"onboarding": "x" if one["status"] == "lost" else ""} for one in leads],
    )
    leak = '[[dimension]]\nname="Leak"\n[[dimension.rule]]\nlabel="y"\nattribute="onboarding"\nknown=true\npoints=9\n'
    (tmp_path / "rules.toml").write_text(RULES + leak)
    opened = open_rules(project(config))
    assert "Leak" not in [one.name for one in opened.mapped.dimensions]
    (remark,) = (one for one in opened.unmapped if one.where == "onboarding")
    assert "column 'onboarding' is left out (L001" in remark.message
