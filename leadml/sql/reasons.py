"""The strongest reasons for and against each lead, as texts: the steps of a query that pick and word them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leadml.sql.codes import CodeColumn
from leadml.sql.dialects import Dialect
from leadml.sql.lines import Lines, indented, listed
from leadml.sql.terms import SqlTerm

WAYS = ("for", "against")
_NONE = -1  # the list of words that no term has
_STRONG = "{0} > 0 AND {0} >= for_from OR {0} < 0 AND {0} <= against_to"
_NAMES = ("term", "code", "other", "log_odds")


def reason_columns(most: int) -> list[str]:
    """The columns of reasons, the strongest first, each with its log-odds behind it."""
    return [
        name
        for way in WAYS
        for place in range(1, most + 1)
        for name in (f"reason_{way}_{place}", f"log_odds_{way}_{place}")
    ]


def words_step(codes: Iterable[CodeColumn], dialect: Dialect) -> Lines:
    """Rows of (list, code, words): what each code of each column c<list> says of a lead."""
    rows = [f"({c.number}, {code}, {dialect.text(text)})" for c in codes for code, text in enumerate(c.words)]
    return ["VALUES", *indented(listed([row] for row in rows))]


def terms_step(terms: Sequence[SqlTerm], dialect: Dialect) -> Lines:
    """Rows of (term, name, list, other_list): the lists of words that a term is worded by."""
    rows = [
        f"({t.number}, {dialect.text(t.term.name)}, {t.code.number}, {t.other.number if t.other else _NONE})"
        for t in terms
    ]
    return ["VALUES", *indented(listed([row] for row in rows))]


def bounds_step(terms: Sequence[SqlTerm], most: int, dialect: Dialect) -> Lines:
    """The terms, and bounds that the strongest reach: of some groups of terms each has one, and so many are wanted.

    What is picked in the end is the same without; but far fewer terms are left to be sorted.
    """
    groups = [[term.name for term in terms[start::most]] for start in range(most)]
    if not all(groups):
        groups = [[dialect.double(0.0)]]
    for_from = dialect.least_of([dialect.greatest_of(names) for names in groups])
    against_to = dialect.greatest_of([dialect.least_of(names) for names in groups])
    return ["SELECT", *indented(["added.*,", f"{for_from} AS for_from,", f"{against_to} AS against_to"]), "FROM added"]


def said_step(terms: Sequence[SqlTerm], calibration: SqlTerm | None, dialect: Dialect) -> str:
    """One row per lead and term."""
    rows = [(str(t.number), t.code.name, t.other.name if t.other else str(_NONE), t.name) for t in terms]
    said = dialect.unpivoted("bounded_terms", _NAMES, rows, _STRONG) if rows else ""
    if calibration is None:
        return said
    values = zip((str(calibration.number), "0", str(_NONE), calibration.name), _NAMES, strict=True)
    own = f"    SELECT lead_id, {', '.join(f'{value} AS {name}' for value, name in values)}\n    FROM summed"
    return f"{said}\n    UNION ALL\n{own}" if said else own


def ranked_step() -> str:
    """Terms by strength, for and against apart; of equals the one that comes first in the sum."""
    return """    SELECT
        said.*,
        ROW_NUMBER() OVER (
            PARTITION BY lead_id, CASE WHEN log_odds > 0 THEN 1 ELSE 0 END ORDER BY abs(log_odds) DESC, term
        ) AS place
    FROM said
    WHERE log_odds <> 0"""


def reasons_step(most: int) -> str:
    """One row per lead with its strongest reasons."""
    columns = []
    for way, sign in zip(WAYS, "><", strict=True):
        for place in range(1, most + 1):
            chosen = f"CASE WHEN log_odds {sign} 0 AND place = {place} THEN"
            columns.append(
                f"max({chosen} words.words || COALESCE(', with ' || others.words, '') END) AS reason_{way}_{place}"
            )
            columns.append(f"max({chosen} log_odds END) AS log_odds_{way}_{place}")
    lines = ",\n        ".join(["ranked.lead_id", *columns])
    return f"""    SELECT
        {lines}
    FROM ranked
    JOIN terms ON terms.term = ranked.term
    JOIN words ON words.list = terms.list AND words.code = ranked.code
    LEFT JOIN words AS others ON others.list = terms.other_list AND others.code = ranked.other
    WHERE place <= {most}
    GROUP BY ranked.lead_id"""
