"""SQLite: no arrays, no regular expressions, no types that hold."""

from __future__ import annotations

from collections.abc import Sequence

from leadml.sql.dialects.dialect import Dialect, nested_replaces
from leadml.sql.lines import Lines, in_line, pick


class Sqlite(Dialect):
    """SQLite, whose lower() knows ASCII alone and whose columns hold values of any type."""

    name = "sqlite"
    title = "SQLite 3.35 or newer, built with its mathematical functions"
    times = "ISO texts in UTC (2026-01-31 23:59:59)"
    remarks = ("A number column counts as missing where it holds a text.",)
    float_type = "REAL"
    least = "MIN"
    greatest = "MAX"
    most_columns = 2000
    most_terms = 950  # one more than 1,000 and the sum is too deep an expression

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
        """A query for one row per lead and row, by one SELECT for each; as 500 can stand together, in groups."""
        each = [
            f"    SELECT lead_id, {', '.join(f'{value} AS {name}' for value, name in zip(row, names, strict=True))} "
            f"FROM {table} WHERE {where.format(row[-1])}"
            for row in rows
        ]
        groups = ["\n    UNION ALL\n".join(each[start : start + 400]) for start in range(0, len(each), 400)]
        if len(groups) == 1:
            return groups[0]
        return "\n    UNION ALL\n".join(f"    SELECT * FROM (\n{group}\n    )" for group in groups)

    def view(self, name: str) -> str:
        """What stands before a query to make it a view."""
        return f"DROP VIEW IF EXISTS {self.table(name)};\nCREATE VIEW {self.table(name)} AS\n"

    def _part(self, column: str, part: str) -> str:
        # Whole seconds: SQLite would round 23:59:59.9999 up to the next day.
        return f"CAST(strftime('{part}', substr({column}, 1, 19)) AS INTEGER)"


def _nested(function: str, values: Sequence[str]) -> str:
    while len(values) > 1:
        groups = [values[start : start + 100] for start in range(0, len(values), 100)]
        values = [f"{function}({', '.join(group)})" if len(group) > 1 else group[0] for group in groups]
    return values[0]
