"""`leadml recalibrate`: move the champion's level to where the outcomes that have matured since put it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import BundleError, SourceError, TrainingError
from leadml.features import FeaturePlan, Snapshots, snapshots_at
from leadml.operations.champion import load_champion, publish
from leadml.operations.project import Project
from leadml.operations.review import rows_of, write_review
from leadml.predict import Scorer
from leadml.predict.encoding import Floats
from leadml.predict.tables import probability
from leadml.schema import LeadTables
from leadml.training.calibration.base_rate import Shift, follow
from leadml.training.calibration.correcting import correction_facts, shifted
from leadml.training.clock import Progress
from leadml.training.folds import Rows
from leadml.training.history import finished_weeks, known_snapshots
from leadml.training.split import account_codes

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all moments are UTC without a zone)
# Facts that say what cutoffs would do to leads as the champion scored them: with other probabilities they are wrong.
_OF_BEFORE = ("what_if", "alternatives", "forecast")


@dataclass(frozen=True)
class RecalibrationRun:
    """What was found: the shift (None where no outcome has matured since), how many won among the rows, and the bundle.

    `predicted` and `observed` are the mean probability that the champion gave them and the share that was won. `bundle`
    is the new one, None where nothing was changed.
    """

    champion: str | None
    shift: Shift | None
    predicted: float | None
    observed: float | None
    bundle: Path | None
    sha256: str | None
    reading: str


def recalibrate(project: Project, *, now: datetime, progress: Progress) -> RecalibrationRun:
    """Follow the champion's level through the leads that it has not learned from, and publish it anew if it has moved.

    Tables and cutoffs stay as they are; of the log-odds only the intercept changes. What other cutoffs would do and the
    forecast are of before, and are dropped; the file of missed wins and false alarms goes on to belong to the champion.

    Raises:
        LeadmlError: there is no champion, the leads do not have its columns, or nothing says which leads are newer than
            those it has learned from; the champion stays. Or the file of missed wins and false alarms cannot be
            written; the bundle is published then.
    """
    scorer = load_champion(project.models)
    since = _seen_until(scorer)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    progress("reading leads")
    tables = project.read({attribute.name: attribute.kind for attribute in plan.attributes})
    progress("looking at what has matured")
    matured = _matured(project, tables, plan, since)
    unchanged = RecalibrationRun(scorer.digest, None, None, None, None, None, tables.summary())
    if matured is None or matured.order is None:
        return unchanged
    log_odds = _log_odds(scorer, tables, plan, matured, now)
    shift = follow(
        log_odds, matured.label, matured.order, matured.horizon_days or 0.0, accounts=account_codes(matured.account_id)
    ).shift
    predicted = float(probability(log_odds).mean())
    found = replace(unchanged, shift=shift, predicted=predicted, observed=float(matured.label.mean()))
    if not shift.applied:
        return found
    moved = _moved(scorer, shift, until=float(matured.order.max()), now=now)
    reviewed = rows_of(project, scorer)
    saved, path = publish(moved, project.models, name=project.settings.project.name, now=now)
    if reviewed is not None:
        write_review(project, reviewed, str(saved.digest))
    return replace(found, bundle=path, sha256=saved.digest)


def _seen_until(scorer: Scorer) -> float:
    calibration = scorer.facts.get("calibration")
    if not isinstance(calibration, dict):
        raise BundleError("The champion does not say until when it has learned. Run `leadml train` to train it anew.")
    until = calibration.get("seen_until")
    if not isinstance(until, int | float):
        raise SourceError(
            "The champion was trained on leads without dates or any other order: nothing says which leads are newer. "
            "Map created_at (or order_by) under [leads] in leadml.toml, and run `leadml train`."
        )
    return float(until)


def _matured(project: Project, tables: LeadTables, plan: FeaturePlan, since: float) -> Snapshots | None:
    """The snapshots newer than all that was learned from whose outcome is known by now; None where there is none."""
    choices = project.choices()
    try:
        if plan.calendar:
            known = finished_weeks(tables, choices, _EPOCH + timedelta(days=since), plan.counts)
        else:
            known = known_snapshots(tables, choices, plan.counts)
    except TrainingError:  # no moment has its whole horizon behind it
        return None
    if known.order is None:
        return None
    newer = np.flatnonzero(known.order > since)
    return known.take(newer) if len(newer) else None


def _log_odds(scorer: Scorer, tables: LeadTables, plan: FeaturePlan, matured: Snapshots, now: datetime) -> Floats:
    """What the champion says of each snapshot, from the features that it was trained on."""
    log_odds = np.zeros(len(matured.lead_id))
    for moment, rows in _moments(matured, now):
        then = snapshots_at(tables, moment, plan=plan, open_only=False)
        places = pc.index_in(matured.lead_id.take(pa.array(rows)), value_set=then.lead_id)
        log_odds[rows] = scorer.log_odds(then.features.take(places))
    return log_odds


def _moments(matured: Snapshots, now: datetime) -> Iterator[tuple[datetime, Rows]]:
    """Each moment with the rows that belong to it; without dates all of them, now."""
    if matured.as_of is None:
        yield now, np.arange(len(matured.lead_id))
        return
    for moment in pc.unique(matured.as_of):
        yield moment.as_py(), np.flatnonzero(pc.equal(matured.as_of, moment).to_numpy(zero_copy_only=False))


def _moved(scorer: Scorer, shift: Shift, *, until: float, now: datetime) -> Scorer:
    """The champion with its level moved, and in its facts why."""
    calibration = scorer.facts["calibration"]
    correction = correction_facts(
        shift,
        shift.applied,
        source="recalibrate",
        champion=scorer.digest,
        at=now.isoformat(timespec="seconds"),
    )
    kept = {name: fact for name, fact in scorer.facts.items() if name not in _OF_BEFORE}
    facts = {**kept, "calibration": {**calibration, "correction": correction, "seen_until": until}}
    return replace(shifted(scorer, shift.applied), facts=facts)
