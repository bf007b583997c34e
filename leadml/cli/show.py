"""What the commands print: short tables for people, one JSON object for programs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_LONGEST_CELL = 100
_NARROWEST_TEXT = 24
_BETWEEN = 3

_console = Console(highlight=False, soft_wrap=True)


def command() -> str:
    """How to call leadml again: by its name where the shell finds it, else as it was called."""
    called = Path(sys.argv[0])
    return "leadml" if shutil.which("leadml") or called.name != "leadml" else str(called)


def print_json(content: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    print(json.dumps(content, default=_plain, ensure_ascii=False, indent=2))


def print_lines(*lines: str) -> None:
    """Lines as they are; what looks like markup in them is none."""
    for line in lines:
        _console.print(escape(line))


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, text: str) -> None:
    """A table under a title; the column `text` is aligned to the left and wraps, so that no figure is ever cut.

    What is too wide for the terminal goes on in further tables below, each with the first column again.
    """
    lines = [[_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(head, *lines, strict=True)]
    wraps = [name == text for name in head]
    wraps[0] = wraps[0] or widths[0] > _console.width // 2
    least = [min(width, _NARROWEST_TEXT) if wrap else width for width, wrap in zip(widths, wraps, strict=True)]
    for number, places in enumerate(_side_by_side(least, _console.width)):
        shown = None if number else escape(_one_line(title))
        table = Table(title=shown, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
        for place in places:
            name, wrap = head[place], wraps[place]
            table.add_column(
                escape(name), justify="left" if name == text else "right", no_wrap=not wrap, overflow="fold"
            )
        for line in lines:
            table.add_row(*(escape(line[place]) for place in places))
        if number:
            _console.print()
        _console.print(table)


def _side_by_side(least: Sequence[int], room: int) -> list[list[int]]:
    """Which columns stand side by side, by the width that each needs at least; the first stands in all tables."""
    found = [[0]]
    for place in range(1, len(least)):
        needed = sum(least[other] + _BETWEEN for other in found[-1]) + least[place]
        if needed > room and len(found[-1]) > 1:
            found.append([0])
        found[-1].append(place)
    return found


def _one_line(cell: str) -> str:
    """A user's text may hold line ends, control characters for the terminal, or a novel."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in cell).split())
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[: _LONGEST_CELL - 1]}…"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
