"""Reading nested tables (TOML, JSON) key by key, collecting every problem instead of stopping at the first.

The predict module has no validation package to lean on; this is the little of one that it needs.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping
from typing import Any

_REQUIRED: Any = object()


class Problems:
    """What is wrong, each with the path of its key."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, path: str, what: str) -> None:
        """Note one problem at `path`."""
        self._lines.append(f"{path or 'top level'}: {what}")

    def message(self, where: str) -> str:
        """All problems as one text, headed by the file's name."""
        count = "1 problem" if len(self._lines) == 1 else f"{len(self._lines)} problems"
        return "\n".join([f"{where}: {count}", *(f"  - {line}" for line in self._lines)])


class Table:
    """A mapping whose keys are asked for by name and type; a bad value is noted and replaced by a harmless one."""

    def __init__(self, content: Any, path: str, problems: Problems) -> None:
        self._path = path
        self._problems = problems
        self._asked: list[str] = []
        self._content: Mapping[str, Any] = content if isinstance(content, Mapping) else {}
        if not isinstance(content, Mapping):
            self.problem("", f"must be a table, got {_shown(content)}")

    def problem(self, key: str, what: str) -> None:
        """Note a problem at one of this table's keys."""
        self._problems.add(".".join(part for part in (self._path, key) if part), what)

    def text(self, key: str, default: str = _REQUIRED) -> str:
        """A non-empty string."""
        value = self._get(key, default, "a text")
        if isinstance(value, str) and (value.strip() or value == default):
            return value
        return self._wrong(key, value, "a text that is not empty", "")

    def number(self, key: str, default: float | None = _REQUIRED) -> float | None:
        """A finite number."""
        value = self._get(key, default, "a number")
        if value is None or (_is_number(value) and math.isfinite(value)):
            return value if value is None else float(value)
        return self._wrong(key, value, "a finite number", 0.0)

    def integer(self, key: str, default: int | None = _REQUIRED) -> int | None:
        """A whole number."""
        value = self._get(key, default, "a whole number")
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        return self._wrong(key, value, "a whole number", 0)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; absent means empty."""
        value = self._get(key, [], "a list of texts")
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        return self._wrong(key, value, "a list of texts", ())

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the allowed strings; absent means `default`, or the first of them."""
        first = next(iter(allowed)) if default is None else default
        value = self._get(key, first, "a text")
        if value in allowed:
            return str(value)
        return self._wrong(key, value, f"one of {', '.join(allowed)}", first)

    def tables(self, key: str, *, at_least_one: bool = False) -> list[Table]:
        """A list of tables."""
        value = self._get(key, [], "a list of tables")
        if not isinstance(value, list):
            return self._wrong(key, value, "a list of tables", [])
        if at_least_one and not value:
            self.problem(key, f"is empty; at least one [[{key}]] is needed")
        path = f"{self._path}.{key}" if self._path else key
        return [
            Table(item, f"{path}[{number}]", self._problems) for number, item in enumerate(value, start=1)
        ]

    def refuse_other_keys(self) -> None:
        """Note every key that nobody asked for, with the nearest one that exists."""
        for key in self._content:
            if key not in self._asked:
                near = difflib.get_close_matches(str(key), self._asked, n=1)
                hint = (
                    f"; did you mean {near[0]!r}?"
                    if near
                    else f"; known keys: {', '.join(sorted(self._asked))}"
                )
                self.problem(str(key), f"unknown key{hint}")

    def _get(self, key: str, default: Any, what: str) -> Any:
        self._asked.append(key)
        if key not in self._content and default is _REQUIRED:
            self.problem(key, f"is missing; it must be {what}")
            return {"a text": "?", "a number": 0.0}.get(what, 0)
        return self._content.get(key, default)

    def _wrong(self, key: str, value: Any, wanted: str, harmless: Any) -> Any:
        self.problem(key, f"must be {wanted}, got {_shown(value)}")
        return harmless


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
