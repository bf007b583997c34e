"""What a rulebook asks for of columns that rules may not look at."""

from __future__ import annotations

import pyarrow as pa
import pytest

from leadml.errors import RulebookError
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.rules import Names, asked_of
from leadml.schema import LeadTables
from leadml.training.choices import Choices
from leadml.training.examination import examine

SIZE = ValueCondition("attribute", "size", one_of=("large",))
GENDER = ValueCondition("attribute", "Gender", one_of=("f",))
NAMES = Names(columns=("size",))


def book(*whens: ValueCondition, gates: tuple[Gate, ...] = (), **said: object) -> Rulebook:
    rules = tuple(Rule(f"rule {place}", 1.0, (when,)) for place, when in enumerate(whens))
    return Rulebook("ours", "", (Dimension("D", rules, **said),), gates)


@pytest.mark.parametrize(
    "rulebook",
    [
        book(SIZE, GENDER),
        book(SIZE, only=(GENDER,)),
        book(SIZE, answer="GENDER"),
        book(SIZE, gates=(Gate("men only", (GENDER,), "MQL"),)),
    ],
)
def test_a_column_that_rules_may_not_see_is_found_wherever_a_rulebook_asks_for_it(rulebook):
    assert asked_of(rulebook, NAMES, ["gender", "age"]) == ["gender"]
    tables = LeadTables(
        leads=pa.table(
            {
                "lead_id": ["1", "2"],
                "account_id": ["1", "2"],
                "outcome": ["won", "lost"],
                "size": ["large", "small"],
            }
        ),
        attributes=("size",),
        answers={},
        activities=None,
        history=None,
        rejects=pa.table({"table": pa.array([], pa.string())}),
        counts={},
        sensitive={"gender": pa.table({"lead_id": ["1", "2"], "value": ["f", "m"]})},
    )
    with pytest.raises(RulebookError, match=r"The rulebook ours asks for 'gender', which leads.sensitive keeps out"):
        examine(tables, Choices(rulebook=rulebook))


def test_what_stands_for_another_column_asks_for_that_one():
    assert asked_of(book(SIZE), NAMES, ["gender"]) == []
    named = Names(columns=("size",), attributes={"Gender": "size"})
    assert asked_of(book(GENDER), named, ["gender"]) == []
    hidden = Names(columns=("size",), attributes={"size": "sex"})
    assert asked_of(book(SIZE), hidden, ["sex"]) == ["sex"]
