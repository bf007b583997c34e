"""Reasons by one row per lead and term: the steps that find, rank and word them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leadml.sql.dialects import Dialect
from leadml.sql.lines import Lines, indented, listed
from leadml.sql.reasons.spoken import WAYS, Spoken, reason_columns
from leadml.sql.steps import Column, Step, text

_NONE = -1  # the list of words that no term has
_STRONG = "{0} > 0 AND {0} >= for_from OR {0} < 0 AND {0} <= against_to"
_NAMES = ("term", "code", "other", "log_odds")


@dataclass(frozen=True)
class RowReasons:
    """The steps that reasons add to a query."""

    spoken: Spoken
    most: int
    dialect: Dialect
    source = "chances\n    LEFT JOIN reasons USING (lead_id)"

    @property
    def summed(self) -> list[Column]:
        """Nothing stands beside the sum."""
        return []

    def columns(self) -> list[str]:
        """What the query gives of them."""
        return [name for _, _, reason, log_odds in reason_columns(self.most) for name in (reason, log_odds)]

    def steps(self) -> Iterable[Step]:
        """From words and terms to one row per lead."""
        about = "What the codes of c<list> say of a lead."
        yield Step("words(list, code, words)", about, text(self._words()))
        about = "The terms, and the words that they are given."
        yield Step("terms(term, name, list, other_list)", about, text(self._terms()))
        if self.spoken.terms:
            about = "Bounds that the strongest terms of a lead reach: of each group of terms one does."
            yield Step("bounded_terms", about, text(self._bounds()))
        yield Step("said", "One row per lead and term that reaches them.", self._said(), kept=False)
        about = "The strongest first; of equals the one that comes first in the sum."
        yield Step("ranked", about, _RANKED, kept=False)
        yield Step("reasons", "The strongest reasons for and against each lead.", self._reasons(), kept=False)

    def _words(self) -> Lines:
        """Rows of (list, code, words): what each code of each column c<list> says of a lead."""
        rows = [
            f"({c.number}, {code}, {self.dialect.text(said)})"
            for c in self.spoken.codes
            for code, said in enumerate(c.words)
        ]
        return ["VALUES", *indented(listed([row] for row in rows))]

    def _terms(self) -> Lines:
        """Rows of (term, name, list, other_list): the lists of words that a term is worded by."""
        rows = [
            f"({t.number}, {self.dialect.text(t.term.name)}, {t.code.number}, {t.other.number if t.other else _NONE})"
            for t in self.spoken.all
        ]
        return ["VALUES", *indented(listed([row] for row in rows))]

    def _bounds(self) -> Lines:
        """The terms, and bounds that the strongest reach: of some groups of terms each has one, and so many are wanted.

        What is picked in the end is the same without; but far fewer terms are left to be sorted.
        """
        dialect = self.dialect
        groups = [[term.name for term in self.spoken.terms[start :: self.most]] for start in range(self.most)]
        if not all(groups):
            groups = [[dialect.double(0.0)]]
        for_from = dialect.least_of([dialect.greatest_of(names) for names in groups])
        against_to = dialect.greatest_of([dialect.least_of(names) for names in groups])
        columns = ["added.*,", f"{for_from} AS for_from,", f"{against_to} AS against_to"]
        return ["SELECT", *indented(columns), "FROM added"]

    def _said(self) -> str:
        """One row per lead and term."""
        rows = [
            (str(t.number), t.code.name, t.other.name if t.other else str(_NONE), t.name) for t in self.spoken.terms
        ]
        said = self.dialect.unpivoted("bounded_terms", _NAMES, rows, _STRONG) if rows else ""
        last = self.spoken.calibration
        if last is None:
            return said
        values = zip((str(last.number), "0", str(_NONE), last.name), _NAMES, strict=True)
        own = f"    SELECT lead_id, {', '.join(f'{value} AS {name}' for value, name in values)}\n    FROM summed"
        return f"{said}\n    UNION ALL\n{own}" if said else own

    def _reasons(self) -> str:
        """One row per lead with its strongest reasons."""
        columns = []
        for way, place, reason, log_odds in reason_columns(self.most):
            chosen = f"CASE WHEN log_odds {WAYS[way]} 0 AND place = {place} THEN"
            columns.append(f"max({chosen} words.words || COALESCE(', with ' || others.words, '') END) AS {reason}")
            columns.append(f"max({chosen} log_odds END) AS {log_odds}")
        lines = ",\n        ".join(["ranked.lead_id", *columns])
        return f"""    SELECT
        {lines}
    FROM ranked
    JOIN terms ON terms.term = ranked.term
    JOIN words ON words.list = terms.list AND words.code = ranked.code
    LEFT JOIN words AS others ON others.list = terms.other_list AND others.code = ranked.other
    WHERE place <= {self.most}
    GROUP BY ranked.lead_id"""


_RANKED = """    SELECT
        said.*,
        ROW_NUMBER() OVER (
            PARTITION BY lead_id, CASE WHEN log_odds > 0 THEN 1 ELSE 0 END ORDER BY abs(log_odds) DESC, term
        ) AS place
    FROM said
    WHERE log_odds <> 0"""
