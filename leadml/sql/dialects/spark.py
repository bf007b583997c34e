"""Spark: texts of Java, and arrays read from one literal."""

from __future__ import annotations

import json
from collections.abc import Sequence

from leadml.sql.dialects.dialect import NUMBER, Dialect
from leadml.sql.lines import Lines, case, one_line

_MOST_WHENS = 4


class Spark(Dialect):
    """Apache Spark, whose literals are texts of Java and whose common table expressions cannot be kept."""

    name = "spark"
    title = "Apache Spark 3.4 or newer (or Databricks)"
    times = "timestamps without a time zone (timestamp_ntz), or with the session's time zone set to UTC"
    remarks = ("Set spark.sql.codegen.wholeStage to false first: Java cannot compile so wide a step as one method.",)
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
        return f"{text} RLIKE '{NUMBER}'"

    def bin_of(self, value: str, edges: Sequence[float], codes: Sequence[int], missing: int) -> Lines:
        """The code of the bin that a number is in; many edges are counted, as each WHEN takes its time to plan."""
        if len(edges) <= _MOST_WHENS:
            return super().bin_of(value, edges, codes, missing)
        below = f"size(filter({self.array(edges, 'double')}, edge -> edge <= {value}))"
        return case([(f"{value} IS NULL", str(missing))], f"{self.array(codes, 'int')}[{below}]")

    def value_at(self, code: str, values: Sequence[float], notes: Sequence[str]) -> Lines:
        """The value at a code, 0 being the first; `notes` say what each code is."""
        return [f"-- {one_line(' | '.join(notes))}", f"{self.array(values, 'double')}[{code}]"]

    def cell_at(self, left: str, right: str, rows: Sequence[Sequence[float]], notes: Sequence[str]) -> Lines:
        """The cell in the row of one code and the column of another; `notes` say what each row is."""
        cells = [cell for row in rows for cell in row]
        return self.value_at(f"{left} * {len(rows[0])} + {right}", cells, notes)

    def array(self, values: Sequence[float | str], kind: str) -> str:
        """An array as one literal: thousands of them would take Spark minutes to plan."""
        return f"from_json({self.text(json.dumps(values, ensure_ascii=False))}, 'array<{kind}>')"
