"""The cutoffs that one lead is held to: those of its segment, or those of all other leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict import Scorer


@dataclass(frozen=True)
class LeadCutoffs:
    """The probabilities from which on a lead is an MQL and an SQL; None where none is published, which `why` explains.

    `segment` is None for a lead of no segment.
    """

    segment: str | None
    mql: float | None
    sql: float | None
    sql_needs_intent: bool
    why: tuple[str, ...]


def cutoffs_of(scorer: Scorer, lead: pa.Table) -> LeadCutoffs:
    """The cutoffs of one lead; `lead` are its features, as one row."""
    policy = scorer.policy
    numbers = policy.segments_of(lead)
    segment = None if numbers is None else policy.segment_names(numbers)[0].as_py()
    cutoffs = policy.cutoffs(numbers)
    mql, sql = (None if np.isnan(at).any() else float(at.reshape(-1)[0]) for at in (cutoffs.mql, cutoffs.sql))
    lacking = [stage for stage, cutoff in (("MQL", mql), ("SQL", sql)) if cutoff is None]
    why = tuple(_why(scorer.facts, stage, segment) for stage in lacking)
    return LeadCutoffs(segment, mql, sql, policy.sql_needs_intent, why)


def _why(facts: Mapping[str, Any], stage: str, segment: str | None) -> str:
    """Why there is no cutoff, as training said it."""
    told = (one for one in facts.get("cutoffs") or () if (one.get("stage"), one.get("segment")) == (stage, segment))
    found = next((one.get("why") for one in told if one.get("probability") is None), None)
    return found or f"No {stage} cutoff is published."
