"""The section in which cutoffs are moved: what stands there at first, and what the script puts in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadml.report.cutoff_figures import Cell, Figure
from leadml.report.moving.curves import Curve, across, curves, ticks
from leadml.report.moving.rows import Row, WhatIf, what_if


@dataclass(frozen=True)
class Tick:
    """A position that the axis names: how far from the left it stands, 0 to 100, and the two lines said of it."""

    across: float
    cutoff: str
    volume: str


@dataclass(frozen=True)
class Block:
    """One stage's slider with its figures and curves; `across` is where the slider stands at first."""

    moved: WhatIf
    curves: dict[str, Curve]
    ticks: list[Tick]
    across: float

    @property
    def start(self) -> Row:
        """The row that is shown before anything is moved."""
        return self.moved.rows[self.moved.start]

    @property
    def valuetext(self) -> str:
        """What a screen reader says of the slider at first."""
        return _valuetext(self.start)

    @property
    def lines(self) -> list[tuple[Figure, Cell, Curve | None]]:
        """Each figure with what it is at first, and its curve where it has one."""
        return [(f, self.start.cells[f.key], self.curves.get(f.key)) for f in self.moved.figures]

    @property
    def table(self) -> list[tuple[Row, bool]]:
        """Rows below and above the start; True marks the published cutoff."""
        return [(self.moved.rows[place], place == self.moved.published) for place in self.moved.around]

    def described(self, curve: Curve) -> str:
        """A curve in words, for those who do not see it."""
        said = "; ".join(
            f"from {row.cutoff} up {row.cells[curve.figure.key].value}"
            for row in (self.moved.rows[place] for place in ticks(self.moved))
        )
        return f"{curve.figure.title} by cutoff: {said}."


def blocks(facts: Mapping[str, Any]) -> list[Block]:
    """A block per stage whose cutoff can be moved."""
    return [_block(moved) for moved in what_if(facts)]


def moves(blocks: list[Block]) -> list[dict[str, Any]]:
    """What the script puts on the page for each position of each slider, printed and placed."""
    return [{"start": block.moved.start, "rows": _positions(block)} for block in blocks]


def _block(moved: WhatIf) -> Block:
    named = [Tick(across(moved, i), moved.rows[i].cutoff, _short(moved.rows[i])) for i in ticks(moved)]
    return Block(moved, curves(moved), named, across(moved, moved.start))


def _short(row: Row) -> str:
    return next((row.cells[key].value for key in ("per_week", "leads") if key in row.cells), "")


def _positions(block: Block) -> list[dict[str, Any]]:
    drawn = list(block.curves.values())
    return [
        {
            "said": row.said,
            "valuetext": _valuetext(row),
            "cells": [row.cutoff, *(text for f in block.moved.figures for text in _texts(row.cells[f.key]))],
            "across": across(block.moved, place),
            "heights": [curve.heights[place] for curve in drawn],
        }
        for place, row in enumerate(block.moved.rows)
    ]


def _texts(cell: Cell) -> tuple[str, str]:
    return cell.value, cell.interval


def _valuetext(row: Row) -> str:
    return ", ".join(filter(None, (row.cutoff, row.volume)))
