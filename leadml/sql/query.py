"""A scorer as one SQL query: from the feature table to score rows, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leadml.errors import BundleError
from leadml.predict import Scorer
from leadml.predict.terms import CALIBRATION
from leadml.sql.codes import CodeColumn, CodeColumns
from leadml.sql.decisions import decided, named
from leadml.sql.dialects import DIALECTS, Dialect
from leadml.sql.header import header
from leadml.sql.inputs import FeatureTable, Inputs, inputs_of
from leadml.sql.lines import Lines, indented, listed, one_line
from leadml.sql.points import Column, Points, gates_of, points_of, segment_of
from leadml.sql.reasons import (
    bounds_step,
    ranked_step,
    reason_columns,
    reasons_step,
    said_step,
    terms_step,
    words_step,
)
from leadml.sql.sums import calibrated, logistic, subtotals_of, total_of
from leadml.sql.terms import SqlTerm, calibration_number, feature_terms, rule_terms, used_features


@dataclass(frozen=True)
class Step:
    """One common table expression: its name (maybe with those of its columns), what it is, and its query."""

    name: str
    about: str
    sql: str
    kept: bool = True
    """Whether the database should work it out once, not wherever it is spoken of."""


def scoring_query(
    scorer: Scorer, dialect: str, table: FeatureTable, *, view: str | None = None, reasons: int = 3
) -> str:
    """The SQL that scores a feature table as `Scorer.score` does, but for the next question.

    Args:
        scorer: a scorer without trees.
        dialect: postgres, sqlite, duckdb or spark.
        table: the table with one row per lead.
        view: make it a view of this name.
        reasons: how many reasons for and against, at the most.

    Raises:
        BundleError: the scorer serves LightGBM itself.
        RulebookError: a rule asks what SQL cannot say.
        ColumnsError: the database could not tell two columns of the table apart.
        SourceError: a text holds a NUL.
    """
    if scorer.trees:
        raise BundleError(
            'This bundle serves LightGBM itself (kind = "boosted"), whose trees are no sum that SQL could hold. '
            'Train with kind = "glassbox" and export that.'
        )
    return _Query(scorer, DIALECTS[dialect], table, reasons).text(view)


class _Query:
    def __init__(self, scorer: Scorer, dialect: Dialect, table: FeatureTable, reasons: int) -> None:
        self._scorer, self._dialect = scorer, dialect
        self._inputs: Inputs = inputs_of(scorer, used_features(scorer), table, dialect)
        self._codes = CodeColumns(scorer, self._inputs)
        self._points: Points = points_of(scorer, self._codes, self._inputs)
        self._terms: list[SqlTerm] = [
            *rule_terms(scorer, self._points, dialect),
            *feature_terms(scorer, self._codes, dialect),
        ]
        self._gates = gates_of(scorer.rulebook, self._inputs)
        self._segment = segment_of(scorer.policy, self._inputs)
        self._most = reasons if self._terms or scorer.calibration else 0

    def text(self, view: str | None) -> str:
        """The whole file."""
        steps: list[str] = []
        for step in self._steps():
            kept = self._dialect.materialized if step.kept else ""
            steps.append(f"-- {step.about}\n{step.name} AS{kept} (\n{step.sql}\n)")
        made = self._dialect.view(view) if view else ""
        head = header(self._scorer, self._dialect, self._inputs, view)
        return f"{head}{made}WITH\n" + ",\n".join(steps) + f"\n{self._final()};\n"

    def _steps(self) -> Iterable[Step]:
        yield Step(
            "leads",
            "The table as the scorer reads it: NaN and blank texts are missing (NULL), case and outer blanks fold.",
            self._inputs.step(),
        )
        if lookups := self._codes.lookups:
            yield Step(
                "spellings(list, spelling, code)",
                "Categories of many levels: the code c<list> of each.",
                _spellings(lookups, self._dialect),
            )
        yield Step(
            "coded",
            "What each column says of a lead, as a code: 0 is not known; and which gates stop it.",
            self._coded(),
        )
        before = "coded"
        if self._points.given:
            yield Step("pointed", "The points that rules give.", _more(before, self._points.given), kept=False)
            before = "pointed"
        if self._points.shares:
            yield Step(
                "bounded",
                "What is left of a rule's points where all of a dimension pass a bound.",
                _more(before, self._points.shares),
                kept=False,
            )
            before = "bounded"
        yield Step("added", "What each term adds to the log-odds.", self._added(before))
        yield from self._sums()
        if self._most:
            yield from self._reasons()

    def _coded(self) -> str:
        columns = [Column(code.sql, code.name, code.about) for code in self._codes.columns]
        columns += [*self._points.coded, *self._gates, *self._segment]
        joins = [
            f"\n    LEFT JOIN spellings AS s{code.number} ON s{code.number}.list = {code.number} "
            f"AND s{code.number}.spelling = {self._inputs.value(code.column)}"
            for code in self._codes.lookups
        ]
        return _select(["lead_id", *columns], f"leads{''.join(joins)}")

    def _added(self, before: str) -> str:
        codes = [code.name for code in self._codes.columns]
        terms = [Column(term.sql, term.name, term.term.name) for term in self._terms]
        return _select(["lead_id", *codes, *self._carried, *self._points.totals, *terms], before)

    @property
    def _carried(self) -> list[str]:
        return [column.name for column in (*self._gates, *self._segment)]

    def _sums(self) -> Iterable[Step]:
        scorer, dialect = self._scorer, self._dialect
        total = total_of(self._terms, scorer.intercept, "total" if scorer.calibration else "log_odds", dialect)
        carried = [*self._carried, *(column.name for column in self._points.totals)]
        if scorer.rulebook and scorer.rulebook.tier:
            carried.append("c1 AS tier_code")
        subtotals = subtotals_of(self._terms, dialect)
        last = "summed"
        if scorer.calibration is None:
            yield Step(
                last,
                "The sum of all terms, and subtotals by group.",
                _select(["lead_id", *carried, total, *subtotals], "added"),
            )
        else:
            yield Step(
                "together",
                "The sum of all terms, and subtotals by group.",
                _select(["lead_id", *carried, total, *subtotals], "added"),
            )
            adds = calibrated(scorer.calibration, self._calibration_name, dialect)
            yield Step("calibrated", "What the calibration adds to that sum.", _more("together", [adds]), kept=False)
            served = Column([f"total + {adds.name}"], "log_odds")
            yield Step("summed", "The log-odds that are served.", _more("calibrated", [served]))
        yield Step("chances", "The probability.", _more(last, [Column(logistic(dialect), "probability")]), kept=False)

    @property
    def _calibration_name(self) -> str:
        return f"t{calibration_number(self._scorer)}"

    def _reasons(self) -> Iterable[Step]:
        calibration = None
        if self._scorer.calibration is not None:
            spoken = CodeColumn(0, "", [], CALIBRATION.texts)
            calibration = SqlTerm(calibration_number(self._scorer), CALIBRATION, [], spoken)
        terms = [*self._terms, *([calibration] if calibration else [])]
        codes = {code.number: code for t in terms for code in (t.code, t.other) if code is not None}
        words, dialect = [codes[number] for number in sorted(codes)], self._dialect
        yield Step(
            "words(list, code, words)", "What the codes of c<list> say of a lead.", _text(words_step(words, dialect))
        )
        yield Step(
            "terms(term, name, list, other_list)",
            "The terms, and the words that they are given.",
            _text(terms_step(terms, dialect)),
        )
        if self._terms:
            bounds = bounds_step(self._terms, self._most, dialect)
            yield Step(
                "bounded_terms",
                "Bounds that the strongest terms of a lead reach: of each group of terms one does.",
                _text(bounds),
            )
        yield Step(
            "said",
            "One row per lead and term that reaches them.",
            said_step(self._terms, calibration, dialect),
            kept=False,
        )
        yield Step(
            "ranked", "The strongest first; of equals the one that comes first in the sum.", ranked_step(), kept=False
        )
        yield Step("reasons", "The strongest reasons for and against each lead.", reasons_step(self._most), kept=False)

    def _final(self) -> str:
        scorer, dialect = self._scorer, self._dialect
        score, grade, stage = decided(scorer, dialect)
        columns: list[str | Column] = ["chances.lead_id", "probability", score, grade, stage, "log_odds"]
        columns += ["fit", "engagement", "intent", "answer"]
        columns += [f"{column.name} AS {dialect.named(f'points: {column.about}')}" for column in self._points.totals]
        columns += [*named(scorer, dialect), *reason_columns(self._most)]
        columns.append(Column([dialect.text(scorer.digest or "")], "bundle"))
        return _select(
            columns, "chances" + "\n    LEFT JOIN reasons ON reasons.lead_id = chances.lead_id" * bool(self._most)
        )


def _select(columns: Sequence[str | Column], source: str) -> str:
    items = [[column] if isinstance(column, str) else _item(column) for column in columns]
    return _text(["SELECT", *indented(listed(items)), f"FROM {source}"])


def _more(source: str, columns: Sequence[Column]) -> str:
    """All columns of a step, and further ones."""
    return _select([f"{source}.*", *columns], source)


def _item(column: Column) -> Lines:
    lines = [*column.sql[:-1], f"{column.sql[-1]} AS {column.name}"]
    return [f"-- {one_line(column.about)}", *lines] if column.about else lines


def _text(lines: Lines) -> str:
    return "\n".join(indented(lines))


def _spellings(lookups: Sequence[CodeColumn], dialect: Dialect) -> str:
    rows = [f"({code.number}, {dialect.text(text)}, {value})" for code in lookups for text, value in code.spellings]
    return _text(["VALUES", *indented(listed([row] for row in rows))])
