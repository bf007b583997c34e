"""Bad rulebooks: each kind of mistake gives one message that names file, table and key, and says what to do."""

# ruff: noqa: E501 - each message stands whole, as users read it
from __future__ import annotations

import pytest

from leadml.errors import RulebookError
from leadml.predict.rules.rulebook_text import parse_rulebook, read_rulebook, rulebook_to_dict
from leadml.rules import Names, by_segment, map_rulebook

HEAD = 'name = "House rules"\n'
DIM = '[[dimension]]\nname = "Fit"\n'
RULE = '[[dimension.rule]]\nlabel = "large"\npoints = 5\n'
COND = 'attribute = "employees"\nat_least = 50\n'
EACH = '[[dimension.rule]]\nlabel = "views"\npoints = 1\nactivity = "page_view"\n'
GATE = '[[gate]]\nname = "g"\n'
TIER = '[[tier]]\nname = "t"\n'
GOOD = DIM + RULE + COND

KINDS = [
    ("nmae = 1\n" + GOOD, "nmae: unknown key; did you mean 'name'?"),
    (DIM + 'grup = "fit"\n' + RULE + COND, "dimension[1].grup: unknown key; did you mean 'group'?"),
    (GOOD + "pionts = 3\n", "dimension[1].rule[1].pionts: unknown key; did you mean 'points'?"),
    (GOOD + GATE + COND + 'stop = "MQL"\n', "gate[1].stop: unknown key; did you mean 'stops'?"),
    (
        TIER + COND + 'label = "x"\n',
        "tier[1].label: unknown key; known keys: and, at_least, at_most, attribute, name, none_of, of_column, one_of, points",
    ),
    (
        GOOD + '[[dimension.rule.and]]\nattribute = "a"\nknown = true\nonce = 1\n',
        "dimension[1].rule[1].and[1].once: unknown key; did you mean 'one_of'?",
    ),
    (
        DIM + 'only = { attribute = "a", known = true, wen = 1 }\n' + RULE + COND,
        "dimension[1].only.wen: unknown key; known keys: and, at_least, at_most, attribute, known, none_of, of_column, one_of",
    ),
    (DIM + RULE.replace("5", '"five"') + COND, "dimension[1].rule[1].points: must be a finite number, got 'five'"),
    (DIM + RULE.replace("points = 5\n", "") + COND, "dimension[1].rule[1].points: is missing: a finite number"),
    (
        DIM + RULE.replace('label = "large"\n', "") + COND,
        "dimension[1].rule[1].label: is missing: a text that is not empty",
    ),
    (DIM + RULE.replace("5", "nan") + COND, "dimension[1].rule[1].points: must be a finite number, got nan"),
    (
        DIM + RULE + 'attribute = "role"\none_of = "ceo"\n',
        "dimension[1].rule[1].one_of: must be a list of texts, got 'ceo'",
    ),
    (DIM + RULE + 'attribute = "role"\none_of = []\n', "dimension[1].rule[1].one_of: is empty; name the texts"),
    (DIM + RULE + 'attribute = "role"\nnone_of = []\n', "dimension[1].rule[1].none_of: is empty; name the texts"),
    (
        DIM + RULE + 'attribute = "role"\none_of = ["ceo", " "]\n',
        "dimension[1].rule[1].one_of: holds an empty text; what is not known is asked for by known = false",
    ),
    (
        DIM + RULE + 'attribute = "role"\nknown = "yes"\n',
        "dimension[1].rule[1].known: must be true or false, got 'yes'",
    ),
    ("format = 2\n" + GOOD, "format: is 2, but this version of leadml reads format 1"),
    (DIM + "rule = 3\n", "dimension[1].rule: must be one or more [[rule]] tables, got 3"),
    (DIM, "dimension[1].rule: is missing: one or more [[rule]] tables"),
    ("", "dimension: is missing: one or more [[dimension]] tables"),
    (GOOD + GOOD, "dimension: two dimensions are named 'Fit'; names must differ"),
    (GOOD + RULE + COND, "dimension[1].rule: two rules are named 'large'; names must differ"),
    (TIER + COND + TIER + COND, "tier: two tiers are named 't'; names must differ"),
    (GOOD + (GATE + COND) * 2, "gate: two gates are named 'g'; names must differ"),
    (GOOD.replace("Fit", "Tier"), "dimension[1].name: 'Tier' is the name of the [[tier]] tables; choose another"),
    (
        DIM + EACH + "each = true\nmost_points = 5\nhalf_life_days = -3\n",
        "dimension[1].rule[1].half_life_days: is -3; it must be above 0",
    ),
    (
        DIM + EACH + "each = true\nmost_points = 5\nlifespan_days = 0\n",
        "dimension[1].rule[1].lifespan_days: is 0; it must be above 0",
    ),
    (DIM + EACH + "within_days = -1\n", "dimension[1].rule[1].within_days: is -1; it must be above 0"),
    (
        DIM + EACH + "each = true\nmost_points = 5\nper_day = 0\n",
        "dimension[1].rule[1].per_day: is 0; it must be above 0",
    ),
    (
        DIM + EACH + "each = true\nmost_points = 5\nhalf_life_days = 3\nlifespan_days = 9\n",
        "dimension[1].rule[1].lifespan_days: is given beside half_life_days; points fade in one way only",
    ),
    (
        DIM + RULE + COND + "at_most = 10\n",
        "dimension[1].rule[1].at_least: is 50, above at_most (10): it can never hold",
    ),
    (
        DIM + EACH + "at_least = 5\nat_most = 1\n",
        "dimension[1].rule[1].at_least: is 5, above at_most (1): it can never hold",
    ),
    (DIM + EACH + "at_most = -1\n", "dimension[1].rule[1].at_most: is -1, and no count is below 0: it can never hold"),
    (DIM + EACH + "at_least = 0\n", "dimension[1].rule[1].at_least: is 0, and no count is below 0: it always holds"),
    (
        DIM + RULE + COND + 'answer = "size"\n',
        "dimension[1].rule[1]: has answer and attribute; a condition is about one of them (put others under [[and]])",
    ),
    (
        DIM + RULE + COND + 'activity = "x"\n',
        "dimension[1].rule[1]: has attribute and activity; a condition is about one of them (put others under [[and]])",
    ),
    (
        DIM + RULE + "at_least = 5\n",
        "dimension[1].rule[1]: is about nothing; name an attribute, an answer, an account figure or an activity",
    ),
    (
        DIM + RULE,
        "dimension[1].rule[1]: is about nothing; name an attribute, an answer, an account figure or an activity",
    ),
    (
        DIM + RULE + 'attribute = "role"\n',
        "dimension[1].rule[1]: needs one condition: one_of, or none_of, or at_least and/or at_most, or known",
    ),
    (
        DIM + RULE + COND + 'one_of = ["x"]\n',
        "dimension[1].rule[1]: has one_of and at_least; a condition asks one thing (put others under [[and]])",
    ),
    (
        DIM + RULE + COND + "known = true\n",
        "dimension[1].rule[1]: has known and at_least; a condition asks one thing (put others under [[and]])",
    ),
    (
        DIM + EACH + "each = true\n",
        "dimension[1].rule[1].most_points: is missing: points for each activity need a cap, or one busy lead outweighs all",
    ),
    (
        DIM + RULE + COND + "most_points = 4\n",
        "dimension[1].rule[1].most_points: caps points for each activity; add each = true, or leave it out",
    ),
    (
        DIM + RULE + COND + "each = true\nmost_points = 4\n",
        "dimension[1].rule[1].each: gives points for each activity; name one (activity)",
    ),
    (
        DIM + EACH + "each = true\nmost_points = 5\nat_least = 2\n",
        "dimension[1].rule[1].at_least: does not go with each = true, which counts from the first; leave it out",
    ),
    (DIM + EACH + 'each = "yes"\n', "dimension[1].rule[1].each: must be true or false, got 'yes'"),
    (
        DIM + EACH + "each = true\nmost_points = -5\n",
        "dimension[1].rule[1].most_points: is -5; a cap must be above 0 (it bounds negative points too)",
    ),
    (
        DIM + EACH + "half_life_days = 4\n",
        "dimension[1].rule[1].half_life_days: counts only with each = true (points for each activity)",
    ),
    (
        DIM + RULE + COND + "within_days = 4\n",
        "dimension[1].rule[1].within_days: is said of activities; name one (activity)",
    ),
    (
        DIM + EACH + 'one_of = ["x"]\n',
        "dimension[1].rule[1].one_of: is said of values, not of activities; use at_least or at_most",
    ),
    (
        DIM + EACH + "gap_days = 2\n",
        "dimension[1].rule[1].gap_days: is the time between steps; name those before (after)",
    ),
    (DIM + EACH + 'after = ["*"]\ngap_days = -2\n', "dimension[1].rule[1].gap_days: is -2; it must not be negative"),
    (DIM + EACH + 'after = [""]\n', "dimension[1].rule[1].after: must be a list of texts that are not empty, got ['']"),
    (
        DIM + EACH + 'after = "page"\n',
        "dimension[1].rule[1].after: must be a list of texts that are not empty, got 'page'",
    ),
    (
        DIM + EACH.replace('"page_view"', "[]"),
        "dimension[1].rule[1].activity: must be a text, or a list of texts, that is not empty, got []",
    ),
    (DIM + EACH + 'whose = "company"\n', "dimension[1].rule[1].whose: must be one of lead, account, got 'company'"),
    (
        DIM + RULE + 'account = "people"\nat_least = 2\n',
        "dimension[1].rule[1].account: must be one of contacts, engaged_contacts, roles, got 'people'",
    ),
    (
        DIM + "missing = 3\n" + RULE + COND,
        "dimension[1].missing: counts only where there is an answer to be missing; name it (answer)",
    ),
    (
        DIM + 'answer = "size"\n' + RULE + COND,
        "dimension[1].question: is missing: answer and question go together (the answer's name and the words to ask)",
    ),
    (
        DIM + 'question = "How?"\n' + RULE + COND,
        "dimension[1].answer: is missing: answer and question go together (the answer's name and the words to ask)",
    ),
    (
        DIM + 'answer = "size"\nquestion = "How?"\ncounts = "all"\nmissing = 2\n' + RULE + COND,
        'dimension[1].missing: has no effect with counts = "all"; leave it out',
    ),
    (
        DIM + 'counts = "all"\notherwise = 2\n' + RULE + COND,
        'dimension[1].otherwise: has no effect with counts = "all"; leave it out',
    ),
    (
        DIM + "most_points = 4\n" + RULE + COND,
        'dimension[1].most_points: has no effect with counts = "first"; leave it out',
    ),
    (
        DIM + 'counts = "all"\nmost_points = -4\n' + RULE + COND,
        "dimension[1].most_points: is -4; a cap must be above 0",
    ),
    (DIM + 'counts = "all"\nmost_points = 0\n' + RULE + COND, "dimension[1].most_points: is 0; a cap must be above 0"),
    (
        DIM + 'counts = "all"\nleast_points = 4\n' + RULE + COND,
        "dimension[1].least_points: is 4; a floor must be below 0",
    ),
    (DIM + 'counts = "every"\n' + RULE + COND, "dimension[1].counts: must be one of first, all, got 'every'"),
    (
        DIM + 'group = "fitness"\n' + RULE + COND,
        "dimension[1].group: must be one of answer, intent, engagement, fit, got 'fitness'",
    ),
    (
        DIM + RULE + COND + 'evidence = "rumour"\n',
        "dimension[1].rule[1].evidence: must be one of explicit, implicit, got 'rumour'",
    ),
    (GOOD + GATE + COND + 'stops = "SAL"\n', "gate[1].stops: must be one of MQL, SQL, got 'SAL'"),
    (GOOD + GATE + COND + 'must = "must"\n', "gate[1].must: must be one of have, not have, got 'must'"),
    (GOOD + GATE + COND + "must = true\n", "gate[1].must: must be one of have, not have, got True"),
    (GOOD + GATE, "gate[1]: is about nothing; name an attribute, an answer, an account figure or an activity"),
    (
        GOOD + GATE + 'attribute = "employees"\nat_least = 5\nat_most = 1\n',
        "gate[1].at_least: is 5, above at_most (1): it can never hold",
    ),
    (
        GOOD + GATE + COND + '[[gate.and]]\nattribute = "employees"\nat_most = 10\n',
        "gate[1]: cannot be had, so it stops every lead: attribute 'employees' would have to be at least 50, and at most 10",
    ),
    (
        GOOD + GATE + 'attribute = "role"\none_of = ["ceo"]\n[[gate.and]]\nattribute = "role"\none_of = ["cfo"]\n',
        "gate[1]: cannot be had, so it stops every lead: attribute 'role' would have to be one of 'ceo', and one of 'cfo'",
    ),
    (
        GOOD + 'and = {attribute = "x", known = true}\n',
        "dimension[1].rule[1].and: must be one or more [[and]] tables, got {'attribute': 'x', 'known': True}",
    ),
    (DIM + 'only = "inbound"\n' + RULE + COND, "dimension[1].only: must be a table, got 'inbound'"),
    (
        DIM + "only = {}\n" + RULE + COND,
        "dimension[1].only: is about nothing; name an attribute, an answer, an account figure or an activity",
    ),
    ('unanswered = "unknown"\n' + GOOD, "unanswered: must be a list of texts, got 'unknown'"),
    (
        'unanswered = ["ceo"]\n' + DIM + RULE + 'attribute = "role"\none_of = ["CEO", "cfo"]\n',
        "dimension[1].rule[1].one_of: 'CEO' stands in unanswered, so it is no answer; take it out of one of them",
    ),
    (
        GOOD
        + GATE
        + 'attribute = "employees"\nat_least = 50\n[[gate.and]]\nattribute = "employees"\none_of = ["1", "2"]\n',
        "gate[1]: cannot be had, so it stops every lead: attribute 'employees' would have to be at least 50, and one of '1', '2'",
    ),
    (
        GOOD
        + GATE
        + 'must = "not have"\nattribute = "role"\nknown = false\n[[gate.and]]\nattribute = "role"\none_of = ["ceo"]\n',
        "gate[1]: cannot be had, so it stops no lead: attribute 'role' would have to be not known, and one of 'ceo'",
    ),
    (
        GOOD + GATE + COND + 'only = { attribute = "employees", at_most = 9 }\n',
        "gate[1]: cannot be had, so it stops every lead: attribute 'employees' would have to be at most 9, and at least 50",
    ),
    (
        GOOD
        + GATE
        + COND
        + '[gate.only]\nattribute = "a"\nknown = false\n[[gate.only.and]]\nattribute = "a"\nat_least = 1\n',
        "gate[1].only: can never hold: attribute 'a' would have to be not known, and at least 1",
    ),
    (
        GOOD + GATE + 'activity = "demo"\n[[gate.and]]\nactivity = "demo"\nat_most = 0\n',
        "gate[1]: cannot be had, so it stops every lead: the count of demo would have to be at least 1, and at most 0",
    ),
    (
        DIM
        + RULE
        + 'attribute = "role"\none_of = ["ceo", "cfo"]\n[[dimension.rule.and]]\nattribute = "role"\nnone_of = ["CEO", "CFO", "cto", "cio"]\n',
        "dimension[1].rule[1]: can never hold: attribute 'role' would have to be one of 'ceo', 'cfo', and none of 'CEO', 'CFO', 'cto' or 1 more",
    ),
    (
        DIM
        + 'only = { attribute = "direction", one_of = ["inbound"] }\n'
        + RULE
        + 'attribute = "direction"\none_of = ["outbound"]\n',
        "dimension[1].rule[1]: can never hold: attribute 'direction' would have to be one of 'inbound', and one of 'outbound'",
    ),
    (
        TIER + COND + '[[tier.and]]\nattribute = "employees"\nat_most = 49\n',
        "tier[1]: can never hold: attribute 'employees' would have to be at least 50, and at most 49",
    ),
    (
        'unanswered = ["ceo"]\n'
        + DIM
        + RULE
        + COND
        + '[[dimension.rule.and]]\nattribute = "role"\nnone_of = ["CEO"]\n',
        "dimension[1].rule[1].and[1].none_of: 'CEO' stands in unanswered, so it is no answer; take it out of one of them",
    ),
]


