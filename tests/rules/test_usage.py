"""A rulebook beside what leads say: words nobody says, values no rule knows, names that stand for nothing."""

from __future__ import annotations

import pyarrow as pa
import pytest

from leadml.predict.rules.conditions import ActivityCount, CountCondition, ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.rules import Names
from leadml.rules.unmapped import what_is_unmapped
from leadml.rules.usage import compare_with_values


def text(column="x", **said):
    return ValueCondition("attribute", column, column=column, **said)


def book(*rules, gates=(), **said):
    named = tuple(Rule(f"rule {place}", 1.0, (when,)) for place, when in enumerate(rules))
    return Rulebook("book", "", (Dimension("D", named),) if named else (), gates, **said)


def remarks(rulebook, **columns):
    return compare_with_values(rulebook, rulebook.rows(pa.table(columns)))


def test_a_misspelt_word_is_told_with_the_value_that_was_meant():
    (remark,) = remarks(book(text(one_of=("Sofware", "finance"))), x=["Software", "finance", "finance"])[:1]
    assert remark.level == "warning"
    assert remark.message == "never found in column 'x': 'sofware'. Did you mean 'software' rather than 'sofware'?"


def test_a_value_that_is_asked_for_elsewhere_is_not_what_was_meant():
    found = remarks(book(text(one_of=("decision maker", "decision-maker"))), x=["Decision maker"])
    assert [(one.level, one.message) for one in found] == [("note", "never found in column 'x': 'decision-maker'.")]


def test_a_rule_of_which_no_word_is_ever_said_is_told_by_itself():
    dead, *_ = remarks(book(text(one_of=("p", "q")), text(one_of=("a",))), x=["a", None, " A "])
    assert (dead.rule, dead.level) == ("rule 0", "note")
    assert "nobody ever gives an answer of \"rule 0\" ('p', 'q')" in dead.message


def test_values_that_no_rule_knows_come_with_their_shares_the_most_frequent_first():
    found = remarks(book(text(one_of=("a",))), x=["a"] * 6 + ["b"] + ["C", "c "] + [None] * 9 + ["d"])
    assert [(one.level, one.message) for one in found] == [
        ("warning", "no rule knows 40.0% of the values in column 'x': 'c' (20.0%), 'b' (10.0%), 'd' (10.0%).")
    ]


def test_numbers_outside_every_range_are_values_that_no_rule_knows():
    found = remarks(book(text(at_least=50.0), text(at_most=10.0)), x=[5.0] * 40 + [60.0] * 59 + [20.0])
    assert [(one.level, one.message) for one in found] == [
        ("note", "no rule knows 1.0% of the values in column 'x': 20 (1.0%).")
    ]


@pytest.mark.parametrize("when", [{"known": True}, {"none_of": ("z", "a")}])
def test_a_rule_that_knows_every_value_leaves_nothing_to_remark_on(when):
    assert remarks(book(text(**when)), x=["a", "b", "z"]) == []


def test_an_empty_column_is_told_once_and_nothing_else_of_it():
    found = remarks(book(text(one_of=("a",)), text(one_of=("b",)), unanswered=("?",)), x=["?", None, ""])
    assert [(one.level, one.where) for one in found] == [("warning", "x")]
    assert "is empty for every lead" in found[0].message


def test_what_a_gate_asks_for_and_nobody_says_is_told():
    gates = (Gate("adults", (text(one_of=("students",)),), must_have=False),)
    (remark,) = remarks(book(gates=gates), x=["student", "manager"])
    assert (remark.where, remark.level) == ("gate adults", "warning")


def test_columns_that_no_rule_asks_for_and_the_order_of_rows_are_no_matter():
    rulebook = book(text(one_of=("a", "u")))
    values = ["a", "b", "b", "c", None]
    assert remarks(rulebook, x=values) == remarks(rulebook, x=values[::-1], y=[1, 2, 3, 4, 5])


WRITTEN = Rulebook(
    "book",
    "",
    (
        Dimension(
            "D",
            (
                Rule("size", 1.0, (ValueCondition("attribute", "size", at_least=1.0),)),
                Rule("again", 1.0, (ValueCondition("attribute", "size", at_least=2.0),)),
                Rule("late", 1.0, (ValueCondition("attribute", "Late", known=True),)),
                Rule("web", 1.0, (CountCondition(ActivityCount(("webinar", "page"))),)),
                Rule("roles", 1.0, (ValueCondition("account", "roles", at_least=2.0),)),
            ),
            answer="budget",
            question="Budget?",
        ),
    ),
)


def test_each_name_that_stands_for_nothing_is_told_once_with_who_asks_for_it():
    names = Names(columns=("sizes", "budgets"), activities=("webinars", "page"), answers={"budget": "budgets"})
    messages = [remark.message for remark in what_is_unmapped(WRITTEN, names, {"Late": "filled after closing"})]
    assert messages == [
        "there is no column for the attribute 'size'; asked for by D: size, D: again. Did you mean 'sizes'? "
        "Say which column it is under [rules.attributes].",
        "column 'Late' is left out (filled after closing); asked for by D: late.",
        "activity 'webinar' never occurs; asked for by D: web. Did you mean 'webinars'? "
        "Say what it is called under [rules.activities].",
        "there is no roles covered here; asked for by D: roles. It needs an account for each lead (leads.account).",
    ]


def test_nothing_is_told_where_everything_is_mapped():
    names = Names(("size", "late", "budget"), activities=("webinar", "page"), account=("roles covered",))
    assert what_is_unmapped(WRITTEN, names, {}) == []
