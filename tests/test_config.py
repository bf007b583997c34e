from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from leadml.config import Settings, dotted, keys, load_settings, parse_settings
from leadml.errors import ConfigError
from leadml.schema import LeadColumns

PLACE = Path("shop/leadml.toml")

LEAST: dict[str, Any] = {
    "source": {"url": "data/leads.csv"},
    "leads": {"outcome": "status", "won": ["won"], "lost": ["lost"]},
}
DATED = {"id": "lead_id", "created_at": "created", "closed_at": "closed"}
ACTIVITIES = {"table": "events", "lead": "lead_id", "occurred_at": "at", "type": "what"}
HISTORY = {"table": "changes", "lead": "lead_id", "field": "name", "value": "new", "changed_at": "at"}
NORTH = {"name": "north", "column": "region", "one_of": ["North"]}


def toml(document: Mapping[str, Any]) -> str:
    """Write a nested mapping as TOML; inline tables spare the writer everything but quoting."""

    def value(given: Any) -> str:
        if isinstance(given, Mapping):
            return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {value(v)}" for k, v in given.items()) + "}"
        if isinstance(given, list | tuple):
            return "[" + ", ".join(value(v) for v in given) + "]"
        return json.dumps(given, ensure_ascii=False)

    return "".join(f"{json.dumps(name, ensure_ascii=False)} = {value(given)}\n" for name, given in document.items())


def settings(**sections: Mapping[str, Any]) -> Settings:
    document = copy.deepcopy(LEAST)
    for name, given_keys in sections.items():
        document[name] = {**document.get(name, {}), **given_keys}
    return parse_settings(toml(document), path=PLACE)


def refusal(**sections: Mapping[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        settings(**sections)
    head, *problems = str(refused.value).splitlines()
    assert head.startswith(f"{PLACE}: {len(problems)} problem")
    return [problem.strip() for problem in problems]


def test_three_keys_are_enough_and_the_rest_has_defaults() -> None:
    given_settings = settings()
    assert given_settings.project.horizon_days == 90
    assert (given_settings.snapshots.every_days, given_settings.snapshots.per_lead) == (7, 3)
    assert given_settings.grades.bounds == (4.0, 2.0, 1.0)
    assert given_settings.output.models == "models"
    assert given_settings.output.scores == "lead_scores"
    assert given_settings.cutoffs.mql.per_week is None
    assert given_settings.cutoffs.sql_needs_intent
    assert given_settings.activities is None
    assert given_settings.rules.preset is None


def test_a_file_is_read_and_its_folder_kept(tmp_path: Path) -> None:
    path = tmp_path / "leadml.toml"
    path.write_text("\N{BYTE ORDER MARK}" + toml(LEAST), encoding="utf-8")
    read = load_settings(path)
    assert read.path("models") == tmp_path / "models"
    assert read.source_url() == str(tmp_path / "data" / "leads.csv")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///data/demo.db", "sqlite:///{folder}/data/demo.db"),
        ("sqlite:////var/demo.db", "sqlite:////var/demo.db"),
        ("data/", "{folder}/data/"),
        ("/var/leads.parquet", "/var/leads.parquet"),
        ("postgresql://host/sales", "postgresql://host/sales"),
    ],
)
def test_paths_of_the_source_are_relative_to_the_file_wherever_the_program_runs(url: str, expected: str) -> None:
    read = settings(source={"url": url}, leads={"table": "leads"})
    assert read.source_url() == expected.format(folder=Path.cwd() / "shop")


def test_settings_hand_the_roles_of_columns_on() -> None:
    read = settings(
        leads={
            **DATED,
            "account": "firm",
            "lost": ["*"],
            "answers": {"budget": "Budget"},
            "personal": ["mail"],
            "exclude": ["Tags"],
            "missing_values": ["Select"],
            "groups": {"visits": "engagement"},
        },
        activities={**ACTIVITIES, "intent_types": ["demo"]},
        history=HISTORY,
    )
    assert read.lead_columns() == LeadColumns(
        id="lead_id",
        created_at="created",
        closed_at="closed",
        outcome="status",
        account="firm",
        won=("won",),
        lost=("*",),
        answers={"budget": "Budget"},
        personal=("mail",),
        exclude=("Tags",),
        missing_values=("Select",),
    )
    activities, history = read.activity_columns(), read.history_columns()
    assert activities is not None
    assert (activities.lead, activities.occurred_at, activities.type, activities.value) == (
        "lead_id",
        "at",
        "what",
        None,
    )
    assert history is not None
    assert (history.field, history.value, history.changed_at) == ("name", "new", "at")
    assert read.leads.groups == {"visits": "engagement"}


