"""Rulebooks: every problem at once, and points that two independent oracles confirm."""

from __future__ import annotations

import json
import sqlite3
import tomllib
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadml.errors import RulebookError
from leadml.predict.rules.rulebook_text import parse_rulebook, read_rulebook, rulebook_to_dict
from leadml.rules import Names, map_rulebook

BOOK = """
format = 1
name = "Fit first"
unanswered = ["Unknown", "?"]

[[dimension]]
name = "Size"
answer = "size"
question = "How many people work there?"
group = "fit"
evidence = "implicit"
missing = 1
  [[dimension.rule]]
  label = "large"
  at_least = 100
  points = 10
  [[dimension.rule]]
  label = "small"
  at_least = 10
  at_most = 99.5
  points = 4

[[dimension]]
name = "Timeline"
answer = "timeline"
question = "When?"
missing = -2
otherwise = -5
  [[dimension.rule]]
  label = "soon"
  one_of = ["Now", "this quarter", "1"]
  points = 20
"""


@pytest.fixture
def book():
    return map_rulebook(read_rulebook(BOOK, "book.toml"), Names({"size", "timeline"}), advice="")[0]


def problems(text):
    with pytest.raises(RulebookError) as refused:
        read_rulebook(text, "book.toml")
    return str(refused.value)


def test_points_are_those_worked_out_by_hand(book):
    rows = pa.table(
        {"size": [250.0, 99.5, 99.9, 10.0, 9.0, None], "timeline": ["now", " THIS quarter ", "?", "2030", "", None]}
    )
    assert {name: points.tolist() for name, points in book.points(rows).items()} == {
        "Size": [10, 4, 0, 4, 0, 1],
        "Timeline": [20, 20, -2, -5, -2, -2],
    }
    assert book.total(rows).tolist() == [30, 24, -2, -1, -2, -1]


def test_a_number_in_a_text_column_and_a_text_for_a_number_column_mean_the_same(book):
    texts = pa.table({"size": ["250", " 1e1 ", "many", ""], "timeline": ["1", "2", "x", "?"]})
    numbers = pa.table({"size": [250.0, 10.0, 5.0, None], "timeline": [1.0, 2.0, 3.0, None]})
    assert book.total(texts).tolist() == book.total(numbers).tolist() == [30, -1, -5, -1]
    whole = pa.table({"size": pa.array([250, 10, 5, None]), "timeline": pa.array([1, 2, 3, None])})
    assert book.total(whole).tolist() == [30, -1, -5, -1]
    encoded = pa.table({name: texts[name].combine_chunks().dictionary_encode() for name in texts.column_names})
    assert book.total(encoded).tolist() == [30, -1, -5, -1]


def test_null_in_a_dictionary_is_no_answer_and_not_the_word_none():
    book = parse_rulebook(
        {
            "name": "n",
            "dimension": [
                {
                    "name": "Budget",
                    "answer": "budget",
                    "question": "?",
                    "missing": -1,
                    "rule": [{"label": "none", "points": 7, "one_of": ["none", "nan"]}],
                }
            ],
        },
        "here",
    )
    book, _ = map_rulebook(book, Names(["b"], {"budget": "b"}), advice="")
    values = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["None", None]))
    assert book.points(pa.table({"b": values}))["Budget"].tolist() == [7, -1, -1]
    assert book.points(pa.table({"b": [np.nan, None, 1.0]}))["Budget"].tolist() == [-1, -1, 0]


def test_the_first_rule_that_holds_gives_the_points(book):
    size, timeline = book.dimensions
    turned = replace(book, dimensions=(replace(size, rules=size.rules[::-1]), timeline))
    (bounded,) = size.rules[1].when
    overlapping = replace(size.rules[1], when=(replace(bounded, at_most=None),))
    both = replace(book, dimensions=(replace(size, rules=(overlapping, size.rules[0])), timeline))
    rows = pa.table({"size": [250.0], "timeline": ["now"]})
    assert turned.points(rows)["Size"].tolist() == [10]
    assert both.points(rows)["Size"].tolist() == [4]


def test_dimensions_without_a_column_are_listed_and_left_out():
    read = read_rulebook(BOOK, "book.toml")
    assert read.columns == ()
    names = Names(["No. of Employees", "timeline"], {"size": "No. of Employees", "timeline": "absent"})
    kept, unmapped = map_rulebook(read, names, advice="")
    assert [d.name for d in kept.dimensions] == ["Size"]
    assert kept.columns == ("No. of Employees",)
    assert unmapped == ("Timeline",)


