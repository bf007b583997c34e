"""Read leadml.toml, or say everything that is wrong with it at once."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from leadml.config.combinations import Given, impossible
from leadml.config.cutoff_contradictions import Fault
from leadml.config.fields import Section
from leadml.config.settings import Settings
from leadml.errors import ConfigError

_CLOSE_ENOUGH = 0.6
_LONGEST_VALUE = 60
_RENAMED = {
    "cutoffs.mql_per_week": "per_week under [cutoffs.mql]",
    "cutoffs.sql_per_week": "per_week under [cutoffs.sql]",
    "cutoffs.mql_minimum_conversion": "minimum_precision under [cutoffs.mql]",
    "cutoffs.sql_minimum_conversion": "minimum_precision under [cutoffs.sql]",
}
Location = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def load_settings(path: Path) -> Settings:
    """Read a configuration file.

    Raises:
        ConfigError: the file is missing, is not TOML, or holds unknown keys, wrong values or impossible combinations;
            all of them are listed, one line each.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as missing:
        raise ConfigError(f"{path}: there is no such file; `leadml init SOURCE` writes one") from missing
    except UnicodeDecodeError as foreign:
        raise ConfigError(f"{path}: is not UTF-8 text (byte {foreign.start}); save it as UTF-8") from foreign
    except OSError as refused:
        raise ConfigError(f"{path}: cannot be read: {refused.strerror}") from refused
    return parse_settings(text, path=path)


def parse_settings(text: str, *, path: Path) -> Settings:
    """Turn the text of a configuration file into settings; `path` says where it lies, and names it in errors.

    Raises:
        ConfigError: as for `load_settings`.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise ConfigError(f"{path}: is not valid TOML: {_where_and_what(broken, text)}") from broken
    except (ValueError, RecursionError) as broken:
        raise ConfigError(f"{path}: a number in it is too long, or its brackets are nested too deep") from broken
    try:
        settings = Settings.model_validate(raw)
        faults: list[Fault] = []
    except ValidationError as wrong:
        faults = _faults(wrong, raw)
    faults += impossible(_given(raw, faults))
    if faults:
        raise ConfigError(_listed(path, faults))
    settings._folder = path.absolute().parent
    return settings


def _where_and_what(broken: tomllib.TOMLDecodeError, text: str) -> str:
    what, _, where = str(broken).rpartition(" (at ")
    line = text.count("\n") + 1
    if where.startswith("line "):
        line = int(where.split()[1].rstrip(","))
        where = where.rstrip(")")
    else:
        where = f"line {line}, the end of the file"
    lines = text.splitlines()
    shown = lines[line - 1].strip() if line <= len(lines) else ""
    return f"{where}: {what}" + (f" in: {shown}" if shown else "")


def _listed(path: Path, faults: Sequence[Fault]) -> str:
    head = f"{path}: {len(faults)} problem{'s' if len(faults) > 1 else ''}"
    lines = [f"  {key}{_shown(value)}: {what}" for key, value, what in faults]
    return "\n".join([head, *lines])


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = repr(value)
    return f" = {text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + '...'}"


def _faults(wrong: ValidationError, raw: Mapping[str, Any]) -> list[Fault]:
    faults: dict[str, Fault] = {}
    for error in wrong.errors(include_url=False):
        location, whole = _location(raw, error["loc"])
        names, path = _names(location), _path(location)
        if error["type"] == "extra_forbidden":
            faults[path] = (path, error["input"], _unknown(location))
        elif error["type"] == "missing" and whole:
            faults[path] = (path, None, f"is missing; give {_allowed(names)}")
        else:
            value = _at(raw, location)
            empty = ", not empty" if value in ("", []) else ""
            faults[path] = (path, value, f"must be {_allowed(names)}{empty}")
    return list(faults.values())


def _location(raw: Mapping[str, Any], given: Location) -> tuple[Location, bool]:
    """Where an error is, as a reader finds it, and whether that is all of where it is said to be.

    Of a list of tables the one is named. Of any other list the whole is: its rule is stated, and it is shown whole.
    """
    value: Any = raw
    for depth, part in enumerate(given):
        if isinstance(value, list):
            table = value[part] if isinstance(part, int) and part < len(value) else None
            if not isinstance(table, Mapping):
                return given[:depth], False
            value = table
        else:
            value = value.get(part, {})
    return given, True


def _at(raw: Mapping[str, Any], location: Location) -> Any:
    value: Any = raw
    for part in location:
        value = value[part]
    return value


def _names(location: Location) -> tuple[str, ...]:
    return tuple(part for part in location if isinstance(part, str))


def _path(location: Location) -> str:
    """Write where a key is, a table of a list by its number: "cutoffs.segments[1].name"."""
    for place, part in enumerate(location):
        if isinstance(part, int):
            rest = _path(location[place + 1 :])
            return f"{_path(location[:place])}[{part + 1}]" + (f".{rest}" if rest else "")
    return dotted(_names(location))


def dotted(parts: Sequence[str]) -> str:
    """Write a key's path the way TOML does: parts that are not bare words stand in quotes."""
    # JSON's quoted text is TOML's too.
    return ".".join(
        part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False).replace("\x7f", "\\u007f")
        for part in parts
    )


