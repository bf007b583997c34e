"""What databases write differently, as most of them write it."""

from __future__ import annotations

from collections.abc import Sequence

from leadml.errors import SourceError
from leadml.sql.lines import Lines, case, indented, listed, remarked

# A number as Python reads one in a text, but for exponents of three digits: those would overflow some casts.
_DIGITS = "[0-9]+(_[0-9]+)*"
NUMBER = f"^[+-]?({_DIGITS}[.]?({_DIGITS})?|[.]{_DIGITS})(e[+-]?[0-9][0-9]?)?$"
LARGEST = 1.7976931348623157e308


class Dialect:
    """A database's way to write what the standard leaves open; this one is near PostgreSQL."""

    name = ""
    title = ""
    times = "timestamps in UTC, without a time zone"
    remarks: tuple[str, ...] = ()
    text_type = "text"
    float_type = "double precision"
    materialized = " MATERIALIZED"
    least = "LEAST"
    greatest = "GREATEST"
    longest_name: int | None = None
    most_columns: int | None = None
    """Columns that a step can have; `most_terms` of them can be added up."""
    most_terms: int | None = None
    names_fold = True
    """Whether two columns of a table cannot differ in case alone."""

    def named(self, name: str) -> str:
        """A quoted identifier."""
        return '"' + name.replace('"', '""') + '"'

    def table(self, name: str) -> str:
        """A quoted table, maybe with its schema before a dot."""
        return ".".join(map(self.named, name.split(".")))

    def double(self, value: float) -> str:
        """A literal that is read as the very same double."""
        return repr(float(value))

    def text(self, text: str) -> str:
        """A text literal.

        Raises:
            SourceError: the text holds a NUL, which SQL cannot say.
        """
        if "\0" in text:
            raise SourceError(f"{text!r} holds a NUL, which no SQL text can. Mend the leads, and train again.")
        return "'" + text.replace("'", "''") + "'"

    def number(self, column: str) -> str:
        """A column as double precision; NaN is NULL."""
        kind = self.float_type
        return f"NULLIF(CAST({column} AS {kind}), CAST('NaN' AS {kind}))"

    def characters(self, text: str) -> str:
        """A text of characters that nobody could see."""
        return " || ".join(f"chr({ord(letter)})" for letter in text)

    def stripped(self, value: str, blanks: str) -> str:
        """A text without some characters at either end."""
        return f"btrim({value}, {blanks})"

    def translated(self, value: str, letters: dict[str, str]) -> str:
        """A text with single letters in place of others, whatever the locale."""
        return f"translate({value}, {self.text(''.join(letters))}, {self.text(''.join(letters.values()))})"

    def rounded(self, value: str) -> str:
        """The nearest whole number, the even one of two."""
        return f"round({value})"

    def month(self, column: str) -> str:
        """1 to 12."""
        return f"CAST(EXTRACT(MONTH FROM {column}) AS integer)"

    def weekday(self, column: str) -> str:
        """1 (Monday) to 7."""
        return f"CAST(EXTRACT(ISODOW FROM {column}) AS integer)"

    def hour(self, column: str) -> str:
        """1 (midnight) to 24."""
        return f"CAST(EXTRACT(HOUR FROM {column}) AS integer) + 1"

    def number_in(self, text: str) -> str:
        """The number that a text (stripped, in small letters) is, NULL if it is none; infinities are the largest."""
        largest = self.double(LARGEST)
        digits = f"CAST(replace({text}, '_', '') AS {self.float_type})"
        return (
            f"CASE WHEN {text} IN ('inf', '+inf', 'infinity', '+infinity') THEN {largest} "
            f"WHEN {text} IN ('-inf', '-infinity') THEN -{largest} "
            f"WHEN length({text}) <= 200 AND {self.is_number(text)} THEN {digits} END"
        )

    def is_number(self, text: str) -> str:
        """Whether a text is written as a number."""
        return f"{text} ~ '{NUMBER}'"

    def looked_up(self, index: str, rows: Sequence[str]) -> Lines:
        """A value of an array of doubles whose lines are given, by its place from 0 on."""
        return ["(ARRAY[", *indented(rows), f"])[{index} + 1]"]

    def value_at(self, code: str, values: Sequence[float], notes: Sequence[str]) -> Lines:
        """The value at a code, 0 being the first; `notes` say what each code is."""
        return self.looked_up(code, remarked(listed([self.double(value)] for value in values), notes))

    def cell_at(self, left: str, right: str, rows: Sequence[Sequence[float]], notes: Sequence[str]) -> Lines:
        """The cell in the row of one code and the column of another; `notes` say what each row is."""
        lines = listed([", ".join(map(self.double, row))] for row in rows)
        return self.looked_up(f"{left} * {len(rows[0])} + {right}", remarked(lines, notes))

    def bin_of(self, value: str, edges: Sequence[float], codes: Sequence[int], missing: int) -> Lines:
        """The code of the bin that a number is in: there is one bin more than edges, each from its lower edge on."""
        whens = [(f"{value} < {self.double(edge)}", str(code)) for edge, code in zip(edges, codes[:-1], strict=True)]
        return case([(f"{value} IS NULL", str(missing)), *whens], str(codes[-1]))

    def least_of(self, values: Sequence[str]) -> str:
        """The least of one value or more."""
        return f"{self.least}({', '.join(values)})" if len(values) > 1 else values[0]

    def greatest_of(self, values: Sequence[str]) -> str:
        """The greatest of one value or more."""
        return f"{self.greatest}({', '.join(values)})" if len(values) > 1 else values[0]

    def unpivoted(self, table: str, names: Sequence[str], rows: Sequence[Sequence[str]], where: str) -> str:
        """A query for one row per lead and row: its lead_id, and values under the names given.

        `where` is asked of the last value, in its place {0}.
        """
        values = ",\n".join(f"        ({', '.join(row)})" for row in rows)
        return (
            f"    SELECT lead_id, {', '.join(names)}\n    FROM {table}\n"
            f"    CROSS JOIN LATERAL (VALUES\n{values}\n    ) AS terms({', '.join(names)})\n"
            f"    WHERE {where.format(names[-1])}"
        )

    def view(self, name: str) -> str:
        """What stands before a query to make it a view."""
        return f"CREATE OR REPLACE VIEW {self.table(name)} AS\n"


def nested_replaces(dialect: Dialect, value: str, replaced: dict[str, str]) -> str:
    """A text with some texts in place of others, one after another."""
    for old, new in replaced.items():
        value = f"replace({value}, {dialect.text(old)}, {dialect.text(new)})"
    return value
