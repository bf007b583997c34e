from __future__ import annotations

import base64
import hashlib
import importlib
import itertools
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import leadml.report
from leadml.charts import Shape
from leadml.report import render, traces


class Page(HTMLParser):
    """What a page is made of: its elements in order, each with attributes and own text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[list[str]] = [[]]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs), []))
        self._open.append(self.elements[-1][2])

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].append(data)

    def tags(self) -> list[str]:
        return [tag for tag, _, _ in self.elements]


def text_of(html: str) -> str:
    body = html[html.index("<body>") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_same_facts_give_the_same_bytes(page: str, facts: dict[str, Any], shapes: list[Shape]) -> None:
    assert render(json.loads(json.dumps(facts)), shapes).encode() == page.encode()


def test_the_page_refers_to_nothing_outside_itself(page: str) -> None:
    elements = Page(page).elements
    links = [a.get(key) for _, a, _ in elements for key in ("href", "src", "srcset", "action", "data") if a.get(key)]
    ids = {a["id"] for _, a, _ in elements if a.get("id")}
    assert all(link == "data:," or (link[0] == "#" and link[1:] in ids) for link in links if link)
    assert not {"img", "iframe", "object", "embed", "form", "base"} & set(Page(page).tags())
    assert "@import" not in page
    assert "url(" not in page.replace("url(#", "")


def test_the_only_script_that_may_run_is_the_one_whose_digest_the_page_states(page: str) -> None:
    elements = Page(page).elements
    policy = next(a["content"] for tag, a, _ in elements if a.get("http-equiv") == "Content-Security-Policy")
    data, script = ["".join(text) for tag, _, text in elements if tag == "script"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in (policy or "").split("; ")
    assert "default-src 'none'" in (policy or "")
    assert not set("<>&") & set(data)
    assert not any(name.startswith("on") for _, attributes, _ in elements for name in attributes)


def test_a_page_with_nothing_to_move_runs_no_script(no_signal_page: str) -> None:
    assert "script" not in Page(no_signal_page).tags()
    assert "script-src" not in no_signal_page


def test_ids_are_unique(page: str) -> None:
    ids = [a["id"] for _, a, _ in Page(page).elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_headings_descend_one_level_at_a_time_from_a_single_title(page: str) -> None:
    levels = [int(tag[1]) for tag in Page(page).tags() if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_every_chart_a_description(page: str) -> None:
    elements = Page(page).elements
    tags = [tag for tag, _, _ in elements]
    assert tags.count("table") == tags.count("caption") > 4
    described = [a.get("aria-label") for tag, a, _ in elements if tag == "svg"]
    assert len(described) == 4 + 8 + 2 * 3 + 1
    assert all(label and len(label) > 20 for label in described)


def test_every_section_is_there_in_the_order_of_a_reader(page: str) -> None:
    titles = ["".join(text).strip() for tag, _, text in Page(page).elements if tag == "h2"]
    assert titles == [
        "Read this first", "How good it is", "Does it keep its word?", "How early it finds the wins",
        "Cutoffs and weekly volumes", "Move the cutoff", "The weeks ahead", "Grades",
        "Missed wins and false alarms", "Fairness", "Sales velocity", "Return on lead cost", "What moves the score",
        "What the rules add", "What was left out, and why",
        "Findings about the data", "How the figures were computed",
    ]  # fmt: skip


def test_the_strongest_drivers_are_drawn_first_and_only_eight_of_them(page: str) -> None:
    text = text_of(page)
    text = text[text.index("What moves the score") :]
    assert text.index("pricing page views") < text.index("industry") < text.index("month of creation")
    assert "country" not in text


def test_a_category_with_more_values_than_fit_says_so(page: str) -> None:
    assert "The 12 most frequent of 16 values." in page


def test_without_a_signal_there_is_a_banner_and_no_cutoff(no_signal_page: str, facts: dict[str, Any]) -> None:
    assert "does no better than giving every lead the base rate" in text_of(no_signal_page)
    assert "a cutoff would pick leads at random" in text_of(no_signal_page)
    facts["signal"] = False
    assert "13.8\u202f%" not in render(facts, [])


def test_a_cutoff_that_was_not_published_is_explained(facts: dict[str, Any]) -> None:
    facts["cutoffs"][1] |= {"probability": None, "why": "No cutoff reaches 60 % conversion."}
    text = text_of(render(facts, []))
    assert "no cutoff" in text
    assert "No cutoff reaches 60 % conversion." in text


@pytest.mark.parametrize("gap", [None, math.nan, [], {}, "text", 7, [None], [[]], {"a": None}])
def test_any_part_of_the_facts_may_be_missing_or_unreadable(gap: object, facts: dict[str, Any]) -> None:
    # Drawing takes long, and the charts have such tests of their own.
    facts |= {"drivers": [], "forecast": None, "what_if": None, "velocity": facts["velocity"] | {"months": []}}
    facts["evaluation"] |= {"reliability": [], "gain": []}
    for key in facts:
        assert "</html>" in render(facts | {key: gap}, [])
    for key in ("evaluation", "rules", "population", "velocity", "returns"):
        gaps = dict.fromkeys(facts[key], gap)
        assert "</html>" in render(facts | {key: gaps}, [])
    for key in ("cutoffs", "grades", "findings", "excluded", "candidates"):
        assert "</html>" in render(facts | {key: [dict.fromkeys(facts[key][0], gap)]}, [])


def test_without_any_facts_there_is_still_a_page() -> None:
    assert "has not been measured" in text_of(render({}, []))


def test_users_texts_are_never_markup(hostile_page: str) -> None:
    tags = set(Page(hostile_page).tags())
    assert "img" not in tags
    assert Page(hostile_page).tags().count("script") == 2
    assert Page(hostile_page).tags().count("style") == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in hostile_page
    assert "{{ 7 * 7 }}" in hostile_page
    hostile_page.encode()


def test_the_page_stays_small_whatever_the_data_was_like(facts: dict[str, Any]) -> None:
    long = "&'\"<" * 5_000
    facts["findings"] = [{"code": long, "level": "warning", "column": long, "message": long, "advice": long}] * 5_000
    facts["excluded"] = [{"column": long, "why": long}] * 5_000
    facts["rules"]["dimensions"] *= 500
    texts = [f"{i} {long}" for i in range(255)]
    shapes = [
        Shape(str(i), long, long, kind, texts, [math.sin(j) for j in range(255)], [j + 1 for j in range(255)])
        for i, kind in enumerate(("number", "category") * 20)
    ]
    html = render(facts, shapes)
    assert len(html.encode()) < 2_000_000
    assert "And 4,900 more." in html


def test_every_section_with_figures_says_how_they_were_computed_and_by_which_function(page: str) -> None:
    sections = {"".join(text).strip() for tag, _, text in Page(page).elements if tag == "h2"}
    traced = {trace.section for trace in traces.TRACES}
    assert sections - {"Read this first", "How the figures were computed"} <= traced
    for trace in traces.TRACES:
        for name in trace.functions:
            module, _, function = name.rpartition(".")
            assert len(getattr(importlib.import_module(module), function).__doc__ or "") > 50, name
    assert "leadml.training.cutoffs.curve.figures_at" in page


def test_a_section_that_the_page_does_not_have_is_not_traced(facts: dict[str, Any]) -> None:
    for name in ("forecast", "grades", "evaluation"):
        html = render({key: value for key, value in facts.items() if key != name}, [])
        titles = {"".join(text).strip() for tag, _, text in Page(html).elements if tag == "h2"}
        listed = {
            one.section for one in traces.TRACES if f'<th role="rowheader" scope="row">{one.section}</th>' in html
        }
        assert listed == titles - {"Read this first", "How the figures were computed"}
    assert "<!-- traces -->" not in html


def test_the_correction_the_gate_and_the_segments_are_traced_where_they_are_told(page: str) -> None:
    (word,) = [trace for trace in traces.TRACES if trace.section == "Does it keep its word?"]
    told = {name.rpartition(".")[2] for name in word.functions}
    assert {"follow", "corrected_now", "judge_gate", "segment_calibration"} <= told
    assert all(name in page for name in word.functions)


def test_every_section_of_the_templates_is_traced() -> None:
    folder = Path(traces.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.html") if path.name != "lead.html"]
    titles = {title for text in texts for title in re.findall(r"<h2[^>]*>(.*?)</h2>", text)}
    assert titles - {"Read this first", "How the figures were computed"} == {one.section for one in traces.TRACES}


def test_one_place_alone_puts_charts_on_the_page_unescaped():
    report = Path(leadml.report.__file__).parent
    assert [path.name for path in report.glob("*.py") if "to_svg(" in path.read_text("utf-8")] == ["figures.py"]
