"""A chart as SVG inside a page: as wide as its place, in the page's colours and font, inert."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import vl_convert
from altair.typing import ChartType

from leadml.charts.text import plain
from leadml.charts.theme import FAINT, GRID, INK, LOWERS, RAISES

_COLOURS = {
    INK: "currentColor",
    FAINT: f"var(--chart-faint, {FAINT})",
    GRID: f"var(--chart-grid, {GRID})",
    RAISES: f"var(--chart-raises, {RAISES})",
    LOWERS: f"var(--chart-lowers, {LOWERS})",
}
_DRAWING = {"g", "path", "rect", "line", "circle", "text", "tspan", "defs", "clipPath"}
# Font and accessibility are the page's: the chart is one image with one description.
_DROPPED = re.compile(r"class|role|aria-.*|font-family|pointer-events|style|on.*|.*href|.*}.*")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")


def to_svg(chart: ChartType, *, name: str, description: str) -> str:
    """`chart` as one `<svg>` element for a page that may hold many.

    `name` starts every id in it and so must differ between the charts of a page; `description` is what a
    screen reader says. Width and height are left to the page's style; equal charts give equal text.
    """
    drawn: str = vl_convert.vegalite_to_svg(chart.to_dict())
    source = ElementTree.fromstring(drawn)  # noqa: S314 - drawn here, from our own specification
    svg = ElementTree.Element(
        "svg", {"viewBox": source.attrib["viewBox"], "role": "img", "aria-label": plain(description, 600)}
    )
    svg.extend(_kept(source))
    _rename_ids(svg, name)
    return ElementTree.tostring(svg, encoding="unicode")


def _kept(source: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Children that draw something, copied without namespace and with only what drawing needs."""
    for child in source:
        tag = child.tag.rpartition("}")[2]
        if tag not in _DRAWING or child.get("display") == "none":
            continue
        copy = ElementTree.Element(tag, dict(_attributes(child)))
        copy.text = child.text
        copy.extend(_kept(child))
        if len(copy) or copy.text or tag not in {"g", "text"}:
            yield copy


def _attributes(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for key, value in element.attrib.items():
        if _DROPPED.fullmatch(key):
            continue
        yield key, _COLOURS.get(value, _LONG_NUMBER.sub(_short, value))


def _short(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}"


def _rename_ids(svg: ElementTree.Element, name: str) -> None:
    # The renderer counts ids over its whole life, so the same chart gets other ids each time.
    renamed: dict[str, str] = {}
    for element in svg.iter():
        if "id" in element.attrib:
            renamed[element.attrib["id"]] = f"{name}-{len(renamed) + 1}"
    for element in svg.iter():
        _rename(element.attrib, renamed)


def _rename(attributes: dict[str, Any], renamed: dict[str, str]) -> None:
    if "id" in attributes:
        attributes["id"] = renamed[attributes["id"]]
    clip = re.fullmatch(r"url\(#(.+)\)", attributes.get("clip-path", ""))
    if clip:
        attributes["clip-path"] = f"url(#{renamed[clip[1]]})"
