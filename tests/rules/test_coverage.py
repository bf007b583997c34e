"""How far rules reach on leads, and one lead's points explained: against the points that the rulebook gives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from leadml.errors import RulebookError
from leadml.predict.rules.conditions import ActivityCount, CountCondition, ValueCondition
from leadml.predict.rules.rulebook import TIER, Dimension, Gate, Rule, Rulebook
from leadml.rules.changes import changed_rulebook, read_changes
from leadml.rules.coverage import coverage
from leadml.rules.explained import explain_points

PAGES = ActivityCount(("*",), within_days=30.0)


def text(column, **said):
    return ValueCondition("attribute", column, column=column, **said)


BOOK = Rulebook(
    "book",
    "",
    (
        Dimension(
            TIER,
            (Rule("ideal", 0.0, (text("size", at_least=100.0),)), Rule("target", 0.0, (text("size", at_least=10.0),))),
        ),
        Dimension(
            "Budget",
            (
                Rule("yes", 20.0, (text("budget", one_of=("yes", "sure")),)),
                Rule("sure", 9.0, (text("budget", one_of=("sure",)),)),
            ),
            answer="budget",
            question="Is there money?",
            missing=-1.0,
            otherwise=2.0,
            column="budget",
        ),
        Dimension(
            "Pages",
            (
                Rule("any page", 3.0, (CountCondition(PAGES, 1.0),)),
                Rule("each page", 2.0, each=PAGES, most_points=8.0, group="intent"),
                Rule("big", 4.0, (text("size", at_least=100.0),)),
            ),
            counts="all",
            group="engagement",
            evidence="implicit",
            most_points=9.0,
        ),
    ),
    (
        Gate("known size", (text("size", known=True),)),
        Gate("no students", (text("budget", one_of=("student",)),), must_have=False, stops="SQL"),
    ),
)
TABLE = pa.table(
    {
        "size": [150.0, 20.0, 5.0, None],
        "budget": ["yes", "sure", None, "student"],
        PAGES.column: [1.0, 6.0, 0.0, None],
        "unused": [1, 2, 3, 4],
    }
)


def test_coverage_by_hand():
    found = coverage(BOOK, TABLE)
    tier, budget, pages = found.dimensions
    assert (found.leads, budget.answered, tier.answered, pages.answered) == (4, 0.75, None, None)
    assert [(one.holds, one.counts) for one in tier.rules] == [(0.25, 0.25), (0.5, 0.25)]
    assert [(one.holds, one.counts, one.gives) for one in budget.rules] == [(0.5, 0.5, 20.0), (0.25, 0.0, 0.0)]
    assert (budget.held, budget.points) == (0.5, (20 + 20 - 1 + 2) / 4)
    assert pages.points == pytest.approx((9 + 9) / 4)  # 3 + 2 + 4 = 9, and 3 + 8 = 11 held at 9
    assert found.stopped == {"known size": 0.25, "no students": 0.25}
    assert (found.points[0.0], found.points[1.0]) == (-1.0, 29.0)
    assert [one.rule for one in found.remarks] == ["sure"]
    assert "holds for 1 of 4 leads and never counts: an earlier rule always wins" in found.remarks[0].message


def test_a_rule_whose_points_the_cap_always_swallows_is_found():
    (remark,) = coverage(BOOK, TABLE.slice(1, 1)).remarks[-1:]
    assert (remark.level, remark.where) == ("note", "gate no students")
    swallowed = [
        one.rule for one in coverage(BOOK, TABLE.slice(1, 1)).remarks if "without it they are at the cap" in one.message
    ]
    assert swallowed == []  # 3 + 8 is cut to 9, and without the 3 it is 8
    low = replace(BOOK, dimensions=(*BOOK.dimensions[:2], replace(BOOK.dimensions[2], most_points=8.0)))
    found = [
        one.rule for one in coverage(low, TABLE.slice(1, 1)).remarks if "without it they are at the cap" in one.message
    ]
    assert found == ["any page"]


def test_the_order_of_leads_and_unused_columns_change_nothing():
    mixed = TABLE.take(pa.array([2, 0, 3, 1])).drop_columns(["unused"])
    assert coverage(BOOK, TABLE) == coverage(BOOK, mixed)


@pytest.mark.parametrize("lead", range(4))
def test_an_explanation_adds_up_to_the_lead_s_points(lead):
    table = TABLE.slice(lead, 1)
    explained = explain_points(BOOK, table)
    assert explained.total == pytest.approx(BOOK.total(table)[0], abs=1e-12)
    assert sum(one.points for one in explained.dimensions) == pytest.approx(explained.total, abs=1e-12)
    for one in explained.dimensions:
        assert one.points == pytest.approx(BOOK.points(table)[one.name][0], abs=1e-12)
        if one.rules:
            assert one.points == pytest.approx(sum(rule.points for rule in one.rules), abs=1e-12)


def test_an_explanation_says_what_each_rule_looked_at():
    explained = explain_points(BOOK, TABLE.slice(0, 1))
    assert explained.tier == "ideal"
    _, budget, pages = explained.dimensions
    assert (budget.rules[0].label, budget.rules[0].saw, budget.ask) == ("yes", ("budget: yes",), None)
    assert [(one.label, one.group, one.evidence) for one in pages.rules] == [
        ("any page", "engagement", "implicit"),
        ("each page", "intent", "implicit"),
        ("big", "engagement", "implicit"),
    ]
    assert pages.rules[1].saw == ("any activity, within the last 30 days: 1",)
    assert [(gate.name, gate.passed) for gate in explained.gates] == [("known size", True), ("no students", True)]


def test_an_explanation_says_what_is_not_answered_and_what_to_ask():
    explained = explain_points(BOOK, TABLE.slice(2, 1))
    tier, budget, pages = explained.dimensions
    assert explained.tier is None
    assert (budget.why, budget.ask, budget.points) == ("not known", "Is there money?", -1.0)
    assert (tier.why, tier.saw, tier.ask) == ("no rule holds", ("size: 5",), None)
    assert pages.saw == ("any activity, within the last 30 days: 0", "size: 5")
    stopped = explain_points(BOOK, TABLE.slice(3, 1))
    assert [(gate.passed, gate.saw) for gate in stopped.gates] == [
        (False, ("size: not known",)),
        (False, ("budget: student",)),
    ]
    assert stopped.dimensions[1].why == "no rule holds"


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, 3.0])
def test_a_weight_multiplies_all_that_a_dimension_gives(weight):
    before, after = BOOK.points(TABLE), changed_rulebook(BOOK, {"budget": weight, "PAGES ": weight}, {}).points(TABLE)
    for name in ("Budget", "Pages"):
        assert after[name] == pytest.approx(weight * before[name])
    assert np.array_equal(after[TIER], before[TIER])


def test_points_of_a_rule_are_set_before_its_dimension_is_weighted():
    changed = changed_rulebook(BOOK, {"Budget": 2.0}, {"budget: YES": 5.0})
    assert changed.dimensions[1].rules[0].points == 10.0
    assert changed.dimensions[1].rules[1].points == 18.0


@pytest.mark.parametrize(
    ("weights", "points", "said"),
    [
        ({"Bugdet": 2.0}, {}, "book has no dimension 'Bugdet' that is mapped to these leads. Did you mean 'Budget'?"),
        (
            {},
            {"Budget: yess": 2.0},
            "no rule 'Budget: yess' that is mapped to these leads. Did you mean 'Budget: yes'?",
        ),
        ({"Budget": -1.0}, {}, "--weight Budget=-1: a weight must not be negative. 0 leaves a dimension out."),
    ],
)
def test_a_change_of_what_is_not_there_is_refused(weights, points, said):
    with pytest.raises(RulebookError) as refused:
        changed_rulebook(BOOK, weights, points)
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["Budget", "Budget=", "=2", "Budget=much", "Budget=nan", "Budget=inf"])
def test_a_change_that_is_no_name_and_number_is_refused(text):
    with pytest.raises(RulebookError, match="write a name, = and a number, such as 'Budget=2'"):
        read_changes([text], "--weight")


def test_a_name_may_hold_an_equals_sign_and_is_given_once():
    assert read_changes(["a = b: c=-1.5"], "--points") == {"a = b: c": -1.5}
    with pytest.raises(RulebookError, match="'a' is given twice"):
        read_changes(["a=1", "a=2"], "--weight")
