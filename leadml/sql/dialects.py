"""What databases write differently: names, literals, types and a handful of functions."""

from __future__ import annotations

from collections.abc import Sequence

from leadml.errors import SourceError
from leadml.sql.lines import Lines, in_line, indented, pick, remark

# A number as Python reads one in a text, but for exponents of three digits: those would overflow some casts.
_DIGITS = "[0-9]+(_[0-9]+)*"
_NUMBER = f"^[+-]?({_DIGITS}[.]?({_DIGITS})?|[.]{_DIGITS})(e[+-]?[0-9][0-9]?)?$"
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
        return f"{text} ~ '{_NUMBER}'"

    def looked_up(self, index: str, rows: Sequence[str]) -> Lines:
        """A value of an array of doubles whose lines are given, by its place from 0 on."""
        return ["(ARRAY[", *indented(rows), f"])[{index} + 1]"]

    def value_at(self, code: str, values: Sequence[float], notes: Sequence[str]) -> Lines:
        """The value at a code, 0 being the first; `notes` say what each code is."""
        literals = [self.double(value) for value in values]
        return self.looked_up(code, _remarked([*(f"{one}," for one in literals[:-1]), literals[-1]], notes))

    def cell_at(self, left: str, right: str, rows: Sequence[Sequence[float]], notes: Sequence[str]) -> Lines:
        """The cell in the row of one code and the column of another; `notes` say what each row is."""
        lines = [", ".join(map(self.double, row)) for row in rows]
        return self.looked_up(
            f"{left} * {len(rows[0])} + {right}", _remarked([*(f"{line}," for line in lines[:-1]), lines[-1]], notes)
        )

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


class Postgres(Dialect):
    """PostgreSQL, whose literals with a point are decimal numbers unless cast."""

    name = "postgres"
    title = "PostgreSQL 12 or newer, with a database encoded in UTF-8"
    longest_name = 63
    names_fold = False

    def double(self, value: float) -> str:
        """A literal that is read as the very same double."""
        return f"{value!r}::float8"


class Sqlite(Dialect):
    """SQLite, whose lower() knows ASCII alone and whose columns hold values of any type."""

    name = "sqlite"
    title = "SQLite 3.35 or newer, built with its mathematical functions"
    times = "ISO texts in UTC (2026-01-31 23:59:59)"
    remarks = ("A number column counts as missing where it holds a text.",)
    float_type = "REAL"
    least = "MIN"
    greatest = "MAX"

    def number(self, column: str) -> str:
        """A column as a float; SQLite has no NaN."""
        return f"CASE WHEN typeof({column}) IN ('real', 'integer') THEN CAST({column} AS REAL) END"

    def characters(self, text: str) -> str:
        """A text of characters that nobody could see."""
        return f"char({', '.join(str(ord(letter)) for letter in text)})"

    def stripped(self, value: str, blanks: str) -> str:
        """A text without some characters at either end."""
        return f"trim({value}, {blanks})"

    def translated(self, value: str, letters: dict[str, str]) -> str:
        """A text with single letters in place of others: lower() for A to Z, one replace() for each further one."""
        return nested_replaces(self, f"lower({value})", {old: new for old, new in letters.items() if not old.isascii()})

    def rounded(self, value: str) -> str:
        """The nearest whole number, the even one of two: beyond 2^52 there are no others."""
        return f"({value} + 4503599627370496.0) - 4503599627370496.0"

    def month(self, column: str) -> str:
        """1 to 12."""
        return self._part(column, "%m")

    def weekday(self, column: str) -> str:
        """1 (Monday) to 7; SQLite counts from Sunday (0)."""
        return f"({self._part(column, '%w')} + 6) % 7 + 1"

    def hour(self, column: str) -> str:
        """1 (midnight) to 24."""
        return f"{self._part(column, '%H')} + 1"

    def is_number(self, text: str) -> str:
        """Whether a text is written as a number; SQLite has no regular expressions, so by its parts."""
        unsigned = f"(CASE WHEN substr({text}, 1, 1) IN ('+', '-') THEN substr({text}, 2) ELSE {text} END)"
        digits = f"substr({unsigned}, 1, instr({unsigned} || 'e', 'e') - 1)"
        power = f"substr({unsigned}, instr({unsigned} || 'e', 'e'))"
        powers = " OR ".join(f"{power} GLOB '{shape}'" for shape in ("e[0-9]", "e[0-9][0-9]", "e[+-][0-9]"))
        wrong = " AND ".join(f"{digits} NOT GLOB '{shape}'" for shape in ("*[^0-9._]*", "*[^0-9]_*", "*_[^0-9]*"))
        return (
            f"{digits} GLOB '*[0-9]*' AND {wrong} AND {digits} NOT GLOB '_*' AND {digits} NOT GLOB '*_' "
            f"AND {digits} NOT GLOB '*.*.*' AND ({power} = '' OR {powers} OR {power} GLOB 'e[+-][0-9][0-9]')"
        )

    def value_at(self, code: str, values: Sequence[float], notes: Sequence[str]) -> Lines:
        """The value at a code, 0 being the first; SQLite has no arrays."""
        return pick(code, [self.double(value) for value in values], notes)

    def cell_at(self, left: str, right: str, rows: Sequence[Sequence[float]], notes: Sequence[str]) -> Lines:
        """The cell in the row of one code and the column of another; SQLite has no arrays."""
        return pick(left, [in_line(right, [self.double(value) for value in row]) for row in rows], notes)

    def least_of(self, values: Sequence[str]) -> str:
        """The least of one value or more; min() of one alone would be over all rows, and takes 127 at most."""
        return _nested(self.least, values)

    def greatest_of(self, values: Sequence[str]) -> str:
        """The greatest of one value or more; as the least."""
        return _nested(self.greatest, values)

    def unpivoted(self, table: str, names: Sequence[str], rows: Sequence[Sequence[str]], where: str) -> str:
        """A query for one row per lead and row, by one SELECT for each; 500 can stand together at the most."""
        return "\n    UNION ALL\n".join(
            f"    SELECT lead_id, {', '.join(f'{value} AS {name}' for value, name in zip(row, names, strict=True))} "
            f"FROM {table} WHERE {where.format(row[-1])}"
            for row in rows
        )

    def view(self, name: str) -> str:
        """What stands before a query to make it a view."""
        return f"DROP VIEW IF EXISTS {self.table(name)};\nCREATE VIEW {self.table(name)} AS\n"

    def _part(self, column: str, part: str) -> str:
        # Whole seconds: SQLite would round 23:59:59.9999 up to the next day.
        return f"CAST(strftime('{part}', substr({column}, 1, 19)) AS INTEGER)"


