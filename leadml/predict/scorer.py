"""The scorer: rows in, probabilities, grades, stages and reasons out. This is all that serving needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from leadml.errors import ColumnsError
from leadml.predict.arrays import from_numpy, from_texts
from leadml.predict.asking.answers import Answers
from leadml.predict.asking.filling import Addends, Standing
from leadml.predict.asking.questions import OpenQuestion, Questions
from leadml.predict.calibration import MonotoneMap
from leadml.predict.columns import TIME, materialize, read_columns, read_ids
from leadml.predict.encoding import Codes, Column, Feature, Floats
from leadml.predict.inputs import Asked, Inputs, InputsCode, one_array
from leadml.predict.picking import ReasonPicker
from leadml.predict.policy import Policy, scores
from leadml.predict.reasons import Reason, exact_reasons
from leadml.predict.rules.columns import rule_columns
from leadml.predict.rules.rows import Mask
from leadml.predict.rules.rulebook import Rulebook, Stops
from leadml.predict.summing import BLOCK, PART, Coded, Part, Sum
from leadml.predict.tables import ScoreTables, probability
from leadml.predict.terms import Term
from leadml.predict.threads import side_by_side
from leadml.predict.trees import Trees

Result = TypeVar("Result")


@dataclass(frozen=True)
class Scorer:
    """Everything needed to score leads, and nothing that can run.

    `columns` is the contract for rows; `features`, `tables` and `rulebook` make the log-odds, and `trees`, where
    LightGBM itself is served: what they add is shared out among the features. `calibration`, where there is one, maps
    the sum of all terms to the log-odds; what that adds is a term of its own, of no feature group. `policy` turns
    probabilities into decisions; `answers` are how leads were seen to answer the rulebook's questions; `facts` are what
    training wrote down; `digest` is the SHA-256 of the bundle file this scorer was loaded from or saved to, None
    before.
    """

    columns: tuple[Column, ...]
    features: tuple[Feature, ...]
    tables: ScoreTables
    policy: Policy
    rulebook: Rulebook | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    digest: str | None = None
    trees: tuple[Trees, ...] = ()
    answers: tuple[Answers, ...] = ()
    calibration: MonotoneMap | None = None

    def __post_init__(self) -> None:
        if self.rulebook is not None and not self.rulebook.dimensions:  # none of its questions has a column
            object.__setattr__(self, "rulebook", None)

    def log_odds(self, rows: Any) -> Floats:
        """Log-odds of conversion, shape (rows,). See `score` for `rows` and the errors."""
        return np.concatenate(self._in_parts(self._log_odds, read_columns(rows, self.columns)))

    def probability(self, rows: Any) -> Floats:
        """Probability of conversion, shape (rows,). See `score` for `rows` and the errors."""
        return probability(self.log_odds(rows))

    def encode(self, table: pa.Table) -> list[Codes]:
        """Codes of each feature for a table that `read_columns` has read; each of shape (rows,)."""
        return self._sum.encode(table)

    def contributions(self, rows: Any) -> pa.Table:
        """Every term of every row's log-odds: a column "intercept" and one per term; a row's sum is its log-odds."""
        table = read_columns(rows, self.columns)
        matrix = self._sum.shared_out(self._coded(table).whole)
        intercept = np.full(table.num_rows, self.intercept)
        return pa.table([intercept, *matrix], names=["intercept", *(term.name for term in self.terms)])

    def subtotals(self, rows: Any) -> dict[str, Floats]:
        """Log-odds that each feature group adds to each row; with the intercept they add up to the log-odds.

        A calibration that is a map belongs to no group: what it adds is missing from them.
        """
        return self._sum.subtotals(self._sum.shared_out(self._coded(read_columns(rows, self.columns)).whole))

    def kept_from(self, stage: Stops, rows: Any) -> Mask:
        """Which rows a gate keeps from a stage whatever their score; shape (rows,). See `score` for `rows`."""
        table = read_columns(rows, self.columns)
        if self.rulebook is None:
            return np.zeros(table.num_rows, dtype=np.bool_)
        return self.rulebook.kept_from(stage, self.rulebook.rows(table))

    def score(
        self,
        rows: Any,
        *,
        id_column: str | None = None,
        as_of: datetime | None = None,
        reasons: int = 3,
        inputs: bool = False,
    ) -> pa.Table:
        """Score rows.

        Args:
            rows: a pyarrow Table or RecordBatch, a DataFrame, or a list of dictionaries, with the columns of the
                contract in any order. Values never seen in training, missing values and extra columns are all right.
            id_column: a column of `rows` to hand through as "lead_id".
            as_of: the moment the rows describe, handed through.
            reasons: how many reasons for and against to give, at the most.
            inputs: also give a column "inputs": what `replayed` needs to give the row again without the lead.

        Returns:
            One row per row: lead_id (where asked), probability, score (100 x probability, one decimal), grade, stage
            (null where the bundle publishes no cutoff), log_odds, the subtotals fit, engagement, intent and answer (in
            log-odds; with the intercept, and the calibration where it is a map, they add up to log_odds), points (a
            struct of points per rule dimension, where there are rules), tier (null for a lead of none), stopped_by (a
            list of the names of gates that keep the lead from a stage), segment (where some have cutoffs of their own;
            null for a lead of none), reasons_for and reasons_against (lists of structs of reason and log_odds),
            next_question (null where no answer is worth asking for), next_question_value (what asking it is expected
            to gain, in won deals), inputs (where asked; a text of a few dozen characters), bundle and as_of.

        Raises:
            ColumnsError: rows of an unknown shape, or with the columns or value types of another scorer.
        """
        rows = materialize(rows)
        table = read_columns(rows, self.columns)
        ids = read_ids(rows, id_column) if id_column else None
        _ = self._picker, self._questions  # made once, before threads ask for them
        parts = self._in_parts(lambda part: self._score_part(part, reasons, inputs), table)
        scored = self._signed(pa.concat_tables(parts), as_of)
        return scored if ids is None else scored.add_column(0, "lead_id", ids)

    def replayed(self, inputs: Any, *, as_of: datetime | None = None, reasons: int = 3) -> pa.Table:
        """Score rows again from what `score` kept of their inputs: the same columns, bit for bit.

        Args:
            inputs: an array of texts from a column "inputs".
            as_of: the moment that the rows described, handed through.
            reasons: how many reasons for and against to give, at the most.

        Returns:
            What `score` gave, but lead_id and inputs.

        Raises:
            BundleError: inputs are damaged, or those of another bundle.
        """
        texts = one_array(inputs)
        _ = self._picker, self._inputs._packing  # made once, before threads ask for them
        spans = [texts.slice(start, PART) for start in range(0, max(len(texts), 1), PART)]

        def work(span: pa.Array) -> pa.Table:
            kept = self._inputs.read(span)
            return pa.table(self._columns(kept.part, kept.stopped, reasons, lambda *_: kept.asked)[0])

        parts = [work(span) for span in spans] if self.trees else side_by_side(work, spans)
        return self._signed(pa.concat_tables(parts), as_of)

    def replayed_terms(self, inputs: Any) -> tuple[tuple[Codes, ...], Floats]:
        """Each term's codes, of shape (rows,), and log-odds, shape (terms, rows); see `replayed`."""
        part = self._inputs.read(one_array(inputs)).part
        return part.codes, self._sum.shared_out(part)

    def reasons(self, row: Any) -> tuple[Reason, ...]:
        """Every reason of one row with its very values, the strongest first; with the intercept they add up.

        Raises:
            ColumnsError: there is not one row; and as for `score`.
        """
        table = read_columns(row, self.columns)
        if table.num_rows != 1:
            raise ColumnsError(f"Reasons are given for one row, got {table.num_rows} instead. Bring one row.")
        part = self._coded(table).whole
        codes = [int(code[0]) for code in part.codes]
        return exact_reasons(self._sum, table, codes, self._sum.shared_out(part)[:, 0])

    def open_questions(self, rows: Any) -> tuple[OpenQuestion, ...]:
        """The questions that rows have not answered, what asking each is worth, and what each answer would do.

        See `score` for `rows` and the errors. Questions come in the order of the rulebook.
        """
        part = self._coded(read_columns(rows, self.columns)).whole
        matrix = self._sum.matrix(part)
        log_odds = self._sum.log_odds(matrix, part)
        self._sum.share_out(matrix, part)
        standing = self._standing(part, log_odds, self._sum.subtotals(matrix)["intent"])
        return () if standing is None or self._questions is None else tuple(self._questions.open(standing))

    @property
    def intercept(self) -> float:
        """What every lead starts from: the log-odds that are no term's."""
        return self._sum.intercept

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of the sum, in order: those of rules, features and pairs, and a calibration that is a map."""
        return self._sum.terms

    @property
    def rule_terms(self) -> int:
        """How many of the terms are the rules'; they are the first."""
        return self._sum.of_rules

    @cached_property
    def _sum(self) -> Sum:
        return Sum(self.features, self.tables, self.rulebook, self.trees, self.calibration)

    @cached_property
    def _picker(self) -> ReasonPicker:
        return ReasonPicker(self.terms, self._sum.by_code)

    @cached_property
    def _questions(self) -> Questions | None:
        if self.rulebook is None:
            return None
        addends = Addends(self.features, self.tables, self.rulebook, self.trees, self.calibration)
        return Questions(addends, {column.name: column for column in self.columns}, self.policy, self.answers)

    @property
    def _asks(self) -> tuple[str, ...]:
        return () if self._questions is None else self._questions.texts

    @cached_property
    def _inputs(self) -> InputsCode:
        return InputsCode(self._sum, self.policy, self._asks)

    def _coded(self, table: pa.Table) -> Coded:
        return self._sum.coded(table, self.policy.segments_of(table))

    def _in_parts(self, work: Callable[[Part], Result], table: pa.Table) -> list[Result]:
        """What some work makes of one part of the rows after another, at least one.

        LightGBM has threads of its own, which threads here would only get in the way of.
        """
        results: list[Result] = []
        for start in range(0, max(table.num_rows, 1), BLOCK):
            results += self._in_parts_of(self._coded(table.slice(start, BLOCK)), work)
        return results

    def _in_parts_of(self, coded: Coded, work: Callable[[Part], Result]) -> list[Result]:
        if self.trees:
            return [work(coded.part(*span)) for span in coded.spans]
        return side_by_side(lambda span: work(coded.part(*span)), coded.spans)

    def _log_odds(self, part: Part) -> Floats:
        return self._sum.log_odds(self._sum.matrix(part), part)

    def _signed(self, scored: pa.Table, as_of: datetime | None) -> pa.Table:
        """Score rows with the bundle and the moment that they are of."""
        count = scored.num_rows
        scored = scored.append_column("bundle", pa.repeat(from_texts([self.digest])[0], count))
        moment = pa.nulls(1, TIME)[0] if as_of is None else pa.scalar(as_of, TIME)
        return scored.append_column("as_of", pa.repeat(moment, count))

    def _score_part(self, part: Part, reasons: int, inputs: bool) -> pa.Table:
        stopped = {} if self.rulebook is None or part.rows is None else self.rulebook.stopped(part.rows)

        def asked(log_odds: Floats, intent: Floats) -> Asked:
            return self._next_questions(self._standing(part, log_odds, intent), part.count)

        columns, worth_asking = self._columns(part, stopped, reasons, asked)
        if inputs:
            columns["inputs"] = self._inputs.write(Inputs(part, stopped, worth_asking))
        return pa.table(columns)

    def _columns(
        self, part: Part, stopped: Mapping[str, Mask], reasons: int, asking: Callable[[Floats, Floats], Asked]
    ) -> tuple[dict[str, Any], Asked]:
        """The columns of score rows. `asking` gives the question worth most, from log-odds and intent subtotals."""
        matrix = self._sum.matrix(part)
        log_odds = self._sum.log_odds(matrix, part)
        self._sum.share_out(matrix, part)
        chance = probability(log_odds)
        subtotals = self._sum.subtotals(matrix)
        said = rule_columns(self.rulebook, stopped, part.points, part.codes, part.count)
        cutoffs = self.policy.cutoffs(part.segments)
        columns = {
            "probability": from_numpy(chance),
            "score": from_numpy(scores(chance)),
            "grade": self.policy.grades(chance),
            "stage": self.policy.stages(chance, cutoffs, subtotals["intent"], said.stops),
            "log_odds": from_numpy(log_odds),
            **{group: from_numpy(subtotal) for group, subtotal in subtotals.items()},
            **said.columns,
        }
        if part.segments is not None:
            columns["segment"] = self.policy.segment_names(part.segments)
        columns["reasons_for"], columns["reasons_against"] = self._picker.pick(matrix, part.codes, reasons)
        asked = asking(log_odds, subtotals["intent"])
        number = from_numpy(asked.question.astype(np.int32), valid=asked.question >= 0)
        columns["next_question"] = pa.DictionaryArray.from_arrays(number, from_texts(self._asks))
        columns["next_question_value"] = from_numpy(asked.value)
        return columns, asked

    def _standing(self, part: Part, log_odds: Floats, intent: Floats) -> Standing | None:
        """The rows as questions are put to them, None without rules."""
        if part.rows is None:
            return None
        cutoffs = self.policy.cutoffs(part.segments)
        return Standing(log_odds, intent, self._sum.features_of(part), part.points, part.rows, cutoffs)

    def _next_questions(self, standing: Standing | None, count: int) -> Asked:
        """The question worth most for each row, and its value."""
        if standing is None or self._questions is None:
            return Asked(np.full(count, -1, np.int64), np.zeros(count))
        return Asked(*self._questions.next(standing))
