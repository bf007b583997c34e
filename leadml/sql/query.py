"""A scorer as one SQL query: from the feature table to score rows, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leadml.errors import BundleError
from leadml.predict import Scorer
from leadml.sql.codes import CodeColumn, CodeColumns
from leadml.sql.decisions import decided, named
from leadml.sql.dialects import DIALECTS, Dialect
from leadml.sql.header import header
from leadml.sql.inputs import FeatureTable, Inputs, inputs_of
from leadml.sql.lines import indented, listed
from leadml.sql.points import Points, gates_of, points_of, segment_of
from leadml.sql.reasons import reasons_of, spoken_of
from leadml.sql.steps import Column, Step, more, select, text
from leadml.sql.sums import calibrated, logistic, subtotals_of, total_of
from leadml.sql.terms import SqlTerm, calibration_number, feature_terms, rule_terms, used_features


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
        BundleError: the scorer serves LightGBM itself, or has more terms than the database can hold.
        RulebookError: a rule asks what SQL cannot say.
        ColumnsError: the database could not tell two columns of the table apart.
        SourceError: a text holds a NUL.
    """
    if scorer.trees:
        raise BundleError(
            'This bundle serves LightGBM itself (kind = "boosted"), whose trees are no sum that SQL could hold. '
            'Train with kind = "glassbox" and export that.'
        )
    query = _Query(scorer, DIALECTS[dialect], table, reasons)
    query.refuse_too_many()
    return query.text(view)


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
        spoken = spoken_of(scorer, self._terms)
        self._reasons = reasons_of(spoken, reasons, dialect) if reasons and spoken.all else None

    def refuse_too_many(self) -> None:
        """Refuse a scorer of which a step would be too wide, or the sum too long, for the database.

        Raises:
            BundleError: in one sentence.
        """
        terms, wide = len(self._terms), len(self._terms) + len(self._codes.columns) + len(self._carried) + 50
        dialect = self._dialect
        for count, most, what in ((terms, dialect.most_terms, "terms"), (wide, dialect.most_columns, "columns")):
            if most is not None and count > most:
                raise BundleError(
                    f"This scorer has {terms:,} terms; its query would need {count:,} {what} in one step, and "
                    f"{dialect.name} holds {most:,}. Export it for duckdb or spark, or train with fewer columns."
                )

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
            yield Step("pointed", "The points that rules give.", more(before, self._points.given), kept=False)
            before = "pointed"
        if self._points.shares:
            yield Step(
                "bounded",
                "What is left of a rule's points where all of a dimension pass a bound.",
                more(before, self._points.shares),
                kept=False,
            )
            before = "bounded"
        yield Step("added", "What each term adds to the log-odds.", self._added(before))
        yield from self._sums()
        if self._reasons:
            yield from self._reasons.steps()

    def _coded(self) -> str:
        columns = [Column(code.sql, code.name, code.about) for code in self._codes.columns]
        columns += [*self._points.coded, *self._gates, *self._segment]
        joins = [
            f"\n    LEFT JOIN spellings AS s{code.number} ON s{code.number}.list = {code.number} "
            f"AND s{code.number}.spelling = {self._inputs.value(code.column)}"
            for code in self._codes.lookups
        ]
        return select(["lead_id", *columns], f"leads{''.join(joins)}")

    def _added(self, before: str) -> str:
        codes = [code.name for code in self._codes.columns]
        terms = [Column(term.sql, term.name, term.term.name) for term in self._terms]
        return select(["lead_id", *codes, *self._carried, *self._points.totals, *terms], before)

    @property
    def _carried(self) -> list[str]:
        return [column.name for column in (*self._gates, *self._segment)]

    def _sums(self) -> Iterable[Step]:
        scorer, dialect = self._scorer, self._dialect
        total = total_of(self._terms, scorer.intercept, "total" if scorer.calibration else "log_odds", dialect)
        carried = [*self._carried, *(column.name for column in self._points.totals)]
        if scorer.rulebook and scorer.rulebook.tier:
            carried.append("c1 AS tier_code")
        sums = [total, *subtotals_of(self._terms, dialect), *(self._reasons.summed if self._reasons else [])]
        said = "The sum of all terms, and subtotals by group."
        summed = select(["lead_id", *carried, *sums], "added")
        if scorer.calibration is None:
            yield Step("summed", said, summed)
        else:
            yield Step("together", said, summed)
            adds = calibrated(scorer.calibration, self._calibration_name, dialect)
            yield Step("calibrated", "What the calibration adds to that sum.", more("together", [adds]), kept=False)
            served = Column([f"total + {adds.name}"], "log_odds")
            yield Step("summed", "The log-odds that are served.", more("calibrated", [served]))
        yield Step(
            "chances", "The probability.", more("summed", [Column(logistic(dialect), "probability")]), kept=False
        )

    @property
    def _calibration_name(self) -> str:
        return f"t{calibration_number(self._scorer)}"

    def _final(self) -> str:
        scorer, dialect = self._scorer, self._dialect
        score, grade, stage = decided(scorer, dialect)
        columns: list[str | Column] = ["lead_id", "probability", score, grade, stage, "log_odds"]
        columns += ["fit", "engagement", "intent", "answer"]
        columns += [f"{column.name} AS {dialect.named(f'points: {column.about}')}" for column in self._points.totals]
        columns += [*named(scorer, dialect), *(self._reasons.columns() if self._reasons else [])]
        columns.append(Column([dialect.text(scorer.digest or "")], "bundle"))
        return select(columns, self._reasons.source if self._reasons else "chances")


def _spellings(lookups: Sequence[CodeColumn], dialect: Dialect) -> str:
    rows = [f"({code.number}, {dialect.text(text)}, {value})" for code in lookups for text, value in code.spellings]
    return text(["VALUES", *indented(listed([row] for row in rows))])
