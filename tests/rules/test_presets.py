"""The shipped rulebooks, and those that users write."""

from __future__ import annotations

from importlib.resources import files

import pyarrow as pa
import pytest

from leadml.errors import RulebookError
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
        assert dimension.question.endswith("?")
        assert dimension.reach[1] > dimension.reach[0]
        words = [word for rule in dimension.rules for one in rule.when for word in one.one_of]
        assert len(set(words)) == len(words), f"{dimension.name}: a word that stands twice is never reached"
        assert not {word.casefold() for word in words} & set(book.unanswered)


def test_presets_are_named_after_their_files():
    assert preset_names() == sorted(
        f.name.removesuffix(".toml") for f in files("leadml.rules.presets").iterdir() if f.name.endswith(".toml")
    )
    assert "bant" in preset_names()


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
    with pytest.raises(
        RulebookError, match=r"absent\.toml: the rulebook cannot be read .*Check \[rules\] in leadml\.toml\.$"
    ):
        load_rulebook(tmp_path / "absent.toml")
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("name = 1", encoding="utf-8")
    with pytest.raises(RulebookError, match=r"wrong\.toml: 2 problems\n(.*\n)*  - name: must be a text"):
        load_rulebook(wrong)
    wrong.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(RulebookError, match=r"wrong\.toml: the rulebook cannot be read"):
        load_rulebook(wrong)
