"""Moving the cutoff in a real browser: what is shown at a position is what Python printed for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leadml.report.moving import what_if
from leadml.report.moving.rows import Row

pytestmark = pytest.mark.browser

Visit = Callable[..., Any]

SHOWN = """[document.querySelector(`#what-if-${n} output`), ...document.querySelectorAll(`#what-if-${n} [data-cell]`)]
    .map(e => e.textContent)"""
EVERY_POSITION = f"""n => {{
    const slider = document.querySelector(`#what-if-${{n}} input`), found = [];
    for (let place = 0; place <= slider.max; place++) {{
        slider.value = place;
        slider.dispatchEvent(new Event('input'));
        found.push([{SHOWN}, slider.getAttribute('aria-valuetext')]);
    }}
    return found;
}}"""


@pytest.fixture
def tab(page: str, visit: Visit) -> Any:
    return visit(page)


@pytest.fixture
def silent(seen: list[str]) -> Iterator[None]:
    """Nothing but the page itself is asked for, and the browser has nothing to say."""
    yield
    assert [text for text in seen if not text.endswith("/page.html")] == []


def shown(tab: Any, block: int) -> list[str]:
    """The sentence, the cutoff, then each figure with its interval, as they stand in a stage's block."""
    texts: list[str] = tab.evaluate(f"n => {SHOWN}", block)
    return texts


def printed(row: Row) -> list[str]:
    return [row.said, row.cutoff, *(text for cell in row.cells.values() for text in (cell.value, cell.interval))]


def marks(tab: Any, block: int) -> list[str]:
    found: list[str] = tab.evaluate(
        "n => [...document.querySelectorAll(`#what-if-${n} .here, #what-if-${n} .dot`)]"
        ".map(e => e.getAttribute('transform'))",
        block,
    )
    return found


@pytest.mark.usefixtures("silent")
def test_at_every_position_the_page_shows_what_python_printed(tab: Any, facts: dict[str, Any]) -> None:
    for block, moved in enumerate(what_if(facts), start=1):
        found = tab.evaluate(EVERY_POSITION, block)
        assert [texts for texts, _ in found] == [printed(row) for row in moved.rows]
        assert [said for _, said in found] == [f"{row.cutoff}, {row.volume}" for row in moved.rows]


@pytest.mark.usefixtures("silent")
def test_the_keyboard_moves_the_cutoff_and_leads_back(tab: Any, facts: dict[str, Any]) -> None:
    moved = what_if(facts)[0]
    slider = tab.locator("#what-if-1 input")
    slider.focus()
    at_first = marks(tab, 1)
    for key, place in [
        ("ArrowRight", moved.start + 1),
        ("ArrowLeft", moved.start),
        ("ArrowDown", moved.start - 1),
        ("Home", 0),
        ("End", len(moved.rows) - 1),
    ]:
        tab.keyboard.press(key)
        assert shown(tab, 1) == printed(moved.rows[place])
    assert all(before != after for before, after in zip(at_first, marks(tab, 1), strict=True))
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Enter")
    assert shown(tab, 1) == printed(moved.rows[moved.start])
    assert marks(tab, 1) == at_first
    assert tab.evaluate("document.activeElement.type") == "range"
    assert shown(tab, 2) == printed(what_if(facts)[1].rows[what_if(facts)[1].start])


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("width", [320, 1280])
def test_the_mouse_moves_the_cutoff_and_the_marks_stand_under_its_thumb(
    width: int, page: str, visit: Visit, facts: dict[str, Any]
) -> None:
    tab = visit(page, width)
    moved = what_if(facts)[0]
    slider = tab.locator("#what-if-1 input")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    tab.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    place = int(slider.input_value())
    assert 0 < place < moved.start
    assert shown(tab, 1) == printed(moved.rows[place])
    thumb = 24
    expected = box["x"] + thumb / 2 + (box["width"] - thumb) * place / (len(moved.rows) - 1)
    lines = tab.evaluate("[...document.querySelectorAll('#what-if-1 .here')].map(e => e.getBoundingClientRect().x)")
    assert lines
    assert all(abs(line - expected) < 1.5 for line in lines)


def test_a_screen_reader_is_told_what_the_slider_is_where_it_stands_and_what_follows(tab: Any) -> None:
    slider = tab.get_by_label("MQL cutoff", exact=True)
    assert slider.get_attribute("aria-valuetext") == "13.8\u202f%, 61 leads a week"
    output = tab.locator("#what-if-1 output")
    assert output.get_attribute("aria-live") == "polite"
    assert output.get_attribute("for") == slider.get_attribute("id")
    assert tab.get_by_role("slider").count() == 2
    assert tab.get_by_role("button", name="Back to the published cutoff").count() == 2


def test_the_focus_is_seen(tab: Any) -> None:
    slider = tab.locator("#what-if-1 input")
    slider.scroll_into_view_if_needed()
    before = slider.screenshot()
    tab.locator("#what-if-1 button").focus()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.type") == "range"
    assert slider.screenshot() != before


def test_without_scripts_the_table_is_open_and_nothing_is_offered_that_does_nothing(
    page: str, browser: Any, tmp_path: Any, facts: dict[str, Any]
) -> None:
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto((tmp_path / "page.html").as_uri())
    row = what_if(facts)[0].rows[what_if(facts)[0].start]
    assert tab.get_by_role("slider").count() == 0
    assert tab.get_by_role("row", name=f"{row.cutoff} published").first.is_visible()
    assert tab.locator("#what-if-1 output").inner_text() == row.said
    context.close()


def test_a_script_that_is_not_ours_does_not_run(page: str, visit: Visit, seen: list[str]) -> None:
    tab = visit(page.replace("</main>", "<script>document.title = 'taken'</script></main>"))
    assert tab.title() != "taken"
    assert any("Content Security Policy" in text for text in seen)


@pytest.mark.usefixtures("silent")
def test_hostile_names_of_stages_can_be_moved_and_do_nothing(hostile_page: str, visit: Visit) -> None:
    tab = visit(hostile_page, 390)
    assert tab.get_by_role("slider").count() > 1
    for slider in tab.get_by_role("slider").all():
        slider.focus()
        tab.keyboard.press("Home")
    assert tab.evaluate("document.scripts.length") == 2


@pytest.mark.usefixtures("silent")
def test_a_notebook_shows_the_same_figures_and_needs_no_network(facts: dict[str, Any], visit: Visit) -> None:
    facts["what_if"] = {"MQL": facts["what_if"]["MQL"][50:60]}
    moved = what_if(facts)[0]
    tab = visit(f"<!DOCTYPE html><title>cell</title>{moved.chart()._repr_html_()}", 700)
    frame = tab.frame_locator("iframe")
    slider = frame.locator("input[type=range]")

    def expected(place: int) -> set[str]:
        row = moved.rows[place]
        return {f"{figure.title} from {row.cutoff} up: {row.cells[figure.key]}" for figure in moved.figures}

    def texts(some: str) -> set[str]:
        frame.locator("svg text", has_text=some).first.wait_for()
        return {text for text in frame.locator("svg text").all_text_contents() if " up: " in text}

    assert texts(f"from {moved.rows[moved.start].cutoff} up") == expected(moved.start)
    slider.focus()
    tab.keyboard.press("Home")
    assert texts(f"from {moved.rows[0].cutoff} up") == expected(0)