def _allowed(location: Sequence[str]) -> str:
    known = dict(keys())
    for end in range(len(location), 0, -1):
        found = known.get(dotted(location[:end]))
        if found is None:
            continue
        if isinstance(found.json_schema_extra, dict):
            return str(found.json_schema_extra["allowed"])
        inner = _section(found) or Section
        needed = [name for name, field in inner.model_fields.items() if field.is_required()]
        return f"a section [{dotted(location[:end])}]" + (f" with {', '.join(needed)}" if needed else "")
    raise AssertionError(f"a fault without a key: {location}")


def _unknown(location: Location) -> str:
    if _path(location) in _RENAMED:
        return f"is spelt differently now: write {_RENAMED[_path(location)]}"
    parents = location[:-1]
    nearest = _nearest(location)
    advice = f"; the nearest valid key is {nearest}" if nearest else ""
    where = f"[{_path(parents)}]" if parents else "the file"
    return f"is not a key of leadml.toml{advice}; {where} may hold {', '.join(_siblings(_names(parents)))}"


def _nearest(location: Location) -> str | None:
    """Find the valid key that was probably meant: in the same section first, then anywhere."""
    parents, name = location[:-1], str(location[-1])
    near = difflib.get_close_matches(name.lower(), _siblings(_names(parents)), 1, _CLOSE_ENOUGH)
    if near:
        return _path((*parents, near[0]))
    everywhere = {path.rpartition(".")[2]: path for path, _ in reversed(list(keys()))}
    near = difflib.get_close_matches(name.lower(), everywhere, 1, _CLOSE_ENOUGH)
    return everywhere[near[0]] if near else None


def _siblings(parents: Sequence[str]) -> list[str]:
    under = dotted(parents) + "." if parents else ""
    return [
        path.removeprefix(under) for path, _ in keys() if path.startswith(under) and "." not in path.removeprefix(under)
    ]


def keys(section: type[Section] = Settings, under: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Give every valid key and section with its declaration, in the order in which they are documented."""
    for name, field in section.model_fields.items():
        yield f"{under}{name}", field
        inner = _section(field)
        if inner is not None:
            yield from keys(inner, f"{under}{name}.")


def _section(field: FieldInfo) -> type[Section] | None:
    options = (field.annotation, *get_args(field.annotation))
    return next((t for t in options if isinstance(t, type) and issubclass(t, Section)), None)


def _given(raw: Mapping[str, Any], faults: Sequence[Fault]) -> Given:
    # One wrong table of a list is enough: what the list says together is not judged.
    wrong = {part for path, _, _ in faults for part in (path, path.partition("[")[0])}
    given = Given({path: value for path, value in _flat(raw) if path not in wrong})
    # A misspelt key was meant to be its neighbour: that one must not be reported as left out.
    meant = {_nearest(location) for location in _locations(raw) if dotted(location) in wrong}
    given.faulty = frozenset(wrong | {path for path in meant if path})
    return given


def _flat(raw: Mapping[str, Any], under: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, value in raw.items():
        if isinstance(value, Mapping):
            yield from _flat(value, (*under, name))
        else:
            yield dotted((*under, name)), value


def _locations(raw: Mapping[str, Any], under: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in raw.items():
        yield (*under, name)
        if isinstance(value, Mapping):
            yield from _locations(value, (*under, name))
