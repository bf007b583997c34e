"""A proposal as a commented leadml.toml: every key is there, those not in use behind a #."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic.fields import FieldInfo

from leadml.config import Settings, dotted, keys
from leadml.config.fields import Section
from leadml.operations.guess.evidence import Guess, Suggestion

_HEAD = """\
# What leadml takes your leads to be. Behind each guess stands how sure it is and why: check those that are unsure.
# A key with a # before it is not in use; it shows the default, or an example where there is none.
"""
_EXAMPLES: Mapping[str, Any] = {
    "source.delimiter": ",",
    "source.encoding": "utf-8",
    "leads.table": "leads",
    "rules.preset": "bant",
    "rules.file": "rules.toml",
    "rules.attributes": {"employees": "COLUMN"},
    "rules.activities": {"pricing_page": ["TYPE"]},
    "lifecycle.file": "lifecycle.toml",
    "rules.base_rate": 0.1,
    "rules.points_that_double_odds": 20,
    "model.time_limit_seconds": 600,
    "cutoffs.mql.per_week": 100,
    "cutoffs.mql.minimum_precision": 0.1,
    "cutoffs.sql.per_week": 40,
    "cutoffs.sql.minimum_precision": 0.2,
    **{
        f"cutoffs.{stage}.{name}": example
        for stage, volume, recall, manual in (("mql", 80, 0.8, 0.1), ("sql", 30, 0.5, 0.3))
        for name, example in (
            ("target_per_week", volume),
            ("confidence", 0.95),
            ("minimum_recall", recall),
            ("f_beta", 1.0),
            ("probability", manual),
        )
    },
    "activities.table": "activities",
    "activities.intent_types": ["demo_request"],
    "activities.labels": {"TYPE": "Words to show"},
    "history.table": "field_history",
    "queue.values": {"*": 8000},
    "leads.answers": {"budget": "COLUMN"},
    "leads.labels": {"COLUMN": "Name to show"},
    "leads.groups": {"COLUMN": "engagement"},
    "leads.known_at": {"COLUMN": "created"},
    "leads.monotone": {"COLUMN": "rising"},
}
_COLUMN = "COLUMN"
_SEGMENTS: Mapping[str, Mapping[str, Any]] = {
    "rules.segments": {"name": "inbound", "column": _COLUMN, "one_of": ["inbound"], "preset": "p_map"},
    "cutoffs.segments": {"name": "team north", "column": _COLUMN, "one_of": ["North"], "mql.per_week": 20},
}


def written(url: str, guesses: Mapping[str, Guess], suggestions: Sequence[Suggestion]) -> str:
    """Write the text of leadml.toml; `url` is the source as seen from the folder of the file."""
    guesses = {**guesses, "source.url": Guess(url, "sure", "you said so")}
    lines = [_HEAD.rstrip()]
    in_use = True
    for path, field in keys():
        if any(path.startswith(f"{segments}.") for segments in _SEGMENTS):
            continue
        if path in Settings.model_fields:
            in_use = any(key.startswith(f"{path}.") for key in guesses) or not _has_required(path)
            lines += ["", f"{'' if in_use else '#'}[{path}]"]
        elif _is_table(field):
            lines += ["", *_table(path, field, guesses, in_use=in_use)]
        elif path in _SEGMENTS:
            lines += ["", f"# {field.description}", *_segments(path, guesses.get(path))]
        elif isinstance(field.default, Section):
            lines += ["", f"# {field.description}", f"[{path}]"]
        else:
            lines += _key(path, field, guesses, suggestions)
    return "\n".join(lines) + "\n"


def _has_required(section: str) -> bool:
    return any(field.is_required() for path, field in keys() if path.rpartition(".")[0] == section)


def _is_table(field: FieldInfo) -> bool:
    return isinstance(field.default, dict)


def _key(path: str, field: FieldInfo, guesses: Mapping[str, Guess], suggestions: Sequence[Suggestion]) -> Iterator[str]:
    name = path.rpartition(".")[2]
    yield f"# {field.description}"
    guess = guesses.get(path)
    if path == "leads.exclude" and suggestions:
        yield from _exclude(guess, suggestions)
    elif path == "leads.rows_in_time_order" and not guesses.keys() & {"leads.created_at", "leads.order_by"}:
        yield "# unsure: nothing says when a row was written; if the oldest is first, take the # off the next line"
        yield f"#{name} = true"
    elif guess:
        yield f"{name} = {toml_value(guess.value)}{_because(guess)}"
    else:
        yield f"#{name} = {toml_value(_example(path, field))}"


def _example(path: str, field: FieldInfo) -> Any:
    if path in _EXAMPLES:
        return _EXAMPLES[path]
    return _COLUMN if field.is_required() or field.default is None else field.default


def _exclude(guess: Guess | None, suggestions: Sequence[Suggestion]) -> Iterator[str]:
    columns = guess.value if guess and isinstance(guess.value, list) else []
    yield "exclude = ["
    if guess:
        yield f"    {', '.join(toml_value(column) for column in columns)},{_because(guess)}"
    yield "    # unsure: these may be filled in after the outcome, and a model would learn from the future:"
    for suggestion in suggestions:
        yield f"    #   {_one_line(suggestion.column)}: {_one_line(suggestion.reason)}"
    yield "    # To leave them out, take the # off the next line; keep what was known in time."
    yield f"    #{', '.join(toml_value(suggestion.column) for suggestion in suggestions)},"
    yield "]"


def _table(path: str, field: FieldInfo, guesses: Mapping[str, Guess], *, in_use: bool) -> Iterator[str]:
    entries = {key: guess for key, guess in guesses.items() if key.startswith(f"{path}.")}
    yield f"# {field.description}"
    yield f"{'' if in_use else '#'}[{path}]"
    for key, guess in entries.items():
        yield f"{key.removeprefix(f'{path}.')} = {toml_value(guess.value)}{_because(guess)}"
    if not entries:
        for name, value in _EXAMPLES[path].items():
            yield f"#{dotted([name])} = {toml_value(value)}"


def _segments(path: str, guess: Guess | None) -> Iterator[str]:
    """Tables to be taken into use by hand: rulebooks stand in place of the one for all leads, cutoffs beside it."""
    if guess:
        yield f"# {guess.confidence}: {_one_line(guess.evidence)}; take the # off here, and put one before preset"
    segments: Any = guess.value if guess else [_SEGMENTS[path]]
    for segment in segments:
        yield f"#[[{path}]]"
        yield from (f"#{name} = {toml_value(value)}" for name, value in segment.items())


def _because(guess: Guess) -> str:
    return f"  # {guess.confidence}: {_one_line(guess.evidence)}"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def toml_value(value: object) -> str:
    """Write a text, number, boolean or list as TOML."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(entry) for entry in value) + "]"
    # JSON's literals are TOML's too, but for one control character that JSON leaves bare.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
