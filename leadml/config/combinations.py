"""Keys of leadml.toml that are right by themselves and impossible together.

Each check takes the keys that were given ("leads.id" -> "Prospect ID"), and yields (path, value, what is
wrong and what to do).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from leadml.config.cutoff_contradictions import Fault, contradictions
from leadml.errors import masked
from leadml.schema import CLOSED, CREATED, EVERY_OTHER

ONE_COLUMN_ROLES = (
    "id",
    "created_at",
    "outcome",
    "closed_at",
    "account",
    "owner",
    "team",
    "role",
    "deal_value",
    "cost",
    "source",
    "direction",
    "order_by",
)
# They tell leads, companies, sellers and teams apart and are never learnt from, so they may well be personal.
MAY_BE_PERSONAL = ("id", "account", "owner", "team")
LEARNT_FROM = ("role", "direction", "source")
DATABASE_SUFFIXES = (".db", ".sqlite", ".sqlite3", ".duckdb", ".ddb")


class Given(dict[str, Any]):
    """Keys that are right by themselves, by path; `faulty` are those that were meant and are wrong."""

    faulty: frozenset[str] = frozenset()

    def speaks_of(self, path: str) -> bool:
        """Tell whether the user meant to give this key or section, well or badly."""
        return any(key == path or key.startswith(f"{path}.") for key in (*self, *self.faulty))


def impossible(given: Given) -> list[Fault]:
    """Give every impossible combination among the keys that were given."""
    return [fault for check in CHECKS for fault in check(given)]


def _times(given: Given) -> Iterator[Fault]:
    for path in ("leads.closed_at", "activities", "history"):
        if given.speaks_of(path) and not given.speaks_of("leads.created_at"):
            yield (
                path,
                given.get(path),
                "needs leads.created_at, to tell what came before what",
            )
    for path in ("activities", "history"):
        if given.speaks_of(path) and not given.speaks_of("leads.id"):
            yield path, None, "needs leads.id: without it its rows find no lead"


def _one_order(given: Given) -> Iterator[Fault]:
    ways = [path for path in ("leads.created_at", "leads.order_by") if path in given]
    if given.get("leads.rows_in_time_order"):
        ways.append("leads.rows_in_time_order")
    for path in ways[1:]:
        yield path, given[path], f"cannot stand beside {ways[0]}: both say what time is; keep one"


def _outcomes(given: Given) -> Iterator[Fault]:
    won, lost = given.get("leads.won", []), given.get("leads.lost", [])
    both = sorted({_plain(v) for v in won} & {_plain(v) for v in lost})
    if both:
        yield "leads.lost", lost, f"shares {_listed(both)} with leads.won; a value means one or the other"
    if EVERY_OTHER in won:
        yield "leads.won", won, 'cannot hold "*"; name the values that mean won'
    if EVERY_OTHER in lost and len(lost) > 1:
        yield "leads.lost", lost, '"*" means every other value and stands alone: ["*"]'
    timed = given.speaks_of("leads.created_at") and given.speaks_of("leads.closed_at")
    if given.get("leads.lost") == [] and not timed:
        yield (
            "leads.lost",
            lost,
            'is empty, so nothing is ever lost; name the values that mean lost, or ["*"] for every other value; '
            "it may be empty only beside leads.created_at and leads.closed_at, where time tells",
        )


def _one_role_each(given: Given) -> Iterator[Fault]:
    roles: dict[str, list[str]] = defaultdict(list)
    for role in ONE_COLUMN_ROLES:
        if f"leads.{role}" in given:
            roles[given[f"leads.{role}"]].append(f"leads.{role}")
    answers = {path: column for path, column in given.items() if path.startswith("leads.answers.")}
    for path, column in answers.items():
        # Two questions may read one column: "money" of one rulebook is "budget" of another.
        if column in roles:
            yield path, column, f"is already {roles[column][0]}; a column has one role"
    for column, paths in roles.items():
        for path in paths[1:]:
            yield path, column, f"is already {paths[0]}; a column has one role"
    for section in ("activities", "history"):
        yield from _one_role_in(given, section)


def _one_role_in(given: Given, section: str) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for path, column in given.items():
        role = path.removeprefix(f"{section}.")
        if role in ("lead", "occurred_at", "type", "value", "field", "changed_at") and role != path:
            if column in seen:
                yield path, column, f"is already {seen[column]}; a column has one role"
            seen.setdefault(column, path)


def _left_out(given: Given) -> Iterator[Fault]:
    used = {given[f"leads.{role}"]: f"leads.{role}" for role in ONE_COLUMN_ROLES if f"leads.{role}" in given}
    used |= {column: path for path, column in given.items() if path.startswith("leads.answers.")}
    harmless = {given.get(f"leads.{role}") for role in MAY_BE_PERSONAL}
    for column in given.get("leads.personal", []):
        if column in used and column not in harmless:
            yield (
                used[column],
                column,
                "is listed in leads.personal, and personal columns are never learnt from; take it out of one",
            )
    for column in given.get("leads.exclude", []):
        if column in used:
            yield used[column], column, "is listed in leads.exclude; take it out of one"


def _sensitive(given: Given) -> Iterator[Fault]:
    for column in given.get("leads.sensitive", []):
        for path in _named_by(given, column):
            what = f"names {column!r}, which leads.sensitive keeps out of model, rules and tracking; take it out of one"
            yield path, given.get(path), what


def _named_by(given: Given, column: str) -> Iterator[str]:
    """The keys that have a use for a column of the leads."""
    for path, value in given.items():
        section, _, name = path.removeprefix("leads.").partition(".")
        said_of_it = path.startswith("leads.") and section in ("groups", "monotone", "known_at")
        if (said_of_it and _unquoted(name) == column) or _uses_column(path, value, column):
            yield path


def _uses_column(path: str, value: Any, column: str) -> bool:
    if isinstance(value, list):
        parted_by = any(isinstance(one, dict) and one.get("column") == column for one in value)
        return parted_by or (path in ("leads.personal", "leads.exclude") and column in value)
    uses = ("leads.answers.", "leads.known_at.", "rules.attributes.", "cutoffs.", "queue.value_by")
    return bool(value == column) and (path.removeprefix("leads.") in ONE_COLUMN_ROLES or path.startswith(uses))


def _unquoted(name: str) -> str:
    """The name of a column as it stands in a key's path."""
    return str(json.loads(name)) if name.startswith('"') else name


