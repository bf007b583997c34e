"""Can these snapshots carry a model, and what can it promise? Said before training, by numbered findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.training.audit.proofs import is_filled
from leadml.training.findings import Finding
from leadml.training.folds import Rows
from leadml.training.split import Groups, account_codes

Signatures = np.ndarray[Any, np.dtype[np.uint64]]

LEAST_CLOSED = 20
LEAST_OF_AN_OUTCOME = 5
DYNAMICS_MINIMUM = 40
EINSTEIN_LEADS, EINSTEIN_WON = 1000, 120

_TYPICAL_AUC = 0.75
_DETECTABLE = 2.8  # 1.96 + 0.84: seen at 5 % two-sided with a power of 80 %
_TOP = 0.2
_MOSTLY_MISSING = 0.95
_NAMES_THE_LEAD = 0.9
_RARE = 0.01
_REPEATED = 0.1


def check_readiness(
    table: pa.Table, columns: Sequence[str], label: Floats, order: Floats | None, groups: Groups
) -> list[Finding]:
    """Numbered errors (R0xx), warnings and notes (R1xx) about training on these snapshots, the gravest first.

    Args:
        table: the snapshots (rows).
        columns: names of the feature columns in `table`.
        label: float array (rows,), 1 won, 0 not, NaN not yet known; rows of unknown label are disregarded.
        order: float array (rows,) or None, sortable time.
        groups: array (rows,), the account of each row. Outcomes are counted in accounts: ten snapshots of one lead
            teach as little as one.
    """
    known = np.flatnonzero(np.isfinite(label))
    accounts = account_codes(groups)[known]
    outcome = _Outcomes.count(label[known], accounts)
    refused = _refusals(outcome)
    if refused:
        return refused
    rows = table.select(list(columns)).take(pa.array(known))
    findings = [_promise(outcome), *_rare(outcome), *_time(order, known)]
    for name in columns:
        findings += _column(name, rows[name], accounts)
    return findings + _nothing_to_learn(columns, findings) + _repeats(rows, accounts)


@dataclass(frozen=True)
class _Outcomes:
    """Accounts with a win and without, what to call them, and the share of rows won."""

    won: int
    lost: int
    unit: str
    base_rate: float

    @classmethod
    def count(cls, label: Floats, accounts: Rows) -> _Outcomes:
        present = np.unique(accounts)
        won = len(np.unique(accounts[label == 1]))
        unit = "leads" if len(present) == len(accounts) else "accounts"
        return cls(won, len(present) - won, unit, float(label.mean()) if len(label) else 0.0)


def auc_standard_error(won: int, lost: int, auc: float = _TYPICAL_AUC) -> float:
    """Standard error of an AUC measured on so many won and lost leads (Hanley and McNeil 1982)."""
    both_won = auc / (2 - auc)
    both_lost = 2 * auc**2 / (1 + auc)
    spread = auc * (1 - auc) + (won - 1) * (both_won - auc**2) + (lost - 1) * (both_lost - auc**2)
    return float(np.sqrt(spread / (won * lost)))


def smallest_lift(won: int, lost: int) -> float:
    """Smallest lift of the top fifth over the base rate that chance would rarely hide (5 % two-sided, power 80 %)."""
    leads = won + lost
    base = won / leads
    return float(1 + _DETECTABLE * np.sqrt((1 / _TOP - 1) * base * (1 - base) / leads) / base)


def _refusals(outcome: _Outcomes) -> list[Finding]:
    won, lost, unit = outcome.won, outcome.lost, outcome.unit
    closed = f"There are {won} {unit} with a win and {lost} without"
    if won + lost == 0:
        return [
            _error(
                "R004",
                "No lead has closed yet, or none long enough ago for its outcome to count.",
                "Name a rulebook (rules.preset or rules.file) and state rules.base_rate and "
                "rules.points_that_double_odds: leads are then scored by the rules.",
            )
        ]
    if won == 0 or lost == 0:
        return [
            _error(
                "R001",
                f"{closed}: with one outcome there is nothing to tell apart.",
                "Check which values of the outcome column mean won and which mean lost; where that is right, score by "
                "a rulebook with a stated rules.base_rate.",
            )
        ]
    if won + lost < LEAST_CLOSED:
        return [
            _error(
                "R002",
                f"{closed}; a model needs {LEAST_CLOSED} in all.",
                "Score by a rulebook with a stated rules.base_rate until more leads have closed.",
            )
        ]
    if min(won, lost) < LEAST_OF_AN_OUTCOME:
        return [
            _error(
                "R003",
                f"{closed}; a model needs {LEAST_OF_AN_OUTCOME} of each.",
                "Add older leads of the rarer outcome, or score by a rulebook with a stated rules.base_rate.",
            )
        ]
    return []


def _promise(outcome: _Outcomes) -> Finding:
    won, lost, unit = outcome.won, outcome.lost, outcome.unit
    error = auc_standard_error(won, lost)
    text = (
        f"{won} {unit} with a win and {lost} without: if every one of them tested the model, its AUC would be "
        f"known to about ±{1.96 * error:.2f} (95 %), and a top fifth that converts less than "
        f"{smallest_lift(won, lost):.1f} times the average could not be told from chance."
    )
    if min(won, lost) < DYNAMICS_MINIMUM:
        return _warning(
            "R101",
            f"{text} Dynamics 365 refuses fewer than {DYNAMICS_MINIMUM} won and {DYNAMICS_MINIMUM} lost leads.",
            "Trust the rulebook more than the model, and read every interval on the page before acting on it.",
        )
    if won + lost < EINSTEIN_LEADS or won < EINSTEIN_WON:
        return _warning(
            "R102",
            f"{text} Salesforce Einstein asks for {EINSTEIN_LEADS:,} leads with {EINSTEIN_WON} conversions.",
            "The ranking can be used; expect the probabilities and cutoffs to move at the next training.",
        )
    return Finding("R100", "note", None, text, "Nothing to do.")


def _rare(outcome: _Outcomes) -> list[Finding]:
    if outcome.base_rate >= _RARE:
        return []
    return [
        _warning(
            "R107",
            f"{outcome.base_rate:.2%} of the snapshots convert within the horizon.",
            "Check the values that mean won; a longer horizon or a narrower population gives the model more to learn.",
        )
    ]


def _time(order: Floats | None, known: Rows) -> list[Finding]:
    if order is not None and np.ptp(order[known]) > 0:
        return []
    what = "There is no time column" if order is None else "Every snapshot has the same time"
    return [
        _warning(
            "R103",
            f"{what}: the model is tested on leads picked at random, not on newer ones; change over time stays unseen.",
            "Map created_at in leadml.toml, or order_by where a column or the row number stands for time.",
        )
    ]


def _column(name: str, values: pa.ChunkedArray, accounts: Rows) -> list[Finding]:
    filled = is_filled(values)
    missing = 1 - float(filled.mean())
    if len(pc.unique(values.filter(pa.array(filled)))) + (missing > 0) <= 1:
        return [_warning("R104", f"Every lead has the same value in {name!r}; it is left out.", "Nothing to do.", name)]
    findings = []
    if missing > _MOSTLY_MISSING:
        findings.append(
            _warning(
                "R105",
                f"{missing:.1%} of {name!r} is missing.",
                "Check the column's mapping and missing_values; exclude it where it is no longer kept.",
                name,
            )
        )
    alone = _share_named(values, accounts)
    if alone >= _NAMES_THE_LEAD:
        findings.append(
            _warning(
                "R106",
                f"{alone:.0%} of the filled values of {name!r} occur in one account alone, like an id; it is left out.",
                "Where it carries meaning (a job title, a comment), group its values into a few first.",
                name,
            )
        )
    return findings


def _share_named(values: pa.ChunkedArray, accounts: Rows) -> float:
    """Share of a text column's filled rows whose value no second account has; 0 where too little is filled to say."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return 0.0
    filled = pa.table({"value": values, "account": accounts}).filter(pc.field("value").is_valid())
    if len(pc.unique(filled["account"])) < LEAST_CLOSED:
        return 0.0
    holders = filled.group_by("value").aggregate([("account", "count_distinct"), ("account", "count")])
    alone = holders.filter(pc.field("account_count_distinct") == 1)["account_count"]
    return (pc.sum(alone).as_py() or 0) / len(filled)


