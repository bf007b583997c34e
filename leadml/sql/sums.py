"""Steps of a query that add up: what each term adds, their sum in the scorer's order, subtotals and a calibration."""

from __future__ import annotations

from collections.abc import Sequence

from leadml.predict.calibration import MonotoneMap
from leadml.predict.encoding import GROUPS
from leadml.sql.dialects import Dialect
from leadml.sql.lines import Lines, case, chain, indented
from leadml.sql.steps import Column
from leadml.sql.terms import SqlTerm


def total_of(terms: Sequence[SqlTerm], intercept: float, name: str, dialect: Dialect) -> Column:
    """The sum of all terms, one after the other as Python adds them: so it is the very same double."""
    return Column(chain([dialect.double(intercept), *(term.name for term in terms)]), name)


def subtotals_of(terms: Sequence[SqlTerm], dialect: Dialect) -> list[Column]:
    """What each feature group adds; a pair across two groups counts half for each."""
    columns = []
    for group in GROUPS:
        addends = [dialect.double(0.0)]
        for term in terms:
            groups = term.term.groups
            share = term.name if len(groups) == 1 else f"{term.name} / {len(groups)}"
            addends += [share] * groups.count(group)
        columns.append(Column(chain(addends), group))
    return columns


def calibrated(calibration: MonotoneMap, name: str, dialect: Dialect) -> Column:
    """What a map adds to the sum: straight between its knots, and on with slope 1 beyond them."""
    at, to = calibration.at.tolist(), calibration.to.tolist()
    said = dialect.double
    whens = [(f"total < {said(at[0])}", f"{said(to[0])} + (total - ({said(at[0])}))")]
    for place in range(len(at) - 1):
        slope = (to[place + 1] - to[place]) / (at[place + 1] - at[place])
        value = f"{said(slope)} * (total - ({said(at[place])})) + ({said(to[place])})"
        whens.append((f"total < {said(at[place + 1])}", value))
    lines = case(whens, f"{said(to[-1])} + (total - ({said(at[-1])}))")
    return Column([*lines[:-1], f"{lines[-1]} - total"], name)


def logistic(dialect: Dialect) -> Lines:
    """The probability of log-odds; beyond 700 it is 0 or 1, and the exponential of some databases fails."""
    small = f"exp(-{dialect.least}(abs(log_odds), {dialect.double(700.0)}))"
    one = dialect.double(1.0)
    return [
        f"CASE WHEN log_odds >= 0 THEN {one} ELSE {small} END",
        *indented([f"/ ({one} + {small})"]),
    ]
