"""The code of each feature as a CASE expression, and the words that each code stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leadml.predict import Scorer
from leadml.predict.arrays import from_texts
from leadml.predict.encoding import MISSING, OTHER, Feature, fold
from leadml.predict.tables import Map
from leadml.predict.terms import coarse_words
from leadml.sql.inputs import Inputs
from leadml.sql.lines import Lines, case

_MOST_WHENS = 40
"""From so many spellings on, a table is asked instead of a CASE."""
_MOST_LOOKUPS = 50  # SQLite joins 64 tables at most


@dataclass(frozen=True)
class CodeColumn:
    """A column c<number> of codes: its expression, what it is about, and what each code says of a lead.

    `spellings` are those of a category (`column`) with many levels, with their codes; the expression then asks the
    table of them.
    """

    number: int
    about: str
    sql: Lines
    words: tuple[str, ...]
    column: str = ""
    spellings: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """What the query calls it."""
        return f"c{self.number}"


class CodeColumns:
    """The columns of codes of a query, each made once however many terms look at it."""

    def __init__(self, scorer: Scorer, inputs: Inputs) -> None:
        self._scorer = scorer
        self._inputs = inputs
        self._made: dict[tuple[int, tuple[int, ...], int], CodeColumn] = {}
        self.columns: list[CodeColumn] = []

    def of_feature(self, number: int, to_coarse: Map | None = None, count: int = 0) -> CodeColumn:
        """Codes of a feature, or the coarse codes (`count` of them) that a pair takes them to."""
        feature = self._scorer.features[number]
        codes = np.arange(feature.n_codes, dtype=np.uint16) if to_coarse is None else to_coarse
        key = (number, tuple(codes.tolist()), count or feature.n_codes)
        if key not in self._made:
            words = tuple(map(feature.say, coarse_words(feature, codes, key[2])))
            self._made[key] = self._add(feature, key[1], words)
        return self._made[key]

    def of_rule(self, about: str, sql: Lines, words: Sequence[str]) -> CodeColumn:
        """Codes of a term of the rules."""
        self.columns.append(CodeColumn(len(self.columns) + 1, about, sql, tuple(words)))
        return self.columns[-1]

    @property
    def lookups(self) -> list[CodeColumn]:
        """Those that ask the table of spellings."""
        return [column for column in self.columns if column.spellings]

    def _add(self, feature: Feature, codes: tuple[int, ...], words: tuple[str, ...]) -> CodeColumn:
        number, value = len(self.columns) + 1, self._inputs.value(feature.column)
        spellings: tuple[tuple[str, int], ...] = ()
        if feature.kind == "number":
            sql = _number(feature, codes, value, self._inputs)
        elif feature.kind == "category":
            told = _told(feature, codes)
            if len(told) > _MOST_WHENS and len(self.lookups) < _MOST_LOOKUPS:
                spellings = tuple(told)
                sql = [
                    f"COALESCE(s{number}.code, CASE WHEN {value} IS NULL THEN {codes[MISSING]} ELSE {codes[OTHER]} END)"
                ]
            else:
                sql = _category(told, codes, value, self._inputs)
        else:
            sql = _calendar(feature, codes, value, self._inputs)
        self.columns.append(
            CodeColumn(number, feature.phrase.subject or feature.label, sql, words, feature.column, spellings)
        )
        return self.columns[-1]


def _number(feature: Feature, codes: tuple[int, ...], value: str, inputs: Inputs) -> Lines:
    """Bins one after the other; neighbours with the same code are one."""
    places = [place for place in range(len(feature.edges)) if codes[place + 1] != codes[place + 2]]
    kept = [codes[place + 1] for place in places] + [codes[-1]]
    return inputs.dialect.bin_of(value, [float(feature.edges[place]) for place in places], kept, codes[MISSING])


def _told(feature: Feature, codes: tuple[int, ...]) -> list[tuple[str, int]]:
    """Folded levels and their codes, but for those that say no more than a level never seen."""
    folded = list(dict.fromkeys(text for level in feature.levels if (text := fold(level))))
    found = feature.codes(from_texts(folded)).tolist()
    return [(text, codes[code]) for text, code in zip(folded, found, strict=True) if codes[code] != codes[OTHER]]


def _category(told: Sequence[tuple[str, int]], codes: tuple[int, ...], value: str, inputs: Inputs) -> Lines:
    by_code: dict[int, list[str]] = {}
    for text, code in told:
        by_code.setdefault(code, []).append(inputs.dialect.text(text))
    whens = [(f"{value} IS NULL", str(codes[MISSING]))]
    for code, texts in by_code.items():
        among = f"= {texts[0]}" if len(texts) == 1 else f"IN ({', '.join(texts)})"
        whens.append((f"{value} {among}", str(code)))
    return case(whens, str(codes[OTHER]))


def _calendar(feature: Feature, codes: tuple[int, ...], value: str, inputs: Inputs) -> Lines:
    part = {"month": inputs.dialect.month, "weekday": inputs.dialect.weekday, "hour": inputs.dialect.hour}
    place = f"COALESCE({part[feature.kind](value)}, 0)"
    if codes == tuple(range(feature.n_codes)):
        return [place]
    by_code: dict[int, list[str]] = {}
    for number, code in enumerate(codes):
        by_code.setdefault(code, []).append(str(number))
    *rest, last = by_code.items()
    return case([(f"{place} IN ({', '.join(places)})", str(code)) for code, places in rest], str(last[0]))