def test_a_source_without_activities_and_history_has_no_columns_for_them() -> None:
    assert settings().activity_columns() is None
    assert settings().history_columns() is None


def test_outcome_values_may_be_written_as_numbers_and_booleans() -> None:
    read = settings(leads={"won": [1, True], "lost": [0, False]})
    assert (read.leads.won, read.leads.lost) == (("1", "true"), ("0", "false"))


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"leadml\.toml: there is no such file; `leadml init SOURCE` writes"):
        load_settings(tmp_path / "leadml.toml")


def test_a_folder_in_the_place_of_the_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_settings(tmp_path)


def test_a_file_that_is_not_utf8_is_refused_with_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "leadml.toml"
    path.write_bytes(b'[project]\nname = "Gr\xf6\xdfe"\n')
    with pytest.raises(ConfigError, match=r"is not UTF-8 text \(byte 20\); save it as UTF-8"):
        load_settings(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[source]\nurl = \n", r"line 2, column 7: Invalid value in: url ="),
        ("a = 1\na = 2\n", r"line 2, column 6: Cannot overwrite a value in: a = 2"),
        ('a = "x', r"line 1, the end of the file: Unterminated string"),
    ],
)
def test_broken_toml_is_refused_with_file_line_and_fault(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"^shop/leadml\.toml: is not valid TOML: " + message):
        parse_settings(text, path=PLACE)


def test_all_problems_are_reported_at_once() -> None:
    problems = refusal(
        project={"horizon_days": "ninety"},
        leads={"creatd_at": "created", "won": [], "id": "x", "owner": "x"},
        cutoffs={"mql": {"per_week": 10}, "sql": {"per_week": 20}},
    )
    assert [problem.split(" ")[0] for problem in problems] == [
        "project.horizon_days",
        "leads.won",
        "leads.creatd_at",
        "leads.owner",
        "cutoffs.sql.per_week",
    ]


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"project": {"horizon_days": "90"}}, "project.horizon_days = '90': must be a whole number, 1 or more"),
        ({"project": {"horizon_days": 0}}, "project.horizon_days = 0: must be a whole number, 1 or more"),
        ({"project": {"horizon_days": True}}, "project.horizon_days = True: must be a whole number, 1 or more"),
        (
            {"project": {"name": "../up"}},
            "project.name = '../up': must be a text of letters, digits, spaces, dots, - and _",
        ),
        ({"source": {"delimiter": "::"}}, "source.delimiter = '::': must be one character in quotes"),
        ({"source": {"encoding": "utf-9"}}, "source.encoding = 'utf-9': must be the name of an encoding"),
        ({"leads": {"won": []}}, "leads.won = []: must be a list of one or more texts"),
        ({"leads": {"won": "won"}}, "leads.won = 'won': must be a list of one or more texts"),
        ({"leads": {"lost": ["lost", 1.5]}}, "leads.lost = ['lost', 1.5]: must be a list of texts"),
        ({"leads": {"answers": {"budget": 1}}}, "leads.answers.budget = 1: must be lines such as budget = "),
        (
            {"leads": {"groups": {"visits": "fitt"}}},
            'leads.groups.visits = \'fitt\': must be "fit", "engagement", "intent" or "answer"',
        ),
        ({"leads": {"rows_in_time_order": 1}}, "leads.rows_in_time_order = 1: must be true or false"),
        (
            {"cutoffs": {"mql": {"minimum_precision": 15}}},
            "cutoffs.mql.minimum_precision = 15: must be a number from 0 to 1",
        ),
        ({"cutoffs": {"mql": {"per_week": 2.5}}}, "cutoffs.mql.per_week = 2.5: must be a whole number, 1 or more"),
        ({"lifecycle": {"file": ["life.toml"]}}, "lifecycle.file = ['life.toml']: must be the path of a file, such as"),
        ({"grades": {"bounds": [4, 2]}}, "grades.bounds = [4, 2]: must be three numbers above 0 that fall"),
        ({"grades": {"bounds": [1, 2, 4]}}, "grades.bounds = [1, 2, 4]: must be three numbers above 0"),
        ({"grades": {"bounds": [4, 2, 0]}}, "grades.bounds = [4, 2, 0]: must be three numbers above 0"),
    ],
)
def test_a_wrong_value_is_refused_with_its_path_and_what_is_allowed(
    sections: dict[str, dict[str, Any]], problem: str
) -> None:
    (found,) = refusal(**sections)
    assert found.startswith(problem)


