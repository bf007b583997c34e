"""The page's sections on fields and on pairs: what they say, and that hostile texts in them are inert."""

from __future__ import annotations

from typing import Any

import pytest

from leadml.charts import Interaction
from leadml.report import render
from leadml.report.fields import fields

FIELDS: list[dict[str, Any]] = [
    {
        "field": "src",
        "label": "Source",
        "group": "fit",
        "used": True,
        "by_rules": True,
        "importance": [0.2449, -0.031, 0.5],
        "why": None,
    },
    {"field": "new", "label": "New", "group": "fit", "used": True, "by_rules": False, "importance": None, "why": None},
    {"field": "mail", "label": "Mail", "group": None, "used": False, "importance": None, "why": "personal data"},
]
HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "w" * 10_000]


def pair(left: str = "Source", right: str = "Budget") -> Interaction:
    texts = ["not known", f"{left} a", f"{right} b"]
    return Interaction(
        left, right, texts, texts, [[0.1, -0.7, 0], [2, 0.2, 0], [0.3, 0, 0]], [[5, 90, 0], [1, 0, 0], [0] * 3]
    )


def test_a_field_is_printed_with_what_would_be_lost_or_why_it_is_not_used(facts: dict[str, Any]) -> None:
    used, unmeasured, unused = fields({"fields": FIELDS})
    assert (used.lost, used.interval) == ("24\u202f%", "−3\u202f% to 50\u202f%")
    assert used.group == "Fit, read by the rules"
    assert (unmeasured.used, unmeasured.lost) == (True, "")
    assert (unused.used, unused.why) == (False, "personal data")
    page = render(facts | {"fields": FIELDS}, [])
    assert "2 of 3 fields of the lead table are used" in page
    assert "What was left out, and why" not in page
    assert "What was left out, and why" in render(facts, [])


def test_a_pair_is_drawn_with_its_strongest_cells_and_none_that_nobody_had(facts: dict[str, Any]) -> None:
    page = render(facts, [], [pair()])
    assert "Source with Budget on the odds" in page
    section = page[page.index('id="interactions"') : page.index("The strongest as a table") + 3000].split("</section>")[
        0
    ]
    odds = [line.split("</td>")[0] for line in section.split('<td class="num">×')[1:]]
    assert odds == ["0.50", "7.39", "1.11"]  # by effect times the root of the number of rows
    assert "Full blue is ×7.39 and full orange ×0.14, in all of them" in page
    assert "What counts in combination" not in render(facts, [])


def test_a_pair_refuses_tables_of_another_shape() -> None:
    with pytest.raises(ValueError, match="'a' and 'b' needs tables of 1 x 2"):
        Interaction("a", "b", ["x"], ["y", "z"], [[0.0]], [[1]])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_of_fields_and_pairs_are_inert(text: str, facts: dict[str, Any]) -> None:
    entry = {"field": text, "label": text, "group": text, "used": False, "why": text}
    facts["drivers"] = [
        {"feature": text, "label": text, "group": text, "importance": 1, "lost": 0.1, "low": 0, "high": 1}
    ]
    page = render(facts | {"fields": [entry, entry | {"used": True}]}, [], [pair(text, text)])
    assert not any(there in page for there in ("<script>alert", "<img", "<bdi>49</bdi>", "w" * 1000))
