"""Data sets described by small TOML files, so that anyone can add theirs; `benchmarks/sets/` has the public ones.

A file of this kind:

    name = "mine"
    path = "mine/leads.csv"     # below the folder of data that the command is given
    target = "Status"
    won = ["Won"]
    time = "created"            # or `ordered = true` where the rows of the file are in order of time, or neither
    drop = ["Owner note"]
    missing = ["", "n/a"]

    [split]
    newest = 0.2                # or `random = 0.2`, or `patterns = 0.2` to keep equal rows together, with `seeds`
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, PrivateAttr, ValidationError

from leadml.config.fields import A_COLUMN, A_SWITCH, A_TEXT, COLUMNS, OutcomeValues, Section, Switch, Text, Texts, key
from leadml.errors import ConfigError

PUBLIC = Path(__file__).parent / "sets"

_A_PART = "a number between 0 and 1: the share that tests"
_KINDS = ("newest", "random", "patterns")
Part = Annotated[float, Field(strict=True, gt=0, lt=1)]
Seeds = Annotated[tuple[Annotated[int, Field(strict=True, ge=0)], ...], Field(min_length=1)]
Name = Annotated[Text, Field(pattern=r"^\w[\w.-]*$")]


class Split(Section):
    """Which rows test; exactly one of `newest`, `random` and `patterns`."""

    newest: Part | None = key("the newest rows test", _A_PART, None)
    random: Part | None = key("rows drawn at random test, once per seed", _A_PART, None)
    patterns: Part | None = key("whole patterns of equal rows test, drawn once per seed", _A_PART, None)
    seeds: Seeds | None = key("one split per seed", "a list of whole numbers, such as [0, 1, 2]", None)


class DataSet(Section):
    """One file of leads with outcomes, and the split by which figures compare."""

    name: Name = key("what tables call it", "a text of letters, digits, dots, - and _")
    path: Text = key("a CSV file below the folder of data", A_TEXT)
    separator: Annotated[Text, Field(max_length=1)] = key("what separates its columns", "one character", ",")
    target: Text = key("the column with the outcome", A_COLUMN)
    won: Annotated[OutcomeValues, Field(min_length=1)] = key("its values that mean won", 'a list such as ["Won"]')
    time: Text | None = key("a column of numbers or ISO dates that says the order; never a feature", A_COLUMN, None)
    ordered: Switch = key("the rows of the file are in order of time", A_SWITCH, False)
    drop: Texts = key("columns that must not be learned from", COLUMNS, ())
    missing: tuple[str, ...] = key("texts that mean missing", 'a list such as ["", "n/a"]', ("",))
    split: Split = key("which rows test", "a section [split] with newest, random or patterns")

    _file: Path = PrivateAttr(default=Path())

    @property
    def file(self) -> Path:
        """The TOML file, for messages."""
        return self._file


def load_sets(folders: Sequence[Path]) -> dict[str, DataSet]:
    """Every data set of the folders by its name, in the order of the files.

    Raises:
        ConfigError: a folder without TOML files, two sets of one name, or what is wrong with a file (`load_set`).
    """
    found: dict[str, DataSet] = {}
    for folder in folders:
        files = sorted(folder.glob("*.toml"))
        if not files:
            raise ConfigError(f"{folder}: holds no data set; put one TOML file per set into that folder")
        for dataset in map(load_set, files):
            if dataset.name in found:
                other = found[dataset.name].file
                raise ConfigError(f"{dataset.file}: name = {dataset.name!r}: is taken by {other}; choose another")
            found[dataset.name] = dataset
    return found


def load_set(file: Path) -> DataSet:
    """Read one data set's description.

    Raises:
        ConfigError: one line per problem, each with the file, the key, and what may stand there.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as refused:
        raise ConfigError(f"{file}: cannot be read: {refused.strerror}") from refused
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise ConfigError(f"{file}: is not valid TOML: {broken}") from broken
    try:
        dataset = DataSet.model_validate(raw)
    except ValidationError as wrong:
        faults = dict(map(_fault, wrong.errors(include_url=False)))
        raise ConfigError("\n".join(f"{file}: {where}: {what}" for where, what in faults.items())) from wrong
    if impossible := list(_impossible(dataset)):
        raise ConfigError("\n".join(f"{file}: {where}: {what}" for where, what in impossible))
    dataset._file = file
    return dataset


def _fault(error: Any) -> tuple[str, str]:
    """The key that is wrong, and what to do about it."""
    # Where one entry of a list is wrong, the list is.
    names = [part for part in error["loc"] if isinstance(part, str)]
    section = Split if names[0] == "split" and len(names) > 1 else DataSet
    where = ".".join(names)
    if error["type"] == "extra_forbidden":
        return where, f"is no key of a data set; there are {', '.join(section.model_fields)}"
    extra = section.model_fields[names[-1]].json_schema_extra
    allowed = extra["allowed"] if isinstance(extra, dict) else ""
    if error["type"] == "missing":
        return where, f"is missing; give {allowed}"
    return where, f"must be {allowed}, got {error['input']!r}"


def _impossible(dataset: DataSet) -> Iterator[tuple[str, str]]:
    """Keys that are right alone and wrong together."""
    split = dataset.split
    given = [kind for kind in _KINDS if getattr(split, kind) is not None]
    if len(given) != 1:
        yield "split", f"must have exactly one of {', '.join(_KINDS)}, got {' and '.join(given) or 'none'}"
    elif given == ["newest"] and split.seeds:
        yield "split.seeds", "means nothing beside newest; remove it"
    elif given != ["newest"] and not split.seeds:
        yield "split.seeds", f"is missing beside {given[0]}; give a list of whole numbers, such as [0, 1, 2]"
    if split.newest is not None and dataset.time is None and not dataset.ordered:
        yield "split.newest", "needs the order of the rows: give time = COLUMN, or ordered = true"
    if dataset.time is not None and dataset.ordered:
        yield "ordered", "says that the file is in order already; remove it, or time"
    if dataset.target in {dataset.time, *dataset.drop}:
        yield "target", f"{dataset.target!r} cannot be dropped, nor be the time"
