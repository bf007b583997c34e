"""What is said of a rulebook as it is written, against asking every rule of every value there can be."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.predict.rules.conditions import ActivityCount, CountCondition, ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.rules import load_rulebook, preset_names
from leadml.rules.cells import never_more
from leadml.rules.lint import lint

PAGES = ActivityCount(("page",))
WORDS = ["a", "b", "1", "2"]
VALUES = ["", "a", "b", "c", "0", "0.5", "1", "1.5", "2", "2.5", "3", "7"]
NUMBERS = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]


def text(**said):
    return ValueCondition("attribute", "x", column="x", **said)


def dimension(*rules, **said):
    return Dimension("D", tuple(Rule(str(place), 5.0, when) for place, when in enumerate(rules)), **said)


def remarks(*parts, level=None, **said):
    book = Rulebook(
        "book",
        "",
        tuple(p for p in parts if isinstance(p, Dimension)),
        tuple(p for p in parts if isinstance(p, Gate)),
        **said,
    )
    return [remark for remark in lint(book) if level in (None, remark.level)]


bounds = st.sampled_from([(1.0, None), (2.0, None), (None, 1.0), (None, 2.0), (1.0, 2.0), (3.0, None), (2.0, 2.0)])
words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True).map(tuple)
of_x = st.one_of(
    words.map(lambda some: text(one_of=some)),
    words.map(lambda some: text(none_of=some)),
    bounds.map(lambda two: text(at_least=two[0], at_most=two[1])),
    st.booleans().map(lambda known: text(known=known)),
)
of_pages = bounds.map(lambda two: CountCondition(PAGES, *two))
whens = st.lists(st.one_of(of_x, of_pages), min_size=1, max_size=3).map(tuple)


@settings(max_examples=150)
@given(rules=st.lists(whens, min_size=1, max_size=4), only=st.lists(of_x, max_size=1).map(tuple))
def test_rules_that_cannot_count_are_those_that_count_for_no_value_there_is(rules, only):
    grid = list(itertools.product(VALUES, NUMBERS))
    table = pa.table({"x": [one for one, _ in grid], PAGES.column: [two for _, two in grid]})
    asked = dimension(*rules, only=only)
    book = Rulebook("book", "", (asked,))
    rows = book.rows(table)
    codes = asked.evaluate(rows)[0][0]
    applies = np.all([np.ones(len(grid), bool), *(one.holds(rows) for one in only)], axis=0)
    never_hold = {rule.label for rule in asked.rules if not (rule.holds(rows) & applies).any()}
    never_count = {rule.label for place, rule in enumerate(asked.rules) if not (codes == place + 2).any()}
    found = lint(book)
    assert {remark.rule for remark in found if remark.level == "error"} == never_hold
    assert {remark.rule for remark in found if remark.level == "warning"} == never_count - never_hold


@settings(max_examples=100)
@given(first=of_x, second=of_x)
def test_two_rules_of_one_column_are_said_to_add_up_exactly_where_some_value_has_both(first, second):
    asked = dimension((first,), (second,), counts="all")
    rows = Rulebook("book", "", (asked,)).rows(pa.table({"x": VALUES}))
    one, other = (rule.holds(rows) for rule in asked.rules)
    said = [remark for remark in remarks(asked) if "their points add up" in remark.message]
    assert bool(said) == bool((one & other).any())


def test_a_wide_rule_after_a_narrow_one_is_a_ladder_and_not_remarked_on():
    ladder = dimension((text(at_least=500.0),), (text(at_least=50.0),), (text(at_least=1.0),))
    assert remarks(ladder) == []


def test_an_overlap_names_the_rule_that_wins_and_a_value_of_both():
    (remark,) = remarks(dimension((text(one_of=("Yes", "maybe")),), (text(one_of=("yes", "no")),)))
    assert (remark.level, remark.message) == (
        "note",
        '"0" and "1" both hold where x is \'yes\'; "0" wins, since it comes first.',
    )


def test_two_rules_can_cover_a_third_only_together():
    parts = (text(at_most=50.0),), (text(at_least=50.0),), (text(at_least=20.0, at_most=80.0),)
    (remark,) = remarks(dimension(*parts), level="warning")
    assert remark.rule == "2"
    assert '"0", "1" come before it and together hold wherever it does' in remark.message


def test_words_that_count_as_unanswered_hold_for_nobody():
    (remark,) = remarks(dimension((text(one_of=("Unknown",)),)), unanswered=("unknown",))
    assert (remark.level, remark.rule) == ("error", "0")


@pytest.mark.parametrize(
    ("inner", "outer", "never"),
    [
        (ActivityCount(("a",), 7.0), ActivityCount(("a",), 30.0), True),
        (ActivityCount(("a",), 30.0), ActivityCount(("a",), 7.0), False),
        (ActivityCount(("a",)), ActivityCount(("a", "b")), True),
        (ActivityCount(("a",)), ActivityCount(("*",)), True),
        (ActivityCount(("a",)), ActivityCount(("b",)), False),
        (ActivityCount(("a",)), ActivityCount(("a",), whose="account"), True),
        (ActivityCount(("a",)), ActivityCount(("a",), half_life_days=9.0), False),
        (ActivityCount(("a",), half_life_days=9.0), ActivityCount(("a",)), True),
        (ActivityCount(("a",)), ActivityCount(("a",), per_day=1.0), False),
        (ActivityCount(("a",), after=(("b",),)), ActivityCount(("a",)), False),
    ],
)
def test_which_count_can_never_exceed_another(inner, outer, never):
    assert never_more(inner, outer) is never


def test_who_did_it_this_week_did_it_this_month():
    month, week = (CountCondition(ActivityCount(("a",), days), 2.0) for days in (30.0, 7.0))
    assert [remark.rule for remark in remarks(dimension((month,), (week,)), level="warning")] == ["1"]
    assert remarks(dimension((week,), (month,)), level="warning") == []
    more = CountCondition(ActivityCount(("a",), 30.0), 3.0)
    assert remarks(dimension((more,), (week,)), level="warning") == []


def points(*given, **said):
    rules = tuple(Rule(str(place), value, (when,)) for place, (value, when) in enumerate(given))
    return Dimension("D", rules, counts="all", **said)


def test_points_that_exclude_each_other_are_not_added_up():
    exclusive = points((10.0, text(one_of=("a",))), (20.0, text(one_of=("b",))))
    assert [remark.message for remark in remarks(exclusive)] == [
        "its rules add up to 30 points, but some exclude each other: no lead can come above 20."
    ]
    (remark,) = remarks(points((10.0, text(one_of=("a",))), (20.0, text(one_of=("b",))), most_points=25.0))
    assert remark.message == "most_points = 25 never binds: no lead can come above 20 points here."


def test_a_floor_is_held_to_the_points_that_are_taken_away():
    taken = points((-10.0, text(one_of=("a",))), (5.0, text(one_of=("a",))), least_points=-4.0)
    assert any('"0" says -10 points, but its dimension gives no less than -4' in one.message for one in remarks(taken))


def test_points_above_a_cap_are_said_to_be_worthless():
    messages = [one.message for one in remarks(points((30.0, text(one_of=("a",))), most_points=25.0))]
    assert messages == [
        '"0" says 30 points, but its dimension gives at most 25 (most_points): the rest can never count.'
    ]
    each = Dimension("D", (Rule("pages", 10.0, each=PAGES, most_points=5.0),), counts="all")
    assert [one.message for one in remarks(each)] == [
        '"pages" gives 10 points for each, but at most 5: the first is already cut. Raise most_points.'
    ]


@pytest.mark.parametrize(
    ("when", "must_have", "level", "said"),
    [
        (
            (text(at_least=5.0), text(at_most=4.0)),
            True,
            "error",
            "nobody can pass: what a lead must have excludes itself.",
        ),
        (
            (text(at_least=5.0), text(at_most=4.0)),
            False,
            "warning",
            "stops nobody: what a lead must not have excludes itself.",
        ),
        ((CountCondition(PAGES, 0.0),), True, "warning", "stops nobody: what a lead must have holds for every lead."),
        (
            (CountCondition(PAGES, 0.0),),
            False,
            "error",
            "nobody can pass: what a lead must not have holds for every lead.",
        ),
    ],
)
def test_a_gate_that_nobody_can_pass_or_fail_is_found(when, must_have, level, said):
    (remark,) = remarks(dimension((text(known=True),)), Gate("g", when, must_have))
    assert (remark.level, remark.where, remark.message) == (level, "gate g", said)


def test_a_gate_that_some_pass_is_not_remarked_on():
    assert remarks(dimension((text(known=True),)), Gate("g", (text(one_of=("a",)),))) == []


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_free_of_errors_and_of_rules_that_cannot_count(name):
    assert [remark for remark in lint(load_rulebook(name)) if remark.level != "note"] == []
