from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import altair as alt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml import charts
from leadml.charts import Shape

POINTS = [
    {"predicted": 0.1, "observed": 0.12, "low": 0.08, "high": 0.17, "rows": 300},
    {"predicted": 0.4, "observed": 0.37, "low": 0.2, "high": 0.55, "rows": 40},
]
GAIN = [{"share": s, "captured": math.sqrt(s), "rules": None} for s in (0.0, 0.25, 1.0)]


def make_shape(texts: list[str], kind: str = "category", rows: list[int] | None = None) -> Shape:
    effects = [0.3 * (-1) ** i / (i + 1) for i in range(len(texts))]
    return Shape("f", "Feature", "fit", kind, texts, effects, rows or [10 + i for i in range(len(texts))])


def drawn_texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter("text")]


def svg_of(shape: Shape) -> str:
    return charts.to_svg(charts.shape(shape), name="s", description="a chart")


def test_a_shape_says_which_of_its_lists_is_short() -> None:
    with pytest.raises(ValueError, match=r"shape of 'f' needs one text.* got 2, 1 and 2"):
        Shape("f", "Feature", "fit", "category", ["a", "b"], [0.1], [1, 2])


def test_the_same_chart_gives_the_same_svg_every_time() -> None:
    chart = charts.gain(GAIN)
    assert charts.to_svg(chart, name="g", description="d") == charts.to_svg(chart, name="g", description="d")


def test_ids_of_different_charts_never_meet_and_every_reference_has_its_target() -> None:
    clipped = alt.Chart(alt.InlineData(values=[{"x": 1}, {"x": 2}])).mark_point(clip=True).encode(x="x:Q")
    svgs = [charts.to_svg(clipped, name=name, description="d") for name in ("one", "two")]
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in svgs]
    assert ids == [{"one-1"}, {"two-1"}]
    for svg, own in zip(svgs, ids, strict=True):
        assert set(re.findall(r"url\(#([^)]+)\)", svg)) == own


@pytest.mark.parametrize(
    "chart",
    [
        charts.reliability(POINTS),
        charts.gain(GAIN),
        charts.drivers([{"label": "a", "importance": 0.4}, {"label": "a", "importance": 0.2}]),
        charts.losses([{"label": "a", "lost": 0.4, "low": -0.1, "high": 0.6}]),
        charts.interaction(charts.Interaction("a", "b", ["x"], ["y", "z"], [[0.2, -0.1]], [[3, 4]]), full=0.5),
        charts.waterfall(-1.0, [("Asked for a demo", 0.9), ("No budget", -0.4)], most=1),
        charts.shape(make_shape(["not known", "a", "b"])),
        charts.shape(make_shape([f"{i} to {i + 1}" for i in range(60)], kind="number")),
    ],
    ids=["reliability", "gain", "drivers", "losses", "interaction", "waterfall", "category", "number"],
)
def test_inline_svg_takes_size_font_and_colour_from_the_page(chart: charts.Chart) -> None:
    root = ElementTree.fromstring(charts.to_svg(chart, name="n", description='say "this" & <that>'))
    assert set(root.attrib) == {"viewBox", "role", "aria-label"}
    assert root.attrib["aria-label"] == 'say "this" & <that>'
    for element in root.iter():
        assert not {"font-family", "style", "class", "href"} & set(element.attrib)
        assert not str(element.attrib.get("fill", "")).startswith("#")
        assert not str(element.attrib.get("stroke", "")).startswith("#")


def test_hostile_labels_are_drawn_as_the_text_they_are() -> None:
    hostile = ["<script>alert(1)</script>", "\"'><img>", "a\x00b\ud800c", "datum.rows + 1", "אבג\u202ex", "x" * 10_000]
    svg = svg_of(make_shape(hostile))
    assert {element.tag for element in ElementTree.fromstring(svg).iter()} <= {
        "svg", "g", "path", "rect", "line", "circle", "text", "defs", "clipPath",
    }  # fmt: skip
    texts = drawn_texts(svg)
    assert "a b c" in texts
    assert "datum.rows + 1" in texts
    assert max(map(len, texts)) <= 24


