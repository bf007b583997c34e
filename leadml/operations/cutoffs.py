"""`leadml cutoffs`: the champion's cutoffs, what others would do, and what the weeks ahead will bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.report.calibration import recalibrated
from leadml.report.cutoffs import Published, Table, alternatives, published, segments
from leadml.report.forecast import Forecast, forecasts
from leadml.report.moving import WhatIf, what_if
from leadml.training.cutoffs import Stage

_PARTS = ("cutoffs", "what_if", "alternatives", "forecast")
_SAID = {"what_if": "what other cutoffs would do", "forecast": "what the weeks ahead will bring"}


@dataclass(frozen=True)
class CutoffsRun:
    """What the champion's facts say of its cutoffs, printed as on its page; `facts` are the same as plain figures.

    `missing` says what cannot be told of this champion, and what to do about it; `stale` that its probabilities have
    been moved since, "" where they have not.
    """

    published: list[Published]
    segments: Table
    alternatives: Table
    moved: list[WhatIf]
    forecasts: list[Forecast]
    facts: dict[str, Any]
    missing: list[str]
    stale: str


def show_cutoffs(project: Project, *, stage: Stage | None = None) -> CutoffsRun:
    """What a project's champion says of its cutoffs, of one stage or of all.

    Raises:
        BundleError: there is no champion.
    """
    facts = _of_stage(load_champion(project.models).facts, stage)
    return CutoffsRun(
        published=published(facts),
        segments=segments(facts),
        alternatives=alternatives(facts),
        moved=what_if(facts),
        forecasts=forecasts(facts),
        facts={part: facts.get(part) for part in _PARTS},
        missing=_missing(facts),
        stale=recalibrated(facts),
    )


def _of_stage(facts: Mapping[str, Any], stage: Stage | None) -> dict[str, Any]:
    """The facts with nothing of other stages."""
    if stage is None:
        return dict(facts)
    kept: dict[str, Any] = {}
    for part in _PARTS:
        told = facts.get(part)
        if isinstance(told, Mapping):
            kept[part] = {name: one for name, one in told.items() if name == stage}
        elif isinstance(told, list):
            kept[part] = [one for one in told if isinstance(one, Mapping) and one.get("stage") == stage]
    return {**facts, **kept}


def _missing(facts: Mapping[str, Any]) -> list[str]:
    if facts.get("signal") is False:
        return ["No cutoff is published: the champion found no signal, so no score separates leads."]
    found = (
        [] if published(facts) else ["The champion has no cutoff. Say what is asked under [cutoffs] and train again."]
    )
    if recalibrated(facts):
        return found
    lacking = [said for part, said in _SAID.items() if part not in facts]
    if lacking:
        found.append(
            f"The champion was trained by a version that did not work out {' and '.join(lacking)}. "
            "Run `leadml train` to see it."
        )
    return found