@pytest.mark.parametrize(("text", "said"), KINDS)
def test_each_mistake_gives_one_message_with_file_table_and_key(text, said):
    with pytest.raises(RulebookError) as refused:
        read_rulebook(HEAD + text, "rules.toml")
    assert str(refused.value) == f"rules.toml: 1 problem\n  - {said}"


def test_the_parts_that_mistakes_are_made_in_are_sound():
    for text in (GOOD, DIM + EACH, GOOD + GATE + COND, TIER + COND, GOOD + GATE + COND + TIER + COND):
        assert read_rulebook(HEAD + text, "rules.toml").dimensions


def test_two_mistakes_are_told_at_once():
    with pytest.raises(RulebookError, match=r"^rules\.toml: 2 problems\n(.|\n)*points(.|\n)*stop"):
        read_rulebook(HEAD + DIM + RULE.replace("5", "true") + COND + GATE + COND + "stop = 1\n", "rules.toml")


def test_what_is_not_toml_is_told_with_its_line():
    with pytest.raises(RulebookError, match=r"^rules\.toml: not valid TOML: .*line 3.*\. Mend that line"):
        read_rulebook(HEAD + "[[dimension]]\nname = \n", "rules.toml")


def test_conditions_on_columns_that_are_missing_are_named():
    book = read_rulebook(HEAD + GOOD, "rules.toml")
    with pytest.raises(RulebookError) as refused:
        map_rulebook(book, Names({"size"}), advice="Say which it is under [rules.attributes].")
    assert str(refused.value) == (
        "No dimension of the rulebook 'House rules' has a column: Fit. Say which it is under [rules.attributes]."
    )
    two = GOOD + RULE.replace("large", "software") + 'attribute = "industry"\none_of = ["software"]\n' + GATE + COND
    _, unmapped = map_rulebook(read_rulebook(HEAD + two, "rules.toml"), Names({"industry"}), advice="")
    assert unmapped == ("Fit: large", "gate: g")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('attribute = "a"\none_of = ["1"]\n', 'attribute = "a"\none_of = ["1.0"]\n'),  # one value among numbers
        ('attribute = "a"\none_of = ["1"]\n', 'attribute = "a"\nnone_of = ["1.0"]\n'),  # two among texts
        ('attribute = "a"\none_of = ["CEO"]\n', 'attribute = "a"\none_of = ["ceo "]\n'),
        ('attribute = "a"\none_of = ["60", "x"]\n', 'attribute = "a"\nat_least = 50\n'),
        ('attribute = "a"\nat_least = 50\n', 'attribute = "a"\nat_most = 50\n'),
        ('attribute = "a"\nat_least = 50\n', 'answer = "a"\nat_most = 10\n'),
        ('attribute = "a"\nknown = false\n', 'attribute = "b"\none_of = ["x"]\n'),
        ('attribute = "a"\nnone_of = ["x"]\n', 'attribute = "a"\nnone_of = ["y"]\n'),
        ('activity = "demo"\n', 'activity = "demo"\nwithin_days = 9\nat_most = 0\n'),
        ('activity = "demo"\nat_least = 3\n', 'activity = "demo"\nat_most = 3\n'),
    ],
)
def test_conditions_that_can_hold_together_are_taken(first, second):
    assert read_rulebook(HEAD + GOOD + GATE + first + "[[gate.and]]\n" + second, "rules.toml").gates


def test_segments_may_exclude_what_their_rulebook_asks_for():
    outbound = 'only = { attribute = "direction", one_of = ["outbound"] }\n'
    book = read_rulebook(HEAD + DIM + outbound + RULE + COND + TIER + COND, "rules.toml")
    both = by_segment([(way, "direction", (way,), book) for way in ("inbound", "outbound")])
    assert parse_rulebook(rulebook_to_dict(both), "a bundle") == both