def test_an_empty_file_is_told_what_it_must_hold() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings("", path=PLACE)
    assert str(refused.value).splitlines()[1:] == [
        "  source: is missing; give a section [source] with url",
        "  leads: is missing; give a section [leads] with outcome, won, lost",
    ]


def test_a_section_that_is_no_section_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"project = 'shop': must be a section \[project\]"):
        parse_settings(toml({**LEAST, "project": "shop"}), path=PLACE)


def test_a_long_value_is_cut_short_in_the_message() -> None:
    (problem,) = refusal(cutoffs={"mql": {"per_week": "x" * 10_000}})
    assert len(problem) < 150


@pytest.mark.parametrize(
    ("sections", "path", "nearest"),
    [
        ({"leads": {"creatd_at": "a"}}, "leads.creatd_at", "leads.created_at"),
        ({"leads": {"Owner": "a"}}, "leads.Owner", "leads.owner"),
        ({"project": {"created_at": "a"}}, "project.created_at", "leads.created_at"),
        ({"snapshot": {"every_days": 3}}, "snapshot", "snapshots"),
        ({"output": {"reprot": "x"}}, "output.reprot", "output.report"),
    ],
)
def test_an_unknown_key_is_shown_its_nearest_valid_neighbour(
    sections: dict[str, dict[str, Any]], path: str, nearest: str
) -> None:
    (problem,) = refusal(**sections)
    assert problem.startswith(f"{path} = ")
    assert f"; the nearest valid key is {nearest};" in problem


SECTIONS = [None, *(path for path, field in keys() if path in Settings.model_fields)]