def test_every_problem_is_told_at_once_with_its_path():
    message = problems("""
        format = 2
        nmae = "typo"
        unanswered = "unknown"
        [[dimension]]
        name = "A"
        question = ""
        evidence = "guess"
        group = "fitt"
        missing = true
        otherwise = inf
          [[dimension.rule]]
          points = "ten"
          one_of = [1]
          at_leest = 3
          [[dimension.rule]]
          label = "never"
          points = 1
          at_least = 5
          at_most = 4
          [[dimension.rule]]
          label = "no condition"
          points = 1
          [[dimension.rule]]
          label = "two conditions"
          points = 1
          one_of = ["x"]
          at_most = 4
        [[dimension]]
        name = "A"
        answer = "a"
        question = "?"
        """)
    head, *lines = message.splitlines()
    assert head == f"book.toml: {len(lines)} problems"
    expected = [
        "format: is 2, but this version of leadml reads format 1",
        "name: is missing: a text that is not empty",
        "nmae: unknown key; did you mean 'name'?",
        "unanswered: must be a list of texts, got 'unknown'",
        "dimension[1].question: must be a text that is not empty, got ''",
        "dimension[1].evidence: must be one of explicit, implicit, got 'guess'",
        "dimension[1].group: must be one of answer, intent, engagement, fit, got 'fitt'",
        "dimension[1].missing: must be a finite number, got True",
        "dimension[1].answer: is missing: answer and question go together (the answer's name and the words to ask)",
        "dimension[1].otherwise: must be a finite number, got inf",
        "dimension[1].rule[1].label: is missing: a text that is not empty",
        "dimension[1].rule[1].points: must be a finite number, got 'ten'",
        "dimension[1].rule[1].one_of: must be a list of texts, got [1]",
        "dimension[1].rule[1].at_leest: unknown key; did you mean 'at_least'?",
        "dimension[1].rule[2].at_least: is 5, above at_most (4): it can never hold",
        *(
            f"dimension[1].rule[{number}]: is about nothing; name an attribute, an answer, an account figure or "
            "an activity"
            for number in (1, 2, 3, 4)
        ),
        "dimension[2].rule: is missing: one or more [[rule]] tables",
        "dimension: two dimensions are named 'A'; names must differ",
    ]
    for line in expected:
        assert f"  - {line}" in lines, line
    assert not [line for line in lines if line.removeprefix("  - ") not in expected]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "book.toml: not valid TOML: "),
        (
            "",
            "book.toml: 2 problems\n  - dimension: is missing: one or more [[dimension]] tables\n  - name: is missing",
        ),
        ('name = "x"\ndimension = 3', "dimension: must be one or more [[dimension]] tables, got 3"),
        ('name = "x"\ndimension = [3]', "dimension[1]: must be a table, got 3"),
        ('name = "x"\nunheard = 1\n[[dimension]]', "unheard: unknown key; known keys: about, dimension, format"),
        (BOOK.replace("points = 10", f"points = 1{'0' * 400}"), "dimension[1].rule[1].points: must be a finite number"),
    ],
)
def test_what_is_not_a_rulebook_is_refused(text, said):
    assert said in problems(text)


def test_a_rulebook_survives_json(book):
    assert parse_rulebook(json.loads(json.dumps(rulebook_to_dict(book))), "json") == book
    unresolved = read_rulebook(BOOK, "book.toml")
    assert parse_rulebook(rulebook_to_dict(unresolved), "json") == unresolved
    assert parse_rulebook(tomllib.loads(BOOK), "toml") == unresolved


WORDS = [
    "now",
    "This Quarter",
    "later",
    "unknown",
    "?",
    "",
    " ",
    "1",
    "10",
    "99.5",
    "-3",
    "1e2",
    "none",
    "nan",
    "o'clock",
    'say "x"',
]
points = st.integers(-20, 20)
texts_rule = st.fixed_dictionaries(
    {
        "points": points,
        "one_of": st.lists(st.sampled_from([word for word in WORDS if word.strip()]), min_size=1, max_size=4),
    }
)
bounds = st.tuples(st.integers(-5, 120), st.integers(0, 60), st.sampled_from(["both", "low", "high"]))


def _range_rule(points, bounds):
    low, width, which = bounds
    both = {"at_least": low, "at_most": low + width}
    return {
        "points": points,
        **{key: value for key, value in both.items() if which in ("both", {"at_least": "low", "at_most": "high"}[key])},
    }


rules = st.lists(texts_rule | st.builds(_range_rule, points, bounds), min_size=1, max_size=5)
dimensions = st.lists(
    st.fixed_dictionaries({"rule": rules, "missing": points, "otherwise": points}), min_size=1, max_size=3
)


