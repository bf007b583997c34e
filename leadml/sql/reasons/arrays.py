"""Reasons by an array per lead: all terms in it are sorted, and the strongest worded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leadml.sql.dialects.spark import Spark
from leadml.sql.lines import Lines, indented, listed
from leadml.sql.reasons.spoken import WAYS, Spoken, reason_columns
from leadml.sql.steps import Column, Step, more
from leadml.sql.terms import SqlTerm

_FIELDS = ("strength", "term", "log_odds", "words", "other_words")  # arrays are sorted by the first, then the next


@dataclass(frozen=True)
class ArrayReasons:
    """The columns and steps that reasons add to a query of Spark."""

    spoken: Spoken
    most: int
    dialect: Spark
    source = "reasoned"

    @property
    def summed(self) -> list[Column]:
        """Beside the sum: what each term says, the strongest having the least strength."""
        return [Column(self._array(self.spoken.terms), "said")] if self.spoken.terms else []

    def steps(self) -> Iterable[Step]:
        """The strongest, worded."""
        column = Column(self._chosen(), "reasons")
        about = "The strongest reasons for and against each lead; of equals the one that comes first in the sum."
        yield Step("reasoned", about, more("chances", [column]))

    def columns(self) -> list[str]:
        """What the query gives of them."""
        return [
            f"get(reasons[{list(WAYS).index(way)}], {place - 1}).{field} AS {name}"
            for way, place, reason, log_odds in reason_columns(self.most)
            for field, name in (("reason", reason), ("log_odds", log_odds))
        ]

    def _chosen(self) -> Lines:
        said = ["said"] if self.spoken.terms else []
        if self.spoken.calibration is not None:
            said += ["".join(self._array([self.spoken.calibration]))]
        together = f"concat({', '.join(said)})"
        ways = [[f"filter({together}, one -> one.log_odds {sign} 0)"] for sign in WAYS.values()]
        words = self.dialect.array([text for code in self.spoken.codes for text in code.words], "string")
        reason = [
            "'reason', array_join(transform(array(one.words, one.other_words), place ->",
            f"    {words}[place]",
            "), ', with '),",
            "'log_odds', one.log_odds",
        ]
        strongest = f"slice(sort_array(way), 1, {self.most})"
        return [
            "transform(array(",
            *indented(listed(ways)),
            f"), way -> transform({strongest}, one -> named_struct(",
            *indented(reason),
            ")))",
        ]

    def _array(self, terms: Iterable[SqlTerm]) -> Lines:
        places, first = {}, 0
        for code in self.spoken.codes:
            places[code.number] = f"{first} + {code.name}" if code.number else str(first)
            first += len(code.words)
        rows = []
        for t in terms:
            other = places[t.other.number] if t.other else "CAST(NULL AS INT)"
            values = (f"-abs({t.name})", str(t.number), t.name, places[t.code.number], other)
            fields = ", ".join(f"'{name}', {value}" for name, value in zip(_FIELDS, values, strict=True))
            rows.append([f"named_struct({fields})"])
        return ["array(", *indented(listed(rows)), ")"]