class DuckDb(Dialect):
    """DuckDB, whose literals with a point are decimal numbers unless they have an exponent."""

    name = "duckdb"
    title = "DuckDB 1.0 or newer"
    float_type = "DOUBLE"

    def double(self, value: float) -> str:
        """A literal that is read as the very same double."""
        written = repr(float(value))
        return written if "e" in written else f"{written}e0"

    def stripped(self, value: str, blanks: str) -> str:
        """A text without some characters at either end."""
        return f"trim({value}, {blanks})"

    def rounded(self, value: str) -> str:
        """The nearest whole number, the even one of two."""
        return f"round_even({value}, 0)"

    def is_number(self, text: str) -> str:
        """Whether a text is written as a number."""
        return f"regexp_matches({text}, '{_NUMBER}')"

    def looked_up(self, index: str, rows: Sequence[str]) -> Lines:
        """A value of a list of doubles whose lines are given, by its place from 0 on."""
        return ["([", *indented(rows), f"])[{index} + 1]"]


class Spark(Dialect):
    """Apache Spark, whose literals are texts of Java and whose common table expressions cannot be kept."""

    name = "spark"
    title = "Apache Spark 3.4 or newer (or Databricks)"
    times = "timestamps without a time zone (timestamp_ntz), or with the session's time zone set to UTC"
    text_type = "STRING"
    float_type = "DOUBLE"
    materialized = ""

    def named(self, name: str) -> str:
        """A quoted identifier."""
        return "`" + name.replace("`", "``") + "`"

    def double(self, value: float) -> str:
        """A literal that is read as the very same double."""
        return f"{value!r}D"

    def text(self, text: str) -> str:
        """A text literal; Spark would put its settings in place of ${...}."""
        written = text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\u0024{")
        return f"'{written}'"

    def characters(self, text: str) -> str:
        """A text of characters that nobody could see."""
        return "'" + "".join(f"\\u{ord(letter):04x}" for letter in text) + "'"

    def rounded(self, value: str) -> str:
        """The nearest whole number, the even one of two."""
        return f"rint({value})"

    def weekday(self, column: str) -> str:
        """1 (Monday) to 7."""
        return f"weekday({column}) + 1"

    def is_number(self, text: str) -> str:
        """Whether a text is written as a number."""
        return f"{text} RLIKE '{_NUMBER}'"

    def looked_up(self, index: str, rows: Sequence[str]) -> Lines:
        """A value of an array of doubles whose lines are given, by its place from 0 on."""
        return ["array(", *indented(rows), f")[{index}]"]

    def unpivoted(self, table: str, names: Sequence[str], rows: Sequence[Sequence[str]], where: str) -> str:
        """A query for one row per lead and row."""
        values = ",\n".join(f"        {', '.join(row)}" for row in rows)
        return (
            f"    SELECT lead_id, {', '.join(names)}\n    FROM {table}\n"
            f"    LATERAL VIEW stack({len(rows)},\n{values}\n    ) terms AS {', '.join(names)}\n"
            f"    WHERE {where.format(names[-1])}"
        )


def _nested(function: str, values: Sequence[str]) -> str:
    while len(values) > 1:
        groups = [values[start : start + 100] for start in range(0, len(values), 100)]
        values = [f"{function}({', '.join(group)})" if len(group) > 1 else group[0] for group in groups]
    return values[0]


def _remarked(lines: Sequence[str], notes: Sequence[str]) -> Lines:
    return [f"{line}{remark(note)}" for line, note in zip(lines, notes, strict=True)]


def nested_replaces(dialect: Dialect, value: str, replaced: dict[str, str]) -> str:
    """A text with some texts in place of others, one after another."""
    for old, new in replaced.items():
        value = f"replace({value}, {dialect.text(old)}, {dialect.text(new)})"
    return value


DIALECTS: dict[str, Dialect] = {made.name: made for made in (Postgres(), Sqlite(), DuckDb(), Spark())}
