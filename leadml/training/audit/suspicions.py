"""What leaks do and honest columns rarely do: signs, not proof, each with its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.config import dotted
from leadml.predict.encoding import Floats
from leadml.training.audit.proofs import is_filled
from leadml.training.audit.strength import FEWEST, Judge, codes_of
from leadml.training.findings import Finding
from leadml.training.folds import Rows
from leadml.training.split import Mask

_STRONG_AUC = 0.8
_NEAR_PERFECT_AUC = 0.95
_FAR_ABOVE = 0.1
_NAMED_AUC = 0.6
_FILL_GAP = 0.2
_PURE = 0.97
_PURE_ROWS = 50
_PURE_SHARE = 0.05
_COMMON = 0.7
_ONE_SIDED = 0.9
_AN_ID = 0.95  # share of distinct values, and rank correlation with time
_LONGEST_VALUE = 40

_DISGUISES = re.compile(
    r"\b(stage|status|clos(e|ed|ing)|won|lost|outcome|results?|disposition|tags?|lead (quality|profile|grade)"
    r"|last (\w+ )?activity|convert(ed)?|conversion|deals?|opportunity|contract|invoiced?|onboard(ing|ed)?"
    r"|scor(e|ing)|rating|probability|forecast|duration|elapsed)\b",
    re.IGNORECASE,
)
_SPOKEN = r"\b(won|lost|closed|converted|signed|invoiced|onboarding|onboarded|churned|disqualified)\b"

Sign = tuple[str, str]


def suspect(leads: pa.Table, judge: Judge) -> list[Finding]:
    """One finding per suspicious column of closed leads (rows), with every sign it shows, the strongest first.

    `judge` knows the outcome, account and time of the same leads.
    """
    if min(judge.won.sum(), (1 - judge.won).sum()) < FEWEST:
        return []
    codes = {name: codes_of(leads[name]) for name in leads.column_names}
    strengths = {name: judge.auc(codes[name]) for name in codes}
    findings = []
    for name in leads.column_names:
        signs = [
            *_gives_away(name, strengths, judge),
            *_fill_gap(is_filled(leads[name]), judge),
            *_pure_levels(leads[name], codes[name], judge.won),
            *_spoken_levels(leads[name], codes[name], judge.won),
            *_running_number(leads[name], judge.order),
        ]
        signs = signs or _disguise(name, strengths[name])
        if signs:
            findings.append(suspected(name, signs))
    return sorted(findings, key=lambda finding: finding.code)


def suspected(column: str, signs: list[Sign]) -> Finding:
    """The finding that a column's signs make."""
    return Finding(
        signs[0][0],
        "warning",
        column,
        f"{column!r}: {'; '.join(text for _, text in signs)}.",
        "If it is filled in later than when a lead is scored, exclude it, or name the column that dates it under "
        f'[leads.known_at]; if it is known when a lead comes in, settle it there: {dotted([column])} = "created".',
    )


def _gives_away(name: str, strengths: Mapping[str, float], judge: Judge) -> list[Sign]:
    strength = strengths[name]
    others = [value for other, value in strengths.items() if other != name]
    usual = float(np.quantile(others, 0.75)) if others else 0.5
    if strength - 1.645 * judge.standard_error(strength) < _STRONG_AUC or strength < usual + _FAR_ABOVE:
        return []
    alarm = ", near perfect" if strength > _NEAR_PERFECT_AUC else ""
    return [
        (
            "L101",
            f"alone it has an AUC of {strength:.2f}{alarm} ({judge.how}), three quarters of the others at most "
            f"{usual:.2f}",
        )
    ]


def _fill_gap(filled: Mask, judge: Judge) -> list[Sign]:
    """A gap in fill rates between outcomes, among leads of the same time, whose lower 95 % limit is 20 points or more.

    Stretches of time count by the precision of their gap (Mantel and Haenszel 1959).
    """
    won = judge.won == 1
    blocks = judge.blocks
    size = blocks.max() + 1
    rows = np.array([np.bincount(blocks[side], minlength=size) for side in (won, ~won)], dtype=float)
    fills = np.array([np.bincount(blocks[side & filled], minlength=size) for side in (won, ~won)], dtype=float)
    both = rows.min(axis=0) > 0
    if not both.any():
        return []
    rows, fills = rows[:, both], fills[:, both]
    weight = rows.prod(axis=0) / rows.sum(axis=0)
    weight /= weight.sum()
    rates = fills / rows
    spread = np.sqrt((weight**2 * rates * (1 - rates) / rows).sum())
    of_won, of_lost = (rates * weight).sum(axis=1)
    if abs(of_won - of_lost) - 1.96 * spread < _FILL_GAP:
        return []
    when = " of the same time" if size > 1 else ""
    return [("L102", f"filled for {of_won:.0%} of the won and {of_lost:.0%} of the lost leads{when}")]


