"""The feature table as the scorer reads it: numbers without NaN, texts without case and outer blanks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leadml.errors import ColumnsError
from leadml.predict import Scorer
from leadml.predict.encoding import Column, fold
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rulebook import Rulebook
from leadml.sql.dialects import Dialect, nested_replaces
from leadml.sql.spelling import blanks, replaced_for

ID = "lead_id"


@dataclass(frozen=True)
class FeatureTable:
    """A table with one row per lead: its name, the column with the lead's id, and columns by the names scorers use.

    A column that `columns` does not name is called as the scorer calls it.
    """

    name: str
    lead_id: str = ID
    columns: Mapping[str, str] | None = None

    def column(self, name: str) -> str:
        """What the table calls one of the scorer's columns."""
        return (self.columns or {}).get(name, name)


@dataclass(frozen=True)
class Inputs:
    """The columns that a query reads, and how to speak of them."""

    dialect: Dialect
    table: FeatureTable
    columns: tuple[Column, ...]
    compared: Mapping[str, frozenset[str]]

    def value(self, name: str) -> str:
        """A column as the first step of the query calls it."""
        return self.dialect.named(name)

    def kind(self, name: str) -> str:
        """number, category or time."""
        return next(column.kind for column in self.columns if column.name == name)

    def step(self) -> str:
        """The first step: one expression per column."""
        dialect, chosen = self.dialect, [f"{self.dialect.named(self.table.lead_id)} AS lead_id"]
        chosen += [f"{self._read(column)} AS {dialect.named(column.name)}" for column in self.columns]
        lines = ",\n        ".join(chosen)
        blank = f"(SELECT {dialect.characters(blanks())} AS blanks) AS of_texts"
        return f"    SELECT\n        {lines}\n    FROM {dialect.table(self.table.name)} CROSS JOIN {blank}"

    def _read(self, column: Column) -> str:
        name = self.dialect.named(self.table.column(column.name))
        if column.kind == "number":
            return self.dialect.number(name)
        return name if column.kind == "time" else self._folded(name, self.compared.get(column.name, frozenset()))

    def _folded(self, name: str, texts: Iterable[str]) -> str:
        replaced = replaced_for(texts)
        stripped = self.dialect.stripped(f"CAST({name} AS {self.dialect.text_type})", "blanks")
        small = self.dialect.translated(stripped, replaced.single)
        return f"NULLIF({nested_replaces(self.dialect, small, replaced.several)}, '')"


def inputs_of(scorer: Scorer, features: Iterable[int], table: FeatureTable, dialect: Dialect) -> Inputs:
    """What a query for some of a scorer's features reads.

    Raises:
        ColumnsError: the database could not tell two of the columns apart.
    """
    compared: dict[str, set[str]] = {}
    for feature in (scorer.features[number] for number in features):
        compared.setdefault(feature.column, set()).update(map(fold, feature.levels))
    for column, texts in _asked(scorer):
        compared.setdefault(column, set()).update(map(fold, texts))
    used = tuple(column for column in scorer.columns if column.name in compared)
    _refuse_twins([table.lead_id, *(table.column(column.name) for column in used)], dialect)
    return Inputs(dialect, table, used, {name: frozenset(texts) for name, texts in compared.items()})


def _asked(scorer: Scorer) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Columns that rules and segments look at, with texts that they compare them with."""
    for segment in scorer.policy.segments:
        yield segment.column, segment.values
    if scorer.rulebook is not None:
        # A text may be read as a number, and these are the letters of numbers.
        yield from ((name, (*scorer.rulebook.unanswered, "+infinity", "1e1")) for name in scorer.rulebook.columns)
        yield from ((str(one.column), (*one.one_of, *one.none_of)) for one in _conditions(scorer.rulebook))


def _conditions(rulebook: Rulebook) -> Iterable[ValueCondition]:
    whens = [gate.when + gate.only for gate in rulebook.gates]
    for dimension in rulebook.dimensions:
        whens += [dimension.only, *(rule.when for rule in dimension.rules)]
    return (one for when in whens for one in when if isinstance(one, ValueCondition))


def _refuse_twins(names: list[str], dialect: Dialect) -> None:
    seen: dict[str, str] = {}
    for name in names:
        told = name.lower() if dialect.names_fold else name
        if dialect.longest_name is not None:
            told = told.encode()[: dialect.longest_name].decode(errors="ignore")
        if told in seen:
            raise ColumnsError(
                f"{dialect.name} cannot tell the columns {seen[told]!r} and {name!r} of the feature table apart. "
                "Rename one of them in the leads, and train again."
            )
        seen[told] = name
