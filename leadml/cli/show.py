"""What the commands print: short tables for people, one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_console = Console(highlight=False, soft_wrap=True)


def print_json(content: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    print(json.dumps(content, default=_plain, ensure_ascii=False, indent=2))


def print_lines(*lines: str) -> None:
    """Lines as they are; what looks like markup in them is none."""
    for line in lines:
        _console.print(escape(line))


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table under a title; all but the first column are aligned to the right."""
    table = Table(title=escape(title), title_justify="left", title_style="bold")
    for position, name in enumerate(head):
        table.add_column(escape(name), justify="right" if position else "left", no_wrap=not position)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    _console.print(table)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