def _book(drawn):
    content = [
        {
            "name": f"D{number}",
            "answer": f"a{number}",
            "question": "?",
            **dimension,
            "rule": [{"label": f"r{place}", **rule} for place, rule in enumerate(dimension["rule"])],
        }
        for number, dimension in enumerate(drawn)
    ]
    written = parse_rulebook({"name": "b", "unanswered": ["Unknown", "?"], "dimension": content}, "drawn")
    return map_rulebook(written, Names([one["answer"] for one in content]), advice="")[0]


def _number(text):
    try:
        return float(text)
    except ValueError:
        return None


def _plain_points(dimension, value):
    text = "" if value is None else str(value).strip().lower()
    if text in ("", "unknown", "?"):
        return dimension["missing"]
    for rule in dimension["rule"]:
        if "one_of" in rule:
            holds = any(text == word.strip().lower() for word in rule["one_of"])
        else:
            number = _number(text)
            holds = number is not None and rule.get("at_least", -1e99) <= number <= rule.get("at_most", 1e99)
        if holds:
            return rule["points"]
    return dimension["otherwise"]


def _sql_points(dimension, column):
    def quoted(text):
        return "'" + text.strip().lower().replace("'", "''") + "'"

    text = f"LOWER(TRIM({column}))"
    cases = [f"WHEN {column} IS NULL OR {text} IN ('', 'unknown', '?') THEN {dimension['missing']}"]
    for rule in dimension["rule"]:
        if "one_of" in rule:
            condition = f"{text} IN ({', '.join(map(quoted, rule['one_of']))})"
        else:
            limits = [(f"{column}_number >= {rule['at_least']}") if "at_least" in rule else "1"]
            limits.append(f"{column}_number <= {rule['at_most']}" if "at_most" in rule else "1")
            condition = f"{column}_number IS NOT NULL AND {' AND '.join(limits)}"
        cases.append(f"WHEN {condition} THEN {rule['points']}")
    return f"CASE {' '.join(cases)} ELSE {dimension['otherwise']} END"


def _in_sql(drawn, answers):
    columns = [f"a{number}" for number in range(len(drawn))]
    declared = ", ".join(f"{column} TEXT, {column}_number REAL" for column in columns)
    with sqlite3.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE leads (row INTEGER, {declared})")
        for row, values in enumerate(answers):
            cells = [
                row,
                *(cell for value in values for cell in (value, None if value in (None, "nan") else _number(value))),
            ]
            connection.execute(f"INSERT INTO leads VALUES ({', '.join('?' * len(cells))})", cells)
        select = ", ".join(_sql_points(dimension, column) for dimension, column in zip(drawn, columns, strict=True))
        return [list(row) for row in connection.execute(f"SELECT {select} FROM leads ORDER BY row")]


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=dimensions, data=st.data())
def test_points_equal_those_of_a_plain_loop_and_of_sql(drawn, data):
    answer = st.none() | st.sampled_from([*WORDS, " NOW ", "NONE", "LATER"])
    answers = data.draw(st.lists(st.tuples(*[answer] * len(drawn)), max_size=12))
    book = _book(drawn)
    rows = pa.table({f"a{i}": pa.array([values[i] for values in answers], pa.string()) for i in range(len(drawn))})
    vectorised = np.array(list(book.points(rows).values())).T.tolist() if answers else []
    loop = [[_plain_points(d, value) for d, value in zip(drawn, values, strict=True)] for values in answers]
    assert vectorised == loop == _in_sql(drawn, answers)
    order = data.draw(st.permutations(range(len(answers))))
    shuffled = book.total(rows.take(pa.array(order, pa.int64())))
    assert shuffled.tolist() == [sum(loop[row]) for row in order]


def test_points_and_their_weight_are_terms_of_the_score(scorer):
    book = map_rulebook(read_rulebook(BOOK, "book.toml"), Names({"size", "timeline"}), advice="")[0]
    tables = replace(scorer.tables, main=(), pairs=(), intercept=-1.0, rules_weight=0.1)
    ruled = replace(scorer, columns=_columns(), features=(), rulebook=book, tables=tables)
    (row,) = ruled.score([{"size": 250, "timeline": "2030"}]).to_pylist()
    assert row["points"] == {"Size": 10, "Timeline": -5}
    assert row["log_odds"] == pytest.approx(-1 + 0.1 * 5)
    assert (row["fit"], row["answer"]) == (pytest.approx(1.0), pytest.approx(-0.5))
    assert row["reasons_for"] == [{"reason": "Size: large", "log_odds": pytest.approx(1.0)}]
    assert row["reasons_against"] == [{"reason": "Timeline: no rule holds", "log_odds": pytest.approx(-0.5)}]


def _columns():
    from leadml.predict.encoding import Column

    return (Column("size", "number", "fit", "Size"), Column("timeline", "category", "answer", "Timeline"))