@given(section=st.sampled_from(SECTIONS), name=st.text(min_size=1, max_size=20))
@example(section="leads", name="x.y")
@example(section=None, name='quo"te')
def test_an_unknown_key_anywhere_is_named_with_its_path(section: str | None, name: str) -> None:
    known = {path for path, _ in keys()}
    path = dotted([name] if section is None else [section, name])
    assume(path not in known)
    assume(name.isprintable())
    document = {
        **copy.deepcopy(LEAST),
        "activities": dict(ACTIVITIES),
        "history": dict(HISTORY),
    }
    document["leads"] |= DATED
    if section is None:
        document[name] = 1
    else:
        document.setdefault(section, {})[name] = 1
    with pytest.raises(ConfigError) as refused:
        parse_settings(toml(document), path=PLACE)
    (problem,) = str(refused.value).splitlines()[1:]
    assert problem.startswith(f"  {path} = 1: is not a key of leadml.toml")


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        (
            {"leads": {"id": "n"}, "activities": ACTIVITIES},
            "activities: needs leads.created_at, to tell what came before what",
        ),
        (
            {"leads": {"created_at": "c"}, "activities": ACTIVITIES},
            "activities: needs leads.id: without it its rows find no lead",
        ),
        (
            {"leads": {"id": "n"}, "history": HISTORY},
            "history: needs leads.created_at, to tell what came before what",
        ),
        ({"leads": {"closed_at": "c"}}, "leads.closed_at = 'c': needs leads.created_at"),
        (
            {"leads": {"lost": ["lost", " WON "]}},
            "leads.lost = ['lost', ' WON ']: shares 'won' with leads.won; a value means one or the other",
        ),
        ({"leads": {"won": ["*"]}}, "leads.won = ['*']: cannot hold \"*\"; name the values that mean won"),
        (
            {"leads": {"lost": ["*", "lost"]}},
            "leads.lost = ['*', 'lost']: \"*\" means every other value and stands alone",
        ),
        ({"leads": {"lost": []}}, "leads.lost = []: is empty, so nothing is ever lost; name the values"),
        (
            {"leads": {"owner": "status"}},
            "leads.owner = 'status': is already leads.outcome; a column has one role",
        ),
        (
            {"leads": {"answers": {"need": "status"}}},
            "leads.answers.need = 'status': is already leads.outcome; a column has one role",
        ),
        (
            {"leads": DATED, "activities": {**ACTIVITIES, "type": "at"}},
            "activities.type = 'at': is already activities.occurred_at; a column has one role",
        ),
        (
            {"leads": DATED, "history": {**HISTORY, "value": "name"}},
            "history.value = 'name': is already history.field; a column has one role",
        ),
        (
            {"leads": {**DATED, "order_by": "n"}},
            "leads.order_by = 'n': cannot stand beside leads.created_at: both say what time is; keep one",
        ),
        (
            {"leads": {"order_by": "n", "rows_in_time_order": True}},
            "leads.rows_in_time_order = True: cannot stand beside leads.order_by",
        ),
        (
            {"leads": {**DATED, "rows_in_time_order": True}},
            "leads.rows_in_time_order = True: cannot stand beside leads.created_at",
        ),
        (
            {"leads": {"answers": {"authority": "mail"}, "personal": ["mail"]}},
            "leads.answers.authority = 'mail': is listed in leads.personal",
        ),
        (
            {"leads": {"exclude": ["status"]}},
            "leads.outcome = 'status': is listed in leads.exclude; take it out of one",
        ),
        (
            {"cutoffs": {"mql": {"per_week": 10}, "sql": {"per_week": 11}}},
            "cutoffs.sql.per_week = 11: is looser than cutoffs.mql.per_week = 10; an SQL is an MQL first",
        ),
        (
            {"cutoffs": {"mql": {"minimum_precision": 0.2}, "sql": {"minimum_precision": 0.1}}},
            "cutoffs.sql.minimum_precision = 0.1: is looser than cutoffs.mql.minimum_precision = 0.2",
        ),
        (
            {"cutoffs": {"mql": {"probability": 0.2, "per_week": 10}}},
            "cutoffs.mql.probability = 0.2: is the cutoff itself and stands alone; take it out, or take out per_week",
        ),
        (
            {"cutoffs": {"sql": {"per_week": 10, "target_per_week": 8}}},
            "cutoffs.sql.target_per_week = 8: cannot stand beside per_week: a volume is either aimed at or a bound",
        ),
        (
            {"cutoffs": {"sql": {"target_per_week": 8, "f_beta": 1}}},
            "cutoffs.sql.f_beta = 1: cannot stand beside target_per_week: each says which cutoff is best; keep one",
        ),
        (
            {
                "leads": {"deal_value": "amount"},
                "cutoffs": {"cost_of_working": 9, "mql": {"f_beta": 1, "expected_value": True}},
            },
            "cutoffs.mql.f_beta = 1: cannot stand beside expected_value: each says which cutoff is best; keep one",
        ),
        (
            {"cutoffs": {"mql": {"confidence": 0.9}}},
            "cutoffs.mql.confidence = 0.9: says how sure a minimum precision must be; give minimum_precision too",
        ),
        (
            {"cutoffs": {"cost_of_working": 9, "mql": {"expected_value": True}}},
            "cutoffs.mql.expected_value = True: needs what deals are worth: leads.deal_value, or queue.values",
        ),
        (
            {"leads": {"deal_value": "amount"}, "cutoffs": {"mql": {"expected_value": True}}},
            "cutoffs.mql.expected_value = True: needs cutoffs.cost_of_working: where work costs nothing, every lead is",
        ),
        (
            {"cutoffs": {"segments": [NORTH, {**NORTH, "name": "too", "one_of": [" NORTH "]}]}},
            "cutoffs.segments[2].one_of = [' NORTH ']: overlaps with segment 1 in 'north'; take it out of one",
        ),
        (
            {"cutoffs": {"segments": [NORTH, {**NORTH, "one_of": ["South"]}]}},
            "cutoffs.segments[2].name = 'north': names two segments; each needs a name of its own",
        ),
        (
            {"cutoffs": {"segments": [NORTH, {"name": "big", "column": "size", "one_of": ["L"]}]}},
            "cutoffs.segments[2].column = 'size': differs from 'region': segments by two columns overlap",
        ),
        (
            {"leads": {"owner": "region"}, "cutoffs": {"segments": [NORTH]}},
            "cutoffs.segments[1].column = 'region': is leads.owner; segments are told apart by an attribute of the",
        ),
        (
            {"leads": {"exclude": ["region"]}, "cutoffs": {"segments": [NORTH]}},
            "cutoffs.segments[1].column = 'region': is listed in leads.exclude, so no scorer reads it; take it",
        ),
        (
            {"leads": {"team": "region", "personal": ["region"]}, "cutoffs": {"segments": [NORTH]}},
            "cutoffs.segments[1].column = 'region': is listed in leads.personal, so no scorer reads it; take it",
        ),
        (
            {"cutoffs": {"segments": [{**NORTH, "mql": {"probability": 0.4}, "sql": {"probability": 0.3}}]}},
            "cutoffs.segments[1].sql.probability = 0.3: is looser than cutoffs.segments[1].mql.probability = 0.4; an",
        ),
        (
            {"cutoffs": {"mql_per_week": 40}},
            "cutoffs.mql_per_week = 40: is spelt differently now: write per_week under [cutoffs.mql]",
        ),
        (
            {"cutoffs": {"sql_minimum_conversion": 0.3}},
            "cutoffs.sql_minimum_conversion = 0.3: is spelt differently now: write minimum_precision under",
        ),
        (
            {"rules": {"preset": "bant", "file": "mine.toml"}},
            "rules.file = 'mine.toml': cannot stand beside rules.preset; keep one",
        ),
        (
            {"rules": {"base_rate": 0.1, "points_that_double_odds": 20}},
            "rules.base_rate = 0.1: is said of rules, and there are none; name them by rules.preset",
        ),
        (
            {"rules": {"cost_of_asking": 0.01}},
            "rules.cost_of_asking = 0.01: is said of rules, and there are none; name them by rules.preset",
        ),
        (
            {"source": {"url": "sqlite:///demo.db"}},
            "leads.table: is missing; name the table of 'sqlite:///demo.db' that holds the leads",
        ),
        (
            {"source": {"url": "demo.sqlite"}},
            "leads.table: is missing; name the table of 'demo.sqlite' that holds the leads",
        ),
        (
            {"leads": {"table": "Leads"}, "output": {"scores": "leads"}},
            "output.scores = 'leads': is already leads.table; each needs a table of its own",
        ),
        (
            {"output": {"rejects": "data/leads.csv"}},
            "output.rejects = 'data/leads.csv': is already source.url; each needs a file of its own",
        ),
    ],
)
def test_an_impossible_combination_is_refused_with_what_to_do(
    sections: dict[str, dict[str, Any]], problem: str
) -> None:
    (found,) = refusal(**sections)
    assert found.startswith(problem)


