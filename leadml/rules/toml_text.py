"""A rulebook as a TOML file that people can read and change, and that reads back as the same rulebook."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from leadml.predict.rules.rulebook import Rulebook
from leadml.predict.rules.rulebook_text import rulebook_to_dict

__all__ = ["rulebook_to_toml"]


def rulebook_to_toml(rulebook: Rulebook, comments: tuple[str, ...] = ()) -> str:
    """The text of a rulebook file, `comments` first; `read_rulebook` reads it back."""
    head = [f"# {line}".rstrip() for comment in comments for line in comment.splitlines()]
    return "\n".join([*head, *_table(rulebook_to_dict(rulebook), ())]) + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Lines of a table: its own values before any table below it, which would else take them."""
    below = {key: value for key, value in table.items() if isinstance(value, Mapping) or _are_tables(value)}
    indent = "  " * max(len(path) - 1, 0)
    yield from (f"{indent}{_key(key)} = {_value(value)}" for key, value in table.items() if key not in below)
    for key, value in below.items():
        name = ".".join(map(_key, (*path, key)))
        each, open_, close = (value, "[[", "]]") if isinstance(value, list) else ([value], "[", "]")
        for entry in each:
            yield from ("", f"{'  ' * len(path)}{open_}{name}{close}", *_table(entry, (*path, key)))


def _are_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _key(key: str) -> str:
    """The keys of a rulebook file are words."""
    return key if key.replace("_", "").isalnum() and key.isascii() else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _text(text: str) -> str:
    """A basic string: what JSON escapes TOML reads alike, and DEL, which JSON leaves as it is, must be escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
