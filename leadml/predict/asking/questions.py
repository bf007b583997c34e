"""Which unanswered question is worth asking next: the value of information (Howard 1966).

R. A. Howard, "Information value theory", IEEE Transactions on Systems Science and Cybernetics 2 (1966) 22-26: knowing
an answer is worth what the decision gains, on average over the answers, from being taken after it and not before.

A cutoff c is a decision: a lead is handed over where its probability is at least c, so handing over a lead of
probability p gains p - c won deals against leaving it. With P(a) the probability of an answer and p(a) the lead's
probability after it, the question gains

    sum_a P(a) max(0, p(a) - c)  -  max(0, sum_a P(a) (p(a) - c)),

which is the smaller one of what answers speaking for the lead add and what those against it take away. It is 0
where no answer changes what is done. A lead that a gate holds back (or that shows no intent, where an SQL needs it) is
not handed over whatever its answer, unless the answer opens the gate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from leadml.predict.arrays import Mask
from leadml.predict.asking.answers import Answers, assumed_answers, questioned
from leadml.predict.asking.filling import Addends, Filling, Indices, Standing
from leadml.predict.encoding import Column, Floats
from leadml.predict.policy import Policy
from leadml.predict.rules.rows import RuleRows
from leadml.predict.rules.rulebook import Dimension, Stops
from leadml.predict.segments import RowCutoffs
from leadml.predict.tables import probability


@dataclass(frozen=True)
class OpenQuestion:
    """A question and the rows that it can be put to.

    `rows` are their positions; `value` is what asking each is expected to gain, less the cost of asking, in won deals;
    `share` and `probability` say how likely each answer is and the probability of conversion after it, both of shape
    (answers, rows).
    """

    dimension: str
    question: str
    answers: tuple[str, ...]
    rows: Indices
    value: Floats
    share: Floats
    probability: Floats


@dataclass(frozen=True)
class _Asking:
    """A dimension that asks, and the column that its answers fill in."""

    dimension: Dimension
    filling: Filling


class Questions:
    """The questions of a scorer that has rules.

    `columns` are the contract by name; `seen` are the answers that leads were seen to give.
    """

    def __init__(
        self, addends: Addends, columns: Mapping[str, Column], policy: Policy, seen: tuple[Answers, ...]
    ) -> None:
        self._rulebook, self._policy = addends.rulebook, policy
        fillings = {filling.column.name: filling for filling in _fillings(addends, columns, seen)}
        self._asking = [
            _Asking(dimension, fillings[dimension.column])
            for dimension in addends.rulebook.dimensions
            if dimension.question is not None and dimension.column in fillings
        ]

    @property
    def texts(self) -> tuple[str, ...]:
        """The questions, in the order of the rulebook."""
        return tuple(str(asking.dimension.question) for asking in self._asking)

    def next(self, standing: Standing) -> tuple[Indices, Floats]:
        """For each row the number of the question that gains most, and what it gains less the cost of asking.

        -1 and 0 where none gains anything. Of equal ones it is the first in the rulebook. Both of shape (rows,).
        """
        count = len(standing.log_odds)
        best, asked = np.zeros(count), np.full(count, -1, np.int64)
        for position, asking in enumerate(self._asking):
            rows = np.flatnonzero(asking.dimension.open(standing.rows))
            value = self._value(asking.filling, standing, rows)
            better = value > best[rows]
            best[rows[better]], asked[rows[better]] = value[better], position
        return asked, best

    def open(self, standing: Standing) -> Iterator[OpenQuestion]:
        """Every question with the rows that it can be put to, in the order of the rulebook."""
        for asking in self._asking:
            rows, filling = np.flatnonzero(asking.dimension.open(standing.rows)), asking.filling
            after = [probability(log_odds) for log_odds, _ in filling.after(standing, rows)] if len(rows) else []
            yield OpenQuestion(
                asking.dimension.name,
                str(asking.dimension.question),
                filling.words,
                rows,
                self._value(filling, standing, rows),
                filling.answers.likely(standing.log_odds[rows]),
                np.array(after).reshape(len(filling.words), len(rows)),
            )

    def _value(self, filling: Filling, standing: Standing, asked: Indices) -> Floats:
        """What asking is expected to gain, summed over the decisions, less the cost; shape (asked,)."""
        value = np.full(len(asked), -self._policy.cost_of_asking)
        if not len(asked):
            return value
        after = list(filling.after(standing, asked))
        lowest, highest = _ends([log_odds for log_odds, _ in after])
        for stage, cutoff in self._stakes(standing.cutoffs.take(asked)):
            may = self._may(stage, standing.rows, standing.intent)[asked]
            at_stake = ~np.isnan(cutoff) if filling.is_gated else may & _crossed(lowest, highest, cutoff)
            places = np.flatnonzero(np.broadcast_to(at_stake, len(asked)))
            bound = cutoff if cutoff.ndim == 0 else cutoff[places]
            shares = filling.answers.likely(standing.log_odds[asked[places]])
            if filling.is_gated:
                shares = shares * [self._may(stage, rows, standing.intent)[asked[places]] for _, rows in after]
            speaking_for, against = np.zeros((2, len(places)))
            # Answer by answer, so that a row's sums are the same alone and among others.
            for share, (log_odds, _) in zip(shares, after, strict=True):
                gain = share * (probability(log_odds[places]) - bound)
                speaking_for += np.maximum(gain, 0.0)
                against -= np.minimum(gain, 0.0)
            value[places] += np.where(may[places], np.minimum(speaking_for, against), speaking_for)
        return value

    def _stakes(self, cutoffs: RowCutoffs) -> tuple[tuple[Stops, Floats], ...]:
        """The decisions at stake: each cutoff that is published, or the base rate where none is; NaN: none is."""
        mql = np.where(np.isnan(cutoffs.mql), self._policy.grade_bounds[2], cutoffs.mql)
        return (("MQL", mql),) if np.isnan(cutoffs.sql).all() else (("MQL", mql), ("SQL", cutoffs.sql))

    def _may(self, stage: Stops, rows: RuleRows, intent: Floats) -> Mask:
        """Which rows can have a stage, whatever their probability; shape (rows,)."""
        needs_intent = stage == "SQL" and self._policy.sql_needs_intent
        may = ~self._rulebook.kept_from(stage, rows)
        return may & (intent > 0) if needs_intent else may


def _ends(after: Sequence[Floats]) -> tuple[Floats, Floats]:
    """The lowest and the highest log-odds that an answer gives each row; each of shape (rows,)."""
    return reduce(np.minimum, after), reduce(np.maximum, after)


def _crossed(lowest: Floats, highest: Floats, cutoff: Floats) -> Mask:
    """The rows that answers put on both sides of a cutoff: the others gain nothing; shape (rows,)."""
    with np.errstate(divide="ignore"):  # a cutoff of 0 or 1 has no log-odds, and no lead on its other side
        bound = np.log(cutoff) - np.log1p(-cutoff)
    return np.asarray((lowest < bound) & (highest >= bound))


def _fillings(addends: Addends, columns: Mapping[str, Column], seen: tuple[Answers, ...]) -> Iterator[Filling]:
    """The columns that questions fill in, with the answers seen, or else those that rules and tables name."""
    given = {answers.column: answers for answers in seen}
    for name in questioned(addends.rulebook):
        answers = given.get(name) or assumed_answers(columns[name], addends.features, addends.rulebook)
        if answers is not None:
            yield Filling(answers, columns[name], addends)