def test_lost_may_be_empty_where_time_tells() -> None:
    assert settings(leads={**DATED, "lost": []}).leads.lost == ()


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"leads": {"role": "gender"}}, "leads.role"),
        ({"leads": {"owner": "gender"}}, "leads.owner"),
        ({"leads": {"answers": {"authority": "gender"}}}, "leads.answers.authority"),
        ({"leads": {"groups": {"gender": "fit"}}}, "leads.groups.gender"),
        ({"leads": {"monotone": {"gender": "rising"}}}, "leads.monotone.gender"),
        ({"leads": {"known_at": {"gender": "created"}}}, "leads.known_at.gender"),
        ({"leads": {"personal": ["gender"]}}, "leads.personal"),
        ({"leads": {"exclude": ["gender"]}}, "leads.exclude"),
        ({"rules": {"preset": "bant", "attributes": {"sex": "gender"}}}, "rules.attributes.sex"),
        ({"queue": {"value_by": "gender", "values": {"f": 1}}}, "queue.value_by"),
        (
            {"rules": {"segments": [{"name": "w", "column": "gender", "one_of": ["f"], "preset": "bant"}]}},
            "rules.segments",
        ),
    ],
)
def test_a_sensitive_column_is_refused_for_every_other_use_in_one_message(sections: dict[str, Any], path: str) -> None:
    sections = {**sections, "leads": {"sensitive": ["gender"], **sections.get("leads", {})}}
    problems = refusal(**sections)
    assert len(problems) == 1
    assert problems[0].startswith(path)
    assert "names 'gender', which leads.sensitive keeps out of model, rules and tracking" in problems[0]