def test_labels_that_look_alike_keep_a_bar_each() -> None:
    texts = drawn_texts(svg_of(make_shape(["same", "same", " same "])))
    assert {"same", "same (2)", "same (3)"} <= set(texts)


def test_values_that_no_row_had_are_left_out() -> None:
    texts = drawn_texts(svg_of(make_shape(["not known", "red", "blue"], rows=[0, 5, 7])))
    assert "red" in texts
    assert "not known" not in texts


def test_a_category_shows_its_most_frequent_values_from_the_strongest_pull_down() -> None:
    shape = make_shape([f"v{i}" for i in range(40)])
    assert len(shape.drawn) == 12
    assert min(shape.rows[code] for code in shape.drawn) == 38
    assert [shape.log_odds[code] for code in shape.drawn] == sorted(
        (shape.log_odds[code] for code in shape.drawn), reverse=True
    )


def test_an_ordered_feature_keeps_all_its_codes_in_order() -> None:
    assert make_shape([str(i) for i in range(40)], kind="number").drawn == list(range(40))


def test_a_shape_without_any_rows_and_an_empty_curve_can_still_be_drawn() -> None:
    assert svg_of(make_shape(["a"], rows=[0])).startswith("<svg")
    assert charts.to_svg(charts.reliability([]), name="r", description="d").startswith("<svg")


def test_heat_maps_side_by_side_have_one_scale_and_a_weak_effect_is_pale_in_all_of_them() -> None:
    weak = charts.Interaction("a", "b", ["x"], ["y"], [[0.06]], [[3]])
    strong = charts.Interaction("a", "b", ["x"], ["y", "z"], [[-0.8, 9.0]], [[3, 0]])  # no row had the second
    assert charts.full_colour([weak]) == pytest.approx(math.log(1.5))
    assert charts.full_colour([weak, strong]) == 0.8
    (cells,) = charts.interaction(weak, full=0.8).to_dict()["datasets"].values()
    assert [cell["strength"] for cell in cells] == [pytest.approx(0.06 / 0.8)]


@pytest.mark.parametrize("effect", [1e-9, 0.01, 0.7, 3.0, 25.0])
def test_effects_of_any_size_are_marked_where_the_odds_stay_as_they_are(effect: float) -> None:
    shape = Shape("f", "F", "fit", "number", ["a", "b"], [effect, -effect], [5, 5])
    ticks = [text for text in drawn_texts(svg_of(shape)) if text.startswith("×")]
    assert "×1" in ticks
    assert 1 <= len(ticks) <= 5


def test_a_gain_curve_without_rules_promises_none() -> None:
    names = drawn_texts(charts.to_svg(charts.gain(GAIN), name="g", description="d"))
    assert "this scorer" in names
    assert "rules alone" not in names
    with_rules = [point | {"rules": point["share"]} for point in GAIN]
    assert "rules alone" in drawn_texts(charts.to_svg(charts.gain(with_rules), name="g", description="d"))


def test_a_reliability_diagram_reaches_as_far_as_its_intervals() -> None:
    texts = drawn_texts(charts.to_svg(charts.reliability(POINTS), name="r", description="d"))
    assert "60\u202f%" in texts
    assert "80\u202f%" not in texts


@given(st.text(), st.integers(1, 50))
def test_plain_text_is_one_short_line_that_utf8_can_hold(text: str, longest: int) -> None:
    line = charts.plain(text, longest)
    assert len(line) <= longest
    assert len(line.splitlines()) <= 1
    line.encode()


@given(st.lists(st.sampled_from(["", "a", "a (2)", "a\n", "abcdef", "abcdeg"]) | st.text(), max_size=8))
def test_distinct_labels_are_as_many_as_the_texts_and_all_different(texts: list[str]) -> None:
    labels = charts.distinct(texts, 5)
    assert len(set(labels)) == len(texts)
