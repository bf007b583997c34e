from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser

PHONE, DESKTOP = 390, 1280
Visit = Callable[..., Any]


def widths(tab: Any) -> tuple[int, int]:
    """Width of the page's content and of the window."""
    content, window = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return content, window


@pytest.mark.parametrize("name", ["page", "hostile_page", "no_signal_page"])
@pytest.mark.parametrize("width", [320, PHONE, 768, DESKTOP])
def test_the_page_is_silent_asks_for_nothing_and_fits_its_window(
    name: str, width: int, visit: Visit, seen: list[str], request: pytest.FixtureRequest
) -> None:
    tab = visit(request.getfixturevalue(name), width)
    content, window = widths(tab)
    assert content <= window == width
    assert [url for url in seen if not url.endswith("/page.html")] == []
    assert len(seen) == 1


def test_hostile_texts_are_shown_and_do_nothing(hostile_page: str, visit: Visit, seen: list[str]) -> None:
    tab = visit(hostile_page, PHONE)
    assert "<script>alert(1)</script>" in tab.inner_text("body")
    assert tab.evaluate("document.querySelectorAll('img, iframe').length") == 0
    assert tab.evaluate("document.scripts.length") == 2
    assert not [text for text in seen if text in "12"]


def test_no_text_of_the_page_is_cut_by_the_edge_of_a_phone(page: str, visit: Visit) -> None:
    outside = visit(page, PHONE).evaluate(
        """[...document.querySelectorAll('main *, header *')]
            .filter(e => !e.closest('thead'))
            .filter(e => { const r = e.getBoundingClientRect(); return r.width && (r.left < 0 || r.right > 391) })
            .map(e => e.tagName + ' ' + e.textContent.slice(0, 40))"""
    )
    assert outside == []


@pytest.mark.parametrize("width", [PHONE, DESKTOP])
def test_the_text_in_charts_is_large_enough_to_read(page: str, width: int, visit: Visit) -> None:
    heights = visit(page, width).evaluate(
        "[...document.querySelectorAll('svg text')].map(t => 12 * t.getScreenCTM().a).filter(h => h > 1)"
    )
    assert min(heights) >= 9
    assert max(heights) <= 17


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_charts_stand_out_from_the_ground_in_both_schemes(page: str, scheme: str, visit: Visit) -> None:
    ratios = visit(page, DESKTOP, scheme).evaluate(CONTRASTS)
    too_faint = {name: ratio for name, ratio in ratios if ratio < (4.5 if name.startswith("text") else 3)}
    assert too_faint == {}
    assert len(ratios) > 20


def test_the_keyboard_reaches_the_report_and_every_table_behind_a_chart(page: str, visit: Visit) -> None:
    tab = visit(page)
    reached = []
    for _ in range(20):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate("document.activeElement.tagName + ' ' + document.activeElement.textContent"))
    assert reached[0] == "A Skip to the report"
    assert sum(text == "SUMMARY The same as a table" for text in reached) >= 9


# WCAG contrast of every text on a plain ground, and of everything drawn in the charts' two signal colours.
CONTRASTS = """
(() => {
  const rgb = s => s.match(/[\\d.]+/g).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = e => { for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } };
  const ratio = (a, b) => {
      const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05);
  };
  const texts = [...document.querySelectorAll('body *')].filter(e => !e.closest('svg'))
      .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
      .map(e => ['text ' + e.className + ' ' + e.textContent.trim().slice(0, 30), rgb(getComputedStyle(e).color), e]);
  const marks = [...document.querySelectorAll('svg [fill*=raises], svg [fill*=lowers], svg text')]
      .map(e => [(e.tagName === 'text' ? 'text ' : 'mark ') + e.getAttribute('fill'),
                 rgb(getComputedStyle(e).fill), e]);
  return [...texts, ...marks].map(([name, colour, e]) => [name, ratio(colour, ground(e))]);
})()
"""
