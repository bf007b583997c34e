import csv
import io

from leadml.predict.rules.conditions import ActivityCount, CountCondition, ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.rules import load_rulebook
from leadml.rules.card import card_lines, card_to_csv, card_to_markdown


def test_a_card_has_one_line_per_rule_and_what_nobody_answers_is_a_line_where_it_gives_points():
    answer = ValueCondition("answer", "budget", one_of=("yes",))
    budget = Dimension(
        "Budget", (Rule("has budget", 5.0, (answer,)),), "budget", "Budget?", missing=-2.0, otherwise=1.0
    )
    lines = card_lines(Rulebook("b", "", (budget,)))
    assert [(line.condition, line.points) for line in lines] == [
        ("budget is yes", "5"),
        ("not answered", "-2"),
        ("no other line holds", "1"),
    ]
    assert len(card_lines(load_rulebook("bant"))) == sum(len(one.rules) for one in load_rulebook("bant").dimensions)


def test_a_line_says_cap_decay_window_chain_and_whom_it_is_for():
    each = ActivityCount(("mail",), 30.0, (("visit",),), 1.0, per_day=2.0, half_life_days=7.0)
    only = (ValueCondition("attribute", "direction", one_of=("inbound",)),)
    rule = Rule("mails", 1.0, (), each, most_points=5.0)
    lines = card_lines(Rulebook("b", "", (Dimension("E", (rule,), counts="all", evidence="implicit", only=only),)))
    assert lines[0].condition == (
        "for each: visit, then mail, in the last 30 days, each step at least 1 days later; "
        "only where direction is inbound"
    )
    assert (lines[0].counts, lines[0].evidence) == ("every one", "implicit")
    assert (lines[0].cap, lines[0].decay) == ("2 a day; 5 points", "half after every 7 days")


def test_gates_come_last_and_give_no_points():
    known = ValueCondition("answer", "budget", known=True)
    calls = CountCondition(ActivityCount(("*",)), at_least=2.0)
    book = Rulebook(
        "b", "", (Dimension("D", (Rule("r", 1.0, (calls,)),)),), (Gate("Budget first", (known,), stops="SQL"),)
    )
    gate = card_lines(book)[-1]
    assert (gate.dimension, gate.condition, gate.points) == ("Gate: Budget first", "must have: budget is known", "")


def test_csv_and_markdown_hold_every_line_whatever_its_words():
    odd = ValueCondition("attribute", "a|b", one_of=("=x", 'say "no", twice'))
    book = Rulebook("=name", "why", (Dimension("-cmd", (Rule("@rule", -3.0, (odd,)),)),))
    lines = card_lines(book)
    head, row = csv.reader(io.StringIO(card_to_csv(lines)))
    assert dict(zip(head, row, strict=True))["dimension"] == "'-cmd"
    assert dict(zip(head, row, strict=True))["points"] == "-3"
    assert dict(zip(head, row, strict=True))["condition"] == 'a|b is =x or say "no", twice'
    assert "a\\|b is =x" in card_to_markdown(book, lines)