def _nothing_to_learn(columns: Sequence[str], findings: list[Finding]) -> list[Finding]:
    if {finding.column for finding in findings if finding.code in ("R104", "R106")} < set(columns):
        return []
    return [
        _warning(
            "R109",
            "No column is left that could tell leads apart: only a rulebook can move a score from the base rate.",
            "Add attributes or activities, or check what leadml.toml excludes.",
        )
    ]


def _repeats(rows: pa.Table, accounts: Rows) -> list[Finding]:
    """Rows that repeat another account's row in every column."""
    if not rows.num_columns:
        return []
    pattern = _signatures(rows)
    distinct = len(np.unique(_mixed(pattern, accounts)))
    share = 1 - len(np.unique(pattern)) / distinct
    if share <= _REPEATED:
        return []
    return [
        Finding(
            "R108",
            "note",
            None,
            f"{share:.0%} of the leads repeat a lead of another account in every column.",
            "Where these are one company entered twice, map account_id so that the test stays honest; a few coarse "
            "columns repeat by themselves.",
        )
    ]


def _signatures(rows: pa.Table) -> Signatures:
    """A number per row, the same for rows that agree in every column (others agree by a chance of 1 in 2^64 a pair)."""
    total = np.zeros(rows.num_rows, dtype=np.uint64)
    for values in rows.columns:
        codes = values.combine_chunks().dictionary_encode().indices.fill_null(-1)
        total = _mixed(total, np.asarray(codes, dtype=np.int64))
    return total


def _mixed(total: Signatures, codes: Rows) -> Signatures:
    """The finishing step of SplitMix64 (Steele, Lea, Flood 2014): any changed bit changes half of the others."""
    mixed = total * np.uint64(0x9E3779B97F4A7C15) + codes.astype(np.uint64) + np.uint64(1)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _error(code: str, message: str, advice: str) -> Finding:
    return Finding(code, "error", None, message, advice)


def _warning(code: str, message: str, advice: str, column: str | None = None) -> Finding:
    return Finding(code, "warning", column, message, advice)
