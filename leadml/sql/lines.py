"""SQL as lines that can be read: CASE expressions, lists and comments.

Lines are lists, not one text, as a quoted name or text may hold line ends, which must not be indented.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

Lines: TypeAlias = list[str]

_WIDE = 24
_INDENT = "    "


def case(whens: Sequence[tuple[str, str]], otherwise: str, notes: Sequence[str] = ()) -> Lines:
    """CASE over conditions, one line each; `notes` are comments of the conditions and then of what is otherwise."""
    said = [f"WHEN {when} THEN {value}" for when, value in whens] + [f"ELSE {otherwise}"]
    return ["CASE", *indented(remarked(said, notes)), "END"]


def pick(code: str, values: Sequence[str], notes: Sequence[str] = ()) -> Lines:
    """The value at a code, 0 being the first. Many are split into blocks, so that few comparisons find one."""
    said = remarked([f"WHEN {number} THEN {value}" for number, value in enumerate(values)], notes)
    if len(said) <= _WIDE:
        return [f"CASE {code}", *indented(said), "END"]
    size = max(_WIDE // 2, round(len(said) ** 0.5))
    lines: Lines = []
    for start in range(0, len(said), size):
        lines += [f"WHEN {code} < {start + size} THEN CASE {code}", *indented(said[start : start + size]), "END"]
    return ["CASE", *indented(lines), "END"]


def in_line(code: str, values: Sequence[str]) -> str:
    """The value at a code, in one line."""
    return f"CASE {code} {' '.join(f'WHEN {number} THEN {value}' for number, value in enumerate(values))} END"


def chain(addends: Sequence[str]) -> Lines:
    """A sum in its order, some addends a line."""
    size = 10
    rows = [" + ".join(addends[start : start + size]) for start in range(0, len(addends), size)]
    return [rows[0], *indented(f"+ {line}" for line in rows[1:])]


def listed(items: Iterable[Lines], separator: str = ",") -> Lines:
    """Items one below the other with a separator between them, before any comment at their end."""
    items = list(items)
    lines: Lines = []
    for number, item in enumerate(items, start=1):
        lines += item if number == len(items) else [*item[:-1], item[-1] + separator]
    return lines


def indented(lines: Iterable[str]) -> Lines:
    """Lines further to the right."""
    return [_INDENT + line for line in lines]


def remarked(lines: Sequence[str], notes: Sequence[str]) -> Lines:
    """Lines with a comment at the end of each; without notes as they are."""
    return [f"{line}{remark(note)}" for line, note in zip(lines, notes, strict=True)] if notes else list(lines)


def remark(text: str) -> str:
    """A comment at the end of a line; a user's text may hold line ends."""
    return f"  -- {one_line(text)}" if text else ""


def one_line(text: str) -> str:
    """A text as a comment can hold it: in one line, without what cannot be seen or what Spark would replace."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()).replace("${", "$ {")