def _known_at(given: Given) -> Iterator[Fault]:
    for path, when in given.items():
        before, _, name = path.partition("leads.known_at.")
        if before or not name:
            continue
        column = _unquoted(name)
        yield from ((path, when, what) for what in _left_out_elsewhere(given, column))
        if when in (CLOSED, given.get("leads.closed_at")):
            yield from ((path, when, f"leaves out what is {used}; take it out of one") for used in _uses(given, column))
        elif when not in (CREATED, given.get("leads.created_at")):
            lacking = [key for key in ("leads.created_at", "leads.closed_at") if not given.speaks_of(key)]
            if lacking:
                yield (
                    path,
                    when,
                    f"is to be a column of dates, which needs {' and '.join(lacking)} to tell what came before what; "
                    'without them only "created" and "closed" can be told apart',
                )


def _left_out_elsewhere(given: Given, column: str) -> Iterator[str]:
    """Why a column is not learnt from anyway."""
    for role in ONE_COLUMN_ROLES:
        if role not in LEARNT_FROM and given.get(f"leads.{role}") == column:
            yield f"is of no use: the column is leads.{role}, which is not learnt from; take this line out"
    for key in ("leads.personal", "leads.exclude"):
        if column in given.get(key, []):
            yield f"is of no use: {key} leaves the column out; take it out of one"


def _uses(given: Given, column: str) -> Iterator[str]:
    """What a column is learnt from as."""
    for path, value in given.items():
        if value == column and (path.startswith("leads.answers.") or path.removeprefix("leads.") in LEARNT_FROM):
            yield path


def _one_grading(given: Given) -> Iterator[Fault]:
    if "grades.bounds" in given and "grades.probabilities" in given:
        yield "grades.probabilities", given["grades.probabilities"], "cannot stand beside grades.bounds; keep one"


def _one_rulebook(given: Given) -> Iterator[Fault]:
    if "rules.preset" in given and "rules.file" in given:
        yield "rules.file", given["rules.file"], "cannot stand beside rules.preset; keep one"
    for path in ("rules.preset", "rules.file"):
        if path in given and given.get("rules.segments"):
            yield path, given[path], "cannot stand beside rules.segments, which name a rulebook each; keep one"
    for number, segment in enumerate(given.get("rules.segments") or (), start=1):
        if isinstance(segment, dict) and ("preset" in segment) == ("file" in segment):
            yield f"rules.segments[{number}]", segment.get("name"), "needs a rulebook: either preset or file"
    said = ("rules.base_rate", "rules.points_that_double_odds", "rules.cost_of_asking")
    stated = [path for path in said if path in given]
    if stated and not (any(given.speaks_of(f"rules.{key}") for key in ("preset", "file", "segments"))):
        yield (
            stated[0],
            given[stated[0]],
            "is said of rules, and there are none; name them by rules.preset, rules.file or rules.segments",
        )


def _deal_values(given: Given) -> Iterator[Fault]:
    stated = [path for path in given if path.startswith("queue.values.")]
    if stated and stated != ['queue.values."*"'] and not given.speaks_of("queue.value_by"):
        yield "queue.values", None, 'needs queue.value_by, the column that holds these values; alone stands only "*"'


def _tables(given: Given) -> Iterator[Fault]:
    url = given.get("source.url", "")
    several = "://" in url or url.endswith(("/", *DATABASE_SUFFIXES))
    if several and not given.speaks_of("leads.table"):
        yield (
            "leads.table",
            None,
            f"is missing; name the table of {masked(url)!r} that holds the leads",
        )
    tables: dict[str, str] = {}
    for path in ("leads.table", "activities.table", "history.table", "output.scores", "output.account_scores"):
        if path in given:
            table = _plain(given[path])
            if table in tables:
                yield path, given[path], f"is already {tables[table]}; each needs a table of its own"
            tables.setdefault(table, path)


def _files(given: Given) -> Iterator[Fault]:
    files: dict[str, str] = {}
    for path in (
        "source.url",
        "output.scores",
        "output.account_scores",
        "output.rejects",
        "output.review",
        "output.report",
    ):
        if path in given:
            if given[path] in files:
                yield path, given[path], f"is already {files[given[path]]}; each needs a file of its own"
            files.setdefault(given[path], path)


CHECKS: tuple[Callable[[Given], Iterator[Fault]], ...] = (
    _times,
    _one_order,
    _outcomes,
    _one_role_each,
    _left_out,
    _sensitive,
    _known_at,
    contradictions,
    _one_grading,
    _one_rulebook,
    _deal_values,
    _tables,
    _files,
)


def _plain(value: object) -> str:
    return str(value).strip().casefold()


def _listed(values: list[str]) -> str:
    return ", ".join(repr(value) for value in values)