def test_sensitive_columns_may_be_labelled_and_grades_are_stated_in_one_way() -> None:
    read = settings(leads={"sensitive": ["gender"], "labels": {"gender": "Gender"}})
    assert read.lead_columns().sensitive == ("gender",)
    assert settings(grades={"probabilities": [0.4, 0.2, 0.1]}).grades.probabilities == (0.4, 0.2, 0.1)
    both = refusal(grades={"probabilities": [0.4, 0.2, 0.1], "bounds": [4, 2, 1]})
    assert both == ["grades.probabilities = [0.4, 0.2, 0.1]: cannot stand beside grades.bounds; keep one"]
    for wrong in ([0.4, 0.4, 0.1], [1.0, 0.2, 0.1], [0.4, 0.2]):
        assert "three numbers between 0 and 1 that fall" in refusal(grades={"probabilities": wrong})[0]


def test_two_questions_may_read_one_column_and_an_owner_may_be_personal() -> None:
    read = settings(leads={"owner": "rep", "personal": ["rep"], "answers": {"budget": "money", "money": "money"}})
    assert read.leads.answers == {"budget": "money", "money": "money"}


def test_a_slip_in_a_key_is_not_also_reported_as_a_combination() -> None:
    (problem,) = refusal(leads={"id": "n", "created_at": 5}, activities=ACTIVITIES)
    assert problem.startswith("leads.created_at = 5: must be the name of a column")


def test_every_key_is_documented_in_one_line() -> None:
    for path, field in keys():
        if path in Settings.model_fields:
            continue
        assert field.description, path
        assert "\n" not in field.description
        assert len(field.description) < 100, path


def test_when_values_are_known_is_handed_on_in_two_words_or_as_a_column() -> None:
    known_at = {"Tags": "created", "Note": "closed", "Survey": "surveyed", "First": "made", "Last": "ended"}
    read = settings(leads={"id": "n", "created_at": "made", "closed_at": "ended", "known_at": known_at})
    expected = {"Tags": "created", "Note": "closed", "Survey": "surveyed", "First": "created", "Last": "closed"}
    assert read.lead_columns().known_at == expected


@pytest.mark.parametrize(
    ("leads", "expected"),
    [
        (
            {"known_at": {"Lead Quality": "rated"}},
            "leads.known_at.\"Lead Quality\" = 'rated': is to be a column of dates, which needs leads.created_at and "
            "leads.closed_at to tell what came before what",
        ),
        (
            {"known_at": {"status": "created"}},
            "leads.known_at.status = 'created': is of no use: the column is leads.outcome, which is not learnt from",
        ),
        (
            {"known_at": {"Tags": "created"}, "exclude": ["Tags"]},
            "leads.known_at.Tags = 'created': is of no use: leads.exclude leaves the column out; take it out of one",
        ),
        (
            {"known_at": {"Money": "closed"}, "answers": {"budget": "Money"}},
            "leads.known_at.Money = 'closed': leaves out what is leads.answers.budget; take it out of one",
        ),
        (
            {"known_at": {"job": "closed"}, "role": "job"},
            "leads.known_at.job = 'closed': leaves out what is leads.role; take it out of one",
        ),
        ({"known_at": {"Tags": 5}}, 'leads.known_at.Tags = 5: must be lines such as COLUMN = "created"'),
    ],
)
def test_what_known_at_cannot_mean_is_refused(leads: Mapping[str, Any], expected: str) -> None:
    (problem,) = refusal(leads=leads)
    assert problem.startswith(expected)


def test_a_role_that_is_learnt_from_may_be_dated() -> None:
    read = settings(leads={**DATED, "role": "job", "known_at": {"job": "asked"}})
    assert read.lead_columns().known_at == {"job": "asked"}


