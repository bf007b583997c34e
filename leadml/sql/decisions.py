"""What is made of a lead's probability: score, grade and stage, with the gates, tier and segment beside them.

A probability is compared with a bound by its log-odds, from the lowest double on whose probability reaches the bound in
Python: databases' exponentials differ in the last bit, and a cutoff often is the very probability of some lead.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from leadml.predict import Scorer
from leadml.predict.policy import GRADES, STAGES, Policy
from leadml.predict.rules.rulebook import Rulebook, Stops
from leadml.predict.tables import probability
from leadml.sql.dialects import LARGEST, Dialect
from leadml.sql.lines import Lines, case, indented
from leadml.sql.steps import Column

_FURTHEST = 800.0  # beyond, every probability is 0 or 1


def lowest_log_odds(chance: float) -> float:
    """The lowest log-odds whose probability is at least so much."""
    low, high = -_FURTHEST, _FURTHEST
    if chance <= 0:
        return -LARGEST
    while low < (middle := (low + high) / 2) < high:
        if probability(np.array([middle]))[0] >= chance:
            high = middle
        else:
            low = middle
    return high


def decided(scorer: Scorer, dialect: Dialect) -> list[Column]:
    """The columns score, grade and stage."""
    low, high = dialect.double(0.1), dialect.double(99.9)
    rounded = f"{dialect.rounded('100 * probability * 10')}"
    score = f"{dialect.least}({dialect.greatest}(({rounded}) / 10, {low}), {high})"
    grades = [
        (f"log_odds >= {dialect.double(lowest_log_odds(bound))}", f"'{grade}'")
        for bound, grade in zip(scorer.policy.grade_bounds, GRADES[:0:-1], strict=True)
    ]
    notes = [f"probability {bound!r} and above" for bound in scorer.policy.grade_bounds]
    return [
        Column([score], "score"),
        Column(case(grades, f"'{GRADES[0]}'", [*notes, "below"]), "grade"),
        Column(_stage(scorer.policy, scorer.rulebook, dialect), "stage"),
    ]


def _stage(policy: Policy, rulebook: Rulebook | None, dialect: Dialect) -> Lines:
    cutoffs = [policy.mql, *(segment.mql for segment in policy.segments)]
    if all(cutoff is None for cutoff in cutoffs):
        return [f"CAST(NULL AS {dialect.text_type})"]
    raw, mql, sql = (f"'{stage}'" for stage in STAGES)
    whens, notes = [], []
    if None in cutoffs:
        whens.append((_reached(policy, "mql", dialect, unpublished="TRUE", published="FALSE"), "NULL"))
        notes.append("no cutoff is published")
    if kept := _stopping(rulebook, "MQL"):
        whens.append((" OR ".join(f"{gate} = 1" for gate in kept), raw))
        notes.append("a gate keeps it from MQL")
    ready = [f"({_reached(policy, 'sql', dialect)})", *(["intent > 0"] if policy.sql_needs_intent else [])]
    ready += [f"{gate} = 0" for gate in _stopping(rulebook, "SQL")]
    whens += [(" AND ".join(ready), sql), (_reached(policy, "mql", dialect), mql)]
    notes += [_noted(policy.sql, policy), _noted(policy.mql, policy)]
    return case(whens, raw, [*notes, ""])


def _reached(policy: Policy, stage: str, dialect: Dialect, unpublished: str = "FALSE", published: str = "") -> str:
    """Whether a lead's log-odds reach the cutoff that it is held to."""

    def held(cutoff: float | None) -> str:
        if cutoff is None:
            return unpublished
        return published or f"log_odds >= {dialect.double(lowest_log_odds(cutoff))}"

    own = [(f"segment_number = {n}", held(getattr(one, stage))) for n, one in enumerate(policy.segments)]
    if not own:
        return held(getattr(policy, stage))
    return f"CASE {' '.join(f'WHEN {when} THEN {then}' for when, then in own)} ELSE {held(getattr(policy, stage))} END"


def _noted(cutoff: float | None, policy: Policy) -> str:
    noted = "no cutoff is published" if cutoff is None else f"probability {cutoff!r} and above"
    segments = ", ".join(one.name for one in policy.segments)
    return f"{noted}, but segments ({segments}) have cutoffs of their own" if segments else noted


def _stopping(rulebook: Rulebook | None, stage: Stops) -> list[str]:
    """The columns of the gates that keep leads from just that stage."""
    gates = rulebook.gates if rulebook else ()
    return [f"gate{number}" for number, gate in enumerate(gates, start=1) if gate.stops == stage]


def named(scorer: Scorer, dialect: Dialect) -> list[Column]:
    """The columns tier, stopped_by (names of gates with commas between them) and segment."""
    tier = scorer.rulebook.tier if scorer.rulebook else None
    labels = [rule.label for rule in tier.rules] if tier and tier.counts == "first" else []
    columns = [Column(_names("tier_code", labels, 2, dialect), "tier")]
    columns.append(Column(_stopped_by(scorer.rulebook, dialect), "stopped_by"))
    if scorer.policy.segments:
        segments = [one.name for one in scorer.policy.segments]
        columns.append(Column(_names("segment_number", segments, 0, dialect), "segment"))
    return columns


def _names(number: str, names: Sequence[str], first: int, dialect: Dialect) -> Lines:
    if not names:
        return [f"CAST(NULL AS {dialect.text_type})"]
    whens = " ".join(f"WHEN {place} THEN {dialect.text(name)}" for place, name in enumerate(names, start=first))
    return [f"CASE {number} {whens} END"]


def _stopped_by(rulebook: Rulebook | None, dialect: Dialect) -> Lines:
    gates = rulebook.gates if rulebook else ()
    if not gates:
        return [f"CAST(NULL AS {dialect.text_type})"]
    each = [
        f"CASE gate{number} WHEN 1 THEN {dialect.text(', ' + gate.name)} ELSE '' END"
        for number, gate in enumerate(gates, start=1)
    ]
    return ["NULLIF(substr(", *indented([f"{each[0]}", *(f"|| {one}" for one in each[1:])]), ", 3), '')"]
