import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.predict.rules.conditions import ActivityCount, CountCondition, ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.predict.rules.rulebook_text import read_rulebook, rulebook_to_dict
from leadml.rules import load_rulebook, preset_names
from leadml.rules.toml_text import rulebook_to_toml

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
numbers = st.floats(-1e18, 1e18, allow_nan=False)


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_written_as_toml_reads_back_as_itself(preset):
    rulebook = load_rulebook(preset)
    assert read_rulebook(rulebook_to_toml(rulebook), "text") == rulebook


@given(words, words, words, numbers, st.lists(words, min_size=1, max_size=3))
def test_any_words_and_numbers_survive_being_written(name, label, attribute, points, values):
    rule = Rule(label, points, (ValueCondition("attribute", attribute, one_of=tuple(values)),))
    rulebook = Rulebook(name, "", (Dimension(f"d{name}", (rule,)),))
    assert read_rulebook(rulebook_to_toml(rulebook), "text") == rulebook


def test_chains_gates_tiers_and_whom_a_dimension_applies_to_survive():
    chain = ActivityCount(("pricing",), within_days=30.0, after=(("visit",), ("mail", "call")), gap_days=0.5)
    each = ActivityCount(("mail",), per_day=2.0, half_life_days=7.0, whose="account")
    fit = ValueCondition("attribute", "size", at_least=10.0, at_most=99.5)
    known = ValueCondition("answer", "budget", known=True)
    rules = (
        Rule("chain", 5.0, (CountCondition(chain, at_least=1.0), known)),
        Rule("each", -1.0, (), each, most_points=4.0, group="intent", evidence="implicit"),
    )
    rulebook = Rulebook(
        'a "name"\\',
        "two\nlines",
        (
            Dimension("Tier", (Rule("ideal", 3.0, (fit, known)),), group="fit"),
            Dimension("Engagement", rules, counts="all", most_points=10.0, only=(fit, known)),
        ),
        (Gate("gate", (known, fit), must_have=False, stops="SQL", only=(known,)),),
        ("unknown", "?"),
    )
    assert read_rulebook(rulebook_to_toml(rulebook), "text") == rulebook


def test_comments_come_first_and_change_nothing():
    rulebook = load_rulebook("bant")
    text = rulebook_to_toml(rulebook, ("one", "two\nthree"))
    assert text.startswith("# one\n# two\n# three\nformat = 1\n")
    assert tomllib.loads(text) == rulebook_to_dict(rulebook)