def test_the_work_list_and_accounts_have_defaults_and_take_what_is_stated() -> None:
    given_settings = settings()
    assert given_settings.accounts.roles == ()
    assert given_settings.output.account_scores == "account_scores"
    assert given_settings.output.score_tolerance == 0.0005
    queue = given_settings.queue
    assert (queue.per_day, queue.half_life_days, queue.contact_types) == (20, 7.0, ())
    assert queue.stages == ("MQL", "SAL", "SQL", "PQL")
    stated = settings(
        accounts={"roles": ["CTO"]},
        queue={"per_day": 5, "stages": ["raw"], "value_by": "product", "values": {"Cloud": 9, "*": 0.5}},
        leads={"team": "squad"},
    )
    assert (stated.accounts.roles, stated.queue.values) == (("CTO",), {"Cloud": 9.0, "*": 0.5})
    assert stated.lead_columns().team == "squad"
    assert settings(queue={"values": {"*": 8000}}).queue.values == {"*": 8000.0}


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"queue": {"per_day": 0}}, "queue.per_day = 0: must be a whole number, 1 or more"),
        ({"queue": {"half_life_days": 0}}, "queue.half_life_days = 0: must be a number above 0, such as 7"),
        (
            {"queue": {"stages": ["won"]}},
            'queue.stages = [\'won\']: must be a list of stages, each one of "raw", "MQL"',
        ),
        ({"queue": {"stages": []}}, "queue.stages = []: must be a list of stages"),
        ({"queue": {"values": {"Cloud": -1}}}, "queue.values.Cloud = -1: must be lines such as Enterprise = 50000"),
        ({"queue": {"values": {"Cloud": 5}}}, "queue.values: needs queue.value_by, the column that holds these values"),
        (
            {"queue": {"contact_type": []}},
            "queue.contact_type = []: is not a key of leadml.toml; the nearest valid key",
        ),
        (
            {"leads": {"team": "rep", "owner": "rep"}},
            "leads.team = 'rep': is already leads.owner; a column has one role",
        ),
        (
            {"output": {"account_scores": "lead_scores", "scores": "lead_scores"}},
            "output.account_scores = 'lead_scores': is already output.scores; each needs a table of its own",
        ),
        ({"output": {"score_tolerance": -0.1}}, "output.score_tolerance = -0.1: must be a number from 0 to 1"),
    ],
)
def test_what_cannot_be_a_work_list_is_refused(sections: dict[str, Any], problem: str) -> None:
    assert any(line.startswith(problem) for line in refusal(**sections)), refusal(**sections)


@pytest.mark.parametrize(
    ("segment", "problem"),
    [
        ({"mql": {"minimum_precision": 30}}, "mql.minimum_precision = 30: must be a number from 0 to 1"),
        ({"sql": {"confidence": 2}}, "sql.confidence = 2: must be a number between 0 and 1, such as 0.95"),
        ({"name": ""}, "name = '': must be a text in quotes, of 80 characters at most, not empty"),
        ({"one_of": ["A", 3]}, "one_of = ['A', 3]: must be a list such as [\"Enterprise\"]"),
        ({"mql": {"per_wek": 3}}, "mql.per_wek = 3: is not a key of leadml.toml; the nearest valid key is"),
    ],
)
def test_a_fault_in_a_list_of_tables_names_the_table_and_shows_the_value(
    segment: Mapping[str, Any], problem: str
) -> None:
    (found,) = refusal(cutoffs={"segments": [NORTH, {"name": "south", "column": "region", "one_of": ["S"]} | segment]})
    assert found.startswith(f"cutoffs.segments[2].{problem}")


def test_a_key_that_is_missing_in_a_list_of_tables_names_the_table() -> None:
    (found,) = refusal(cutoffs={"segments": [NORTH, {"column": "region", "one_of": ["South"]}]})
    assert found == "cutoffs.segments[2].name: is missing; give a text in quotes, of 80 characters at most"


def test_a_path_in_the_home_of_nobody_is_refused_in_words(tmp_path):
    settings = parse_settings(toml(LEAST), path=tmp_path / "leadml.toml")
    with pytest.raises(ConfigError, match="begins with ~, but there is no such user"):
        settings.path("~nobody-at-all/models")


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 3000])
def test_toml_that_is_too_long_or_too_deep_is_refused_in_words(tmp_path, value):
    with pytest.raises(ConfigError, match="a number in it is too long, or its brackets are nested too deep"):
        parse_settings(f"x = {value}", path=tmp_path / "leadml.toml")
