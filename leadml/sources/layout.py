"""Which columns of the lead table are read, and what each becomes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from leadml.errors import SourceError
from leadml.schema import CLOSED, CREATED, LEAD_ROLES, Kind, LeadColumns
from leadml.sources.source import nearest

__all__ = ["Layout", "attribute_names", "lay_out"]

# Roles whose setting is called otherwise.
_FIELDS = {"lead_id": "id", "account_id": "account", "lead_cost": "cost", "order": "order_by"}
_ROLES = (*LEAD_ROLES, "order")
_FIT_ROLES = ("role", "direction")
_SENSITIVE = "sensitive: kept out of model, rules and reasons; read for the report on fairness alone"
_NEEDED_TO_SCORE = ("lead_id", "created_at", "account_id")


@dataclass(frozen=True)
class Layout:
    """Canonical name -> user's column, for roles and for attributes; question -> attribute; column -> why dropped.

    `source` is the attribute that says where leads came from. `sensitive` are columns that become no attribute.
    `known_at` maps an attribute to the name of the moment from which on it is known (None: from the beginning), and
    `moments` such a name to the user's column of dates.
    """

    roles: dict[str, str]
    attributes: dict[str, str]
    answers: dict[str, str]
    dropped: dict[str, str]
    known_at: dict[str, str | None]
    moments: dict[str, str]
    source: str | None
    sensitive: tuple[str, ...] = ()

    @property
    def needed(self) -> list[str]:
        """List the user's columns that must be read, each once."""
        return list(
            dict.fromkeys([*self.roles.values(), *self.attributes.values(), *self.moments.values(), *self.sensitive])
        )


def lay_out(available: Collection[str], columns: LeadColumns, where: str, kinds: Mapping[str, Kind] | None) -> Layout:
    """Match the mapping with the columns that there are.

    With `kinds` (scoring) only attributes that it names are read, and a lead table may lack what scoring does not
    need, such as the outcome.

    Raises:
        SourceError: a column that is needed is not there.
    """
    serving = kinds is not None
    roles = _present_roles(available, columns, where, serving)
    if not serving:
        named = [*columns.answers.values(), *columns.personal, *columns.exclude, *columns.known_at, *columns.sensitive]
        _require(named if columns.source is None else [*named, columns.source], available, where)
    names = attribute_names(available, columns)
    if kinds is not None:
        answering = set(columns.answers.values())
        names = {column: name for column, name in names.items() if name in kinds or column in answering}
    answers = {question: names[column] for question, column in columns.answers.items() if column in names}
    dates = {names[c]: when for c, when in columns.known_at.items() if c in names}
    moments = {when: _unlike(f"known at {when}", available) for when in dates.values() if when != CREATED}
    _require(moments, available, where)
    return Layout(
        roles,
        {name: column for column, name in names.items()},
        answers,
        _dropped(columns),
        known_at={name: moments.get(when) for name, when in dates.items()},
        moments={name: column for column, name in moments.items()},
        source=None if columns.source is None else names.get(columns.source),
        sensitive=() if serving else columns.sensitive,
    )


def attribute_names(available: Collection[str], columns: LeadColumns) -> dict[str, str]:
    """What each of the user's columns is called among the attributes; one that is no attribute is left out.

    An attribute never has the name of a role: a column "team" that is not mapped as the team is "team_attribute".
    """
    dropped = _dropped(columns)
    roles = {role: column for role, column in _mapped(columns).items() if column in available}
    taken = set(roles.values()) - set(columns.answers.values())
    names = _unlike_roles(column for column in available if column not in taken and column not in dropped)
    return names | {roles[role]: role for role in _FIT_ROLES if role in roles and roles[role] not in dropped}


def _dropped(columns: LeadColumns) -> dict[str, str]:
    dropped = dict.fromkeys(columns.personal, "personal data") | dict.fromkeys(columns.exclude, "excluded by the user")
    dropped |= dict.fromkeys(columns.sensitive, _SENSITIVE)
    late = [column for column, when in columns.known_at.items() if when == CLOSED]
    return dropped | dict.fromkeys(late, "known only after closing, says known_at")


def _mapped(columns: LeadColumns) -> dict[str, str]:
    roles = {role: getattr(columns, _FIELDS.get(role, role)) for role in _ROLES}
    return {role: column for role, column in roles.items() if column is not None}


def _present_roles(available: Collection[str], columns: LeadColumns, where: str, serving: bool) -> dict[str, str]:
    mapped = _mapped(columns)
    _require([column for role, column in mapped.items() if not serving or role in _NEEDED_TO_SCORE], available, where)
    return {role: column for role, column in mapped.items() if column in available}


def _unlike(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _require(wanted: Iterable[str], available: Collection[str], where: str) -> None:
    for column in wanted:
        if column not in available:
            raise SourceError(f"{where}: there is no column '{column}'. {nearest(column, available)}")


def _unlike_roles(columns: Iterable[str]) -> dict[str, str]:
    columns = list(columns)
    reserved = {*_ROLES, *(column for column in columns if column not in _ROLES)}
    names = {}
    for column in columns:
        name = column
        while column in _ROLES and name in reserved:
            name += "_attribute"
        names[column] = name
        reserved.add(name)
    return names
