"""The calibration of a training: the level corrected, the probabilities judged, and what is written down of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.predict.encoding import Floats
from leadml.training.calibration.bands import Reliability, band_facts
from leadml.training.calibration.correcting import Corrected, as_corrected, corrected_now, follow_rehearsal
from leadml.training.calibration.gate import Gate, judge_gate
from leadml.training.calibration.segments import segment_calibration
from leadml.training.cutoffs import OutOfTime
from leadml.training.handover import Rehearsal
from leadml.training.split import account_codes


@dataclass(frozen=True)
class CalibrationEvidence:
    """How true the probabilities are: the correction of the level (None: nothing says what is newer), and its judges.

    `map` is how the served scorer is calibrated: "affine" (folded into its tables) or "monotone" (a term of its own).
    `seen_until` is the newest moment (in the unit of the snapshots' order) that the served scorer has learned from.
    """

    corrected: Corrected | None
    reliability: Reliability
    gate: Gate
    segments: list[dict[str, Any]]
    seen_until: float | None
    map: str

    def to_dict(self) -> dict[str, Any]:
        """The facts under "calibration"."""
        return {
            "map": self.map,
            "correction": self.corrected.to_dict() if self.corrected else None,
            "seen_until": self.seen_until,
            "bands": band_facts(self.reliability),
            "error": list(self.reliability.error),
            "segments": self.segments,
            "gate": self.gate.to_dict(),
        }


@dataclass(frozen=True)
class Calibrated:
    """The scorer to serve, and what its rehearsal said, as corrected at the time.

    `leads` are the weekly snapshots, `said` the probabilities of the newest part, shape (rows,).
    """

    scorer: Scorer
    leads: OutOfTime
    said: Floats
    evidence: CalibrationEvidence


def calibrate(
    final: Scorer,
    rehearsal: Rehearsal,
    newest: Snapshots,
    said: Floats,
    *,
    seen: Snapshots,
    limit: float | None,
    segments: Mapping[str, pa.Array | pa.ChunkedArray],
) -> Calibrated:
    """Correct the level of the scorer to serve where its rehearsal's has moved, and judge that forward in time.

    Args:
        final: the scorer that has learned from everything.
        rehearsal: what to follow the level by.
        newest: the part that judges.
        said: what the rehearsal says of it; shape (rows,).
        seen: what the final scorer has learned from.
        limit: see `judge_gate`.
        segments: columns to look at value by value, each of shape (rows,): see `segment_columns`.
    """
    followed, corrected = follow_rehearsal(rehearsal.weekly, rehearsal.leads), None
    if followed is not None:
        final, corrected = corrected_now(final, rehearsal.scorer, rehearsal.weekly, followed)
    leads = replace(
        rehearsal.leads, probability=as_corrected(rehearsal.leads.probability, rehearsal.weekly.order, followed)
    )
    said = as_corrected(said, newest.order, followed)
    accounts, in_time = account_codes(newest.account_id), None
    if corrected is not None and corrected.by and newest.order is not None:
        first = float(corrected.followed.moments[0]) + (newest.horizon_days or 0.0)
        in_time = np.flatnonzero(newest.order > first)
    gate, bands = judge_gate(newest.label, said, accounts, limit=limit, in_time=in_time)
    told = segment_calibration(newest.label, said, accounts, segments)
    kind = "affine" if final.calibration is None else "monotone"
    until = None if seen.order is None else float(np.max(seen.order))
    return Calibrated(final, leads, said, CalibrationEvidence(corrected, bands, gate, told, until, kind))
