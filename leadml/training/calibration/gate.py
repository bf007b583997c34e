"""The publish gate: a scorer whose probabilities do not come true on the newest leads is not published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leadml.errors import TrainingError
from leadml.predict.encoding import Floats
from leadml.training.calibration.bands import Reliability, reliability
from leadml.training.folds import Rows

# Fewer outcomes of either kind say nothing on their own of whether probabilities are true.
_FEWEST_OF_EACH = 20


@dataclass(frozen=True)
class Gate:
    """What was asked, and what was found on so many rows: the calibration error beyond chance, (value, low, high)."""

    limit: float | None
    error: tuple[float, float, float]
    rows: int
    since: str

    @property
    def passed(self) -> bool:
        """A scorer fails where even the lower end of its error lies above the limit."""
        return self.limit is None or self.error[1] <= self.limit

    def to_dict(self) -> dict[str, Any]:
        """The gate as the bundle's facts keep it."""
        return {
            "limit": self.limit,
            "error": list(self.error),
            "rows": self.rows,
            "since": self.since,
            "passed": self.passed,
        }

    def check(self) -> None:
        """Refuse a scorer that failed.

        Raises:
            TrainingError: with the numbers, and what to do.
        """
        if self.passed or self.limit is None:
            return
        value, low, high = self.error
        raise TrainingError(
            f"Not published: the probabilities do not come true. On {self.rows:,} rows not learned from "
            f"({self.since}) they are off by {value:.3f} on average beyond chance (95 % interval {low:.3f} to "
            f"{high:.3f}), and model.calibration_limit allows {self.limit:g}. Look for what changed of late (columns, "
            "sources, what counts as won), or train again once more outcomes are known; to publish all the same, set "
            'model.calibration_limit in leadml.toml higher, or to "none".'
        )


def judge_gate(
    label: Floats, probability: Floats, accounts: Rows, *, limit: float | None, in_time: Rows | None = None
) -> tuple[Gate, Reliability]:
    """The gate on the newest part, and the bands of all of that part.

    Args:
        label: 1.0 won, 0.0 not; shape (rows,).
        probability: out of time, each corrected by what was known at its time; shape (rows,).
        accounts: the account of each row, by number.
        limit: the error that is allowed, in probability; None allows any.
        in_time: where the level has moved, the rows that a correction could have come in time for: what is served is
            corrected by the same outcomes, so only they tell how good it is. All rows where they are too few, or None.
    """
    whole = reliability(label, probability, accounts)
    if in_time is None or min(label[in_time].sum(), (1 - label[in_time]).sum()) < _FEWEST_OF_EACH:
        return Gate(limit, whole.error, len(label), "all of the part that tests"), whole
    part = reliability(label[in_time], probability[in_time], accounts[in_time])
    return Gate(limit, part.error, len(in_time), "since outcomes could correct the level"), whole
