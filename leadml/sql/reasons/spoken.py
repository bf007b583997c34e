"""The terms that have words, and what the columns of reasons are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leadml.predict import Scorer
from leadml.predict.terms import CALIBRATION
from leadml.sql.codes import CodeColumn
from leadml.sql.terms import SqlTerm, calibration_number

WAYS = {"for": ">", "against": "<"}
"""The two kinds of reasons, and how their log-odds compare with 0."""


@dataclass(frozen=True)
class Spoken:
    """The terms of the sum, and the calibration behind them where there is one."""

    terms: Sequence[SqlTerm]
    calibration: SqlTerm | None

    @property
    def all(self) -> list[SqlTerm]:
        """Terms and calibration in the order of the sum."""
        return [*self.terms, *([self.calibration] if self.calibration else [])]

    @property
    def codes(self) -> list[CodeColumn]:
        """The columns of codes that they are worded by."""
        found = {code.number: code for t in self.all for code in (t.code, t.other) if code is not None}
        return [found[number] for number in sorted(found)]


def spoken_of(scorer: Scorer, terms: Sequence[SqlTerm]) -> Spoken:
    """What a scorer's reasons speak of."""
    if scorer.calibration is None:
        return Spoken(terms, None)
    said = CodeColumn(0, "", [], CALIBRATION.texts)
    return Spoken(terms, SqlTerm(calibration_number(scorer), CALIBRATION, [], said))


def reason_columns(most: int) -> Iterator[tuple[str, int, str, str]]:
    """Way, place from 1 on, and what the columns of the reason and its log-odds are called; the strongest first."""
    for way in WAYS:
        for place in range(1, most + 1):
            yield way, place, f"reason_{way}_{place}", f"log_odds_{way}_{place}"
