"""What the commands print: short tables for people, one JSON object for programs."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_LONGEST_CELL = 100

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
    """A table under a title; the column `text` is aligned to the left and wraps, so that no figure is ever cut."""
    title = escape(_one_line(title))
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    for name in head:
        table.add_column(escape(name), justify="left" if name == text else "right", no_wrap=name != text)
    for row in rows:
        table.add_row(*(escape(_one_line(cell)) for cell in row))
    _console.print(table)


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
