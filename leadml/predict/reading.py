"""Reading nested tables (TOML, JSON) key by key, collecting every problem instead of stopping at the first.

The predict module has no validation package to lean on; this is the little of one that it needs.
"""

from __future__ import annotations

import difflib
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from leadml.errors import RulebookError

Choice = TypeVar("Choice", bound=str)


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

    @property
    def problems(self) -> Problems:
        """Where problems are noted."""
        return self._problems

    def path_of(self, key: str) -> str:
        """The path of one of this table's keys."""
        return ".".join(part for part in (self._path, key) if part)

    def problem(self, key: str, what: str) -> None:
        """Note a problem at one of this table's keys, which is not unknown then."""
        self._asked.append(key)
        self._problems.add(self.path_of(key), what)

    def skip(self, keys: Iterable[str]) -> None:
        """Say nothing of these keys: what is wrong with them is told elsewhere."""
        self._asked.extend(keys)

    def has(self, key: str) -> bool:
        """Whether the key stands in the table."""
        return key in self._content

    def is_empty(self, key: str) -> bool:
        """Whether the key holds an empty list."""
        return self._content.get(key) == []

    def flag(self, key: str) -> bool:
        """True or false; absent means false."""
        value = self._get(key, default=False)
        if not isinstance(value, bool):
            self._wrong(key, value, "true or false")
        return value is True

    def text(self, key: str, default: str | None = None) -> str:
        """A string that is not blank; required unless a default is given."""
        value = self._get(key, default)
        if isinstance(value, str) and (value.strip() or value == default):
            return value
        self._wrong(key, value, "a text that is not empty")
        return ""

    def optional_text(self, key: str) -> str | None:
        """A string that is not blank, or None where the key is absent."""
        if self.has(key):
            return self.text(key)
        self._asked.append(key)
        return None

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number; required unless a default is given."""
        value = self._get(key, default)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
            return float(value)
        self._wrong(key, value, "a finite number")
        return 0.0

    def optional_number(self, key: str) -> float | None:
        """A finite number, or None where the key is absent."""
        if key in self._content:
            return self.number(key)
        self._asked.append(key)
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings; absent means empty."""
        value = self._get(key, [])
        if _are_texts(value):
            return tuple(value)
        self._wrong(key, value, "a list of texts")
        return ()

    def text_or_texts(self, key: str) -> tuple[str, ...]:
        """One text that is not blank, or a list of at least one; required."""
        value = self._get(key, None)
        several: Any = [value] if isinstance(value, str) else value
        if several and _are_texts(several) and all(text.strip() for text in several):
            return tuple(several)
        self._wrong(key, value, "a text, or a list of texts, that is not empty")
        return ()

    def steps(self, key: str) -> tuple[tuple[str, ...], ...]:
        """A list of texts or of lists of texts; absent means empty."""
        value = self._get(key, [])
        lists: list[Any] = value if isinstance(value, list) else [[]]
        lists = [[item] if isinstance(item, str) else item for item in lists]
        if all(item and _are_texts(item) and all(text.strip() for text in item) for item in lists):
            return tuple(map(tuple, lists))
        self._wrong(key, value, "a list of texts that are not empty")
        return ()

    def choice(self, key: str, allowed: Sequence[Choice]) -> Choice:
        """One of the allowed strings; absent means the first of them."""
        value = self._get(key, allowed[0])
        if value not in allowed:
            self._wrong(key, value, f"one of {', '.join(allowed)}")
            return allowed[0]
        return allowed[allowed.index(value)]

    def table(self, key: str) -> Table | None:
        """A table, None where it is absent."""
        value = self._get(key, None)
        if value is None or isinstance(value, Mapping):
            return None if value is None else Table(value, self.path_of(key), self._problems)
        self._wrong(key, value, "a table")
        return None

    def tables(self, key: str, *, required: bool = True) -> list[Table]:
        """A list of tables, of at least one where `required`."""
        value = self._get(key, [])
        if not isinstance(value, list) or (required and not value):
            self._wrong(key, value, f"one or more [[{key}]] tables")
            return []
        paths = [f"{self.path_of(key)}[{number}]" for number in range(1, len(value) + 1)]
        for path, item in zip(paths, value, strict=True):
            if not isinstance(item, Mapping):
                self._problems.add(path, f"must be a table, got {_shown(item)}")
        pairs = zip(paths, value, strict=True)
        return [Table(item, path, self._problems) for path, item in pairs if isinstance(item, Mapping)]

    def refuse_other_keys(self) -> None:
        """Note every key that nobody asked for, with the nearest one that exists."""
        for key in self._content:
            if key not in self._asked:
                near = difflib.get_close_matches(str(key), self._asked, n=1)
                hint = (
                    f"; did you mean {near[0]!r}?"
                    if near
                    else f"; known keys: {', '.join(sorted({*self._asked} - {''}))}"
                )
                self.problem(str(key), f"unknown key{hint}")

    def _get(self, key: str, default: Any) -> Any:
        self._asked.append(key)
        return self._content.get(key, default)

    def _wrong(self, key: str, value: Any, wanted: str) -> None:
        self.problem(key, f"must be {wanted}, got {_shown(value)}" if key in self._content else f"is missing: {wanted}")


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """Parse a TOML file's text; `where` names the file in the message.

    Raises:
        RulebookError: it is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{where}: not valid TOML: {error}. Mend that line and try again.") from None
    except (ValueError, RecursionError):
        raise RulebookError(
            f"{where}: a number in it is too long, or its brackets are nested too deep. Mend that and try again."
        ) from None


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