def _pure_levels(values: pa.ChunkedArray, codes: Rows, won: Floats) -> list[Sign]:
    """Values of many leads that go (nearly) one way, where the base rate does not explain it."""
    if not pa.types.is_string(values.type):
        return []
    rows = np.bincount(codes)
    rate = np.bincount(codes, weights=won) / np.maximum(rows, 1)
    pure = _goes_one_way(rate, won, _PURE) & (rows >= _PURE_ROWS)
    share = float(rows[pure].sum() / len(won))
    if share < _PURE_SHARE:
        return []
    largest = int(np.argmax(np.where(pure, rows, 0)))
    return [
        (
            "L103",
            f"{share:.0%} of the leads have a value with nearly one outcome, such as {_value(values, codes, largest)}: "
            f"{rate[largest]:.0%} won of {rows[largest]}",
        )
    ]


def _spoken_levels(values: pa.ChunkedArray, codes: Rows, won: Floats) -> list[Sign]:
    """Values whose words speak of the outcome, as a deal stage's do, and that mostly go one way."""
    if not pa.types.is_string(values.type):
        return []
    rows = np.bincount(codes)
    rate = np.bincount(codes, weights=won) / np.maximum(rows, 1)
    telling = _goes_one_way(rate, won, _ONE_SIDED) & (rows >= FEWEST)
    levels = values.combine_chunks().dictionary_encode().dictionary  # in the order of their codes, which begin at 1
    spoken = pc.match_substring_regex(levels, _SPOKEN, ignore_case=True).to_numpy(zero_copy_only=False)
    telling[0] = False
    telling[1:] &= spoken[: len(rows) - 1]
    if not telling.any():
        return []
    largest = int(np.argmax(np.where(telling, rows, 0)))
    return [
        (
            "L104",
            f"its values speak of the outcome, such as {_value(values, codes, largest)}: {rate[largest]:.0%} won of "
            f"{rows[largest]}",
        )
    ]


def _goes_one_way(rate: Floats, won: Floats, limit: float) -> Mask:
    base = float(won.mean())
    return ((rate >= limit) & (base < _COMMON)) | ((rate <= 1 - limit) & (1 - base < _COMMON))


def _value(values: pa.ChunkedArray, codes: Rows, code: int) -> str:
    text = values[int(np.flatnonzero(codes == code)[0])].as_py()
    if text is None:
        return "missing"
    return repr(text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…")


def _running_number(values: pa.ChunkedArray, order: Floats | None) -> list[Sign]:
    """Whole numbers, nearly all different, that grow or fall with time (without time: with the row).

    Such an id encodes the order of leads: its test values lie beyond all that were learned from. Texts that name the
    lead are found by readiness.
    """
    if not pa.types.is_floating(values.type):
        return []
    filled = np.flatnonzero(is_filled(values))
    numbers = values.to_numpy()[filled]
    if len(filled) < 2 * FEWEST or len(np.unique(numbers)) < _AN_ID * len(filled) or (numbers % 1 != 0).any():
        return []
    time = filled if order is None else order[filled]
    if np.ptp(time) == 0:
        return []
    number, moment = (pc.rank(pa.array(v), tiebreaker="dense").to_numpy() for v in (numbers, time))
    correlation = float(np.corrcoef(number, moment)[0, 1])
    if abs(correlation) < _AN_ID:
        return []
    beside = "the row" if order is None else "time"
    return [
        ("L106", f"a number that no two leads share, and that runs with {beside} (rank correlation {correlation:.2f})")
    ]


def _disguise(name: str, strength: float) -> list[Sign]:
    """A name that speaks of the outcome, or of what is rated or measured afterwards, counts only with evidence."""
    spoken = _DISGUISES.search(re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", name))
    if spoken is None or strength < _NAMED_AUC:
        return []
    text = f"its name speaks of what is known late ({spoken[0]!r}) and alone it has an AUC of {strength:.2f}"
    return [("L104", text)]
