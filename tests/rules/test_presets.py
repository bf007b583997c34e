"""The shipped rulebooks, and those that users write."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pyarrow as pa
import pytest

from leadml.errors import RulebookError
from leadml.predict.encoding import fold
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rulebook_text import parse_rulebook, rulebook_to_dict
from leadml.rules import Names, load_rulebook, map_rulebook, preset_names

ANSWERS = ("budget", "authority", "need", "timeline")

GOLDEN = [
    # budget, authority, need, timeline -> points of each
    (("Approved", "Decision Maker", "Urgent", "This Quarter"), (25, 25, 25, 25)),
    (("planned", "influencer", "exploring", "next quarter"), (12, 12, 10, 10)),
    (("no", "student", "none", "someday"), (0, 0, 0, 0)),
    (("50000", "CFO", "because", "2031"), (20, 0, 0, 0)),
    (("1", "1", "1", "soonish"), (25, 25, 25, 0)),
    (("0", "0", "0", "< 3 months"), (0, 0, 0, 25)),
    (("unknown", "Select", "?", "-"), (0, 0, 0, 0)),
    ((None, "", "  ", None), (0, 0, 0, 0)),
    ((" YES ", " yes", "Yes", "NOW"), (25, 25, 25, 25)),
    (("0.5", "high", "high", "12 months"), (0, 25, 25, 10)),
]


def bant():
    return map_rulebook(load_rulebook("bant"), Names(ANSWERS), advice="")[0]


@pytest.mark.parametrize(("answers", "expected"), GOLDEN)
def test_bant_gives_the_points_worked_out_by_hand(answers, expected):
    rows = pa.table({name: pa.array([value], pa.string()) for name, value in zip(ANSWERS, answers, strict=True)})
    points = bant().points(rows)
    assert list(points) == ["Budget", "Authority", "Need", "Timeline"]
    assert tuple(float(value[0]) for value in points.values()) == expected


def test_bant_reads_a_budget_that_comes_as_a_number():
    rows = pa.table({"budget": [50_000.0, 1.0, 0.0, None], **{name: pa.nulls(4, pa.string()) for name in ANSWERS[1:]}})
    book = bant()
    codes = book.evaluate(book.rows(rows)).codes[0]
    assert [book.dimensions[0].describe(code) for code in codes] == [
        "amount named",
        "budget approved",
        "no budget",
        "not known",
    ]


def test_bant_finds_its_answers_under_the_users_names():
    names = Names({"Money?", "timeline", "x"}, {"budget": "Money?", "need": "Pain"})
    resolved, unmapped = map_rulebook(load_rulebook("bant"), names, advice="")
    assert resolved.columns == ("Money?", "timeline")
    assert unmapped == ("Authority", "Need")


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_give_and_withhold_points_in_every_dimension(name):
    book = load_rulebook(name)
    assert book.name
    assert book.about
    for dimension in book.dimensions:
        assert dimension.reach[1] > dimension.reach[0]
        assert dimension.question is None or dimension.question.endswith("?")
        asked = [(one.name, word) for rule in dimension.rules for one in rule.when[:1] for word in words_of(one)]
        both = [rule.label for rule in dimension.rules if len(rule.when) > 1]
        assert both or len(set(asked)) == len(asked), f"{dimension.name}: a word that stands twice is never reached"
        assert not {word for _, word in asked} & set(book.unanswered)


def words_of(condition):
    return [fold(word) for word in getattr(condition, "one_of", ())]


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_says_in_its_head_what_it_is_and_how_to_map_it(name):
    text = files("leadml.rules.presets").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    head = text[: text.index("format = 1")]
    assert all(line.startswith("# ") for line in head.splitlines())
    assert re.search(r"# (Source: |BANT: .*\(IBM)", head)
    assert re.search(r"# (.*\. )?Map ", head)
    book = load_rulebook(name)
    for condition in conditions_of(book):
        assert condition in head, f"{condition} is not among what the head says to map"


def conditions_of(book):
    """Names of all that a rulebook asks of a lead."""
    whens = [rule.when for dimension in book.dimensions for rule in dimension.rules]
    whens += [when for gate in book.gates for when in (gate.when, gate.only)]
    named = {one.name for when in whens for one in when if isinstance(one, ValueCondition)}
    types = {kind for count in book.counts for step in (*count.after, count.types) for kind in step}
    return sorted(named | types - {"*"})


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_survives_json(name):
    book = load_rulebook(name)
    assert parse_rulebook(json.loads(json.dumps(rulebook_to_dict(book))), "json") == book


def test_interest_is_told_from_intent():
    for name in ("engagement_points", "p_map", "e_map"):
        groups = {}
        for dimension in load_rulebook(name).dimensions:
            for rule in dimension.rules:
                for kind in rule.each.types if rule.each else ():
                    groups.setdefault(rule.group or dimension.group, set()).add(kind)
        assert groups["intent"] <= {"demo_request", "pricing_page", "trial_use", "intent_signal"}
        assert groups["engagement"] <= {
            *("page_view", "email_open", "email_click", "webinar", "white_paper", "careers_page"),
        }


def test_presets_are_named_after_their_files():
    assert preset_names() == sorted(
        f.name.removesuffix(".toml") for f in files("leadml.rules.presets").iterdir() if f.name.endswith(".toml")
    )
    assert preset_names() == ["bant", "champ", "e_map", "engagement_points", "gpctba_ci", "icp", "p_map", "persona"]


def test_an_unknown_preset_is_refused_with_the_nearest_one():
    with pytest.raises(
        RulebookError, match=r"^There is no preset 'bamt'\. Did you mean 'bant'\? Presets: .*bant.*\.toml\.$"
    ):
        load_rulebook("bamt")


def test_a_users_file_is_read_by_path_with_or_without_a_byte_order_mark(tmp_path):
    text = files("leadml.rules.presets").joinpath("bant.toml").read_text(encoding="utf-8")
    for encoding in ("utf-8", "utf-8-sig"):
        path = tmp_path / "own.toml"
        path.write_text(text, encoding=encoding)
        assert load_rulebook(path) == load_rulebook(str(path)) == load_rulebook("bant")


def test_a_file_that_cannot_be_read_or_is_no_rulebook_is_named(tmp_path):
    with pytest.raises(RulebookError, match=r"absent\.toml: .* cannot be read \(No such file or directory\)\. Check"):
        load_rulebook(tmp_path / "absent.toml")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("name = 1", encoding="utf-8")
    with pytest.raises(RulebookError, match=r"wrong\.toml: 2 problems\n(.*\n)*  - name: must be a text"):
        load_rulebook(wrong)
    wrong.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(RulebookError, match=r"wrong\.toml: the rulebook cannot be read"):
        load_rulebook(wrong)
