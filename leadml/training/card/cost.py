"""A company's points card, and what it costs: the card beside its own weights before rounding and the full model.

The card is learned from the older leads and judged on the newest ones. It is handed over as it was judged, and not
learned again from all leads: where it becomes the rulebook, training tests on the same newest leads, and a rulebook
that had seen their outcomes would make every figure there too good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow.compute as pc

from leadml.errors import TrainingError
from leadml.features import Snapshots
from leadml.predict.encoding import Column, Floats
from leadml.predict.rules.conditions import ACCOUNT_COLUMNS, ActivityCount
from leadml.schema import LeadTables
from leadml.training import metrics
from leadml.training.card.learning import PointsCard, learn_card
from leadml.training.choices import Choices
from leadml.training.clock import Progress, silent
from leadml.training.examination import Examination, examine
from leadml.training.findings import refuse_unready
from leadml.training.fit import fit_scorer
from leadml.training.history import known_snapshots
from leadml.training.split import account_codes

FULL, UNROUNDED, CARD = "full model", "card before rounding", "card"
# How far back a card asks for activities: simple enough to count in another tool.
_WINDOWS = (30.0, 90.0)


@dataclass(frozen=True)
class CardRun:
    """The card, from how many snapshots it was learned, and AUC and log loss of each thing compared on those judged.

    `left_out` are the columns that the card must not ask for, each with the reason.
    """

    card: PointsCard
    learned: int
    judged: int
    figures: Mapping[str, Mapping[str, float]]
    left_out: Mapping[str, str]


def learn_from_tables(
    tables: LeadTables, choices: Choices, *, name: str, lines: int, progress: Progress = silent
) -> CardRun:
    """Examine a company's leads as training does, and learn a points card from them.

    The card knows neither the columns that the examination leaves out nor any rulebook in use. It does without those
    under suspicion too, which training keeps: a card is carried to tools where nothing would ever give a leak away. The
    full model that it is compared with is the one that training would make of the same older leads, rules and all.

    Raises:
        TrainingError: the leads cannot carry a model, or say nothing that a card could.
    """
    examined = examine(tables, choices, progress=progress)
    refuse_unready(examined.findings)
    if examined.split is None:
        raise TrainingError("There are too few closed leads to learn points from. `leadml check` says what is missing.")
    counts = _counts(examined)
    snapshots = known_snapshots(examined.tables, choices, list(counts.values()))
    columns = _columns(examined, snapshots, counts)
    older, newest = snapshots.take(examined.split.train), snapshots.take(examined.split.test)
    progress(f"learning a card from the older {len(older.lead_id):,} snapshots")
    card = learn_card(
        older.features,
        columns,
        older.label,
        name=name,
        order=older.order,
        groups=account_codes(older.account_id),
        gap=older.horizon_days or 0.0,
        counts=counts,
        lines=lines,
        seed=choices.seed,
    )
    progress("training the full model to compare with")
    chances = {
        FULL: _full_model(examined, choices),
        UNROUNDED: card.unrounded(newest.features),
        CARD: card.probability(newest.features),
    }
    figures = {which: _figures(newest.label, chance) for which, chance in chances.items()}
    run = CardRun(card, len(older.lead_id), len(newest.lead_id), figures, _left_out(examined))
    return replace(run, card=replace(card, rulebook=replace(card.rulebook, about=_about(run))))


def _counts(examined: Examination) -> dict[str, ActivityCount]:
    """Counts that a card may ask for, by their columns: each type of activity in each window."""
    activities = examined.tables.activities
    if activities is None or not examined.snapshots.plan.calendar:
        return {}
    types = sorted(kind for kind in pc.unique(activities["type"]).to_pylist() if kind)
    counts = [ActivityCount((kind,), within_days=days) for kind in types for days in _WINDOWS]
    return {count.column: count for count in counts}


def _columns(examined: Examination, snapshots: Snapshots, counts: Mapping[str, ActivityCount]) -> list[Column]:
    """What a rulebook can name, but nothing left out or suspected: attributes, figures of the account, and counts."""
    nameable = {*examined.tables.attributes, *ACCOUNT_COLUMNS.values(), *counts} - {*_left_out(examined)}
    said = {column: _count_label(count) for column, count in counts.items()}
    kept = [column for column in snapshots.columns if column.name in nameable]
    return [replace(column, label=said.get(column.name, column.label)) for column in kept]


def _left_out(examined: Examination) -> dict[str, str]:
    """The columns that training does not see, and those that are suspected to leak, each with the reason."""
    suspected = {
        finding.column: f"{finding.code}: {finding.message}"
        for finding in examined.findings
        if finding.kind == "suspected" and finding.column is not None
    }
    return suspected | examined.left_out


def _count_label(count: ActivityCount) -> str:
    return f"{' or '.join(count.types)}, last {count.within_days:g} days"


def _full_model(examined: Examination, choices: Choices) -> Floats:
    """Probabilities of the newest part by the scorer that training would make of the older one."""
    assert examined.split is not None
    older, newest = (examined.snapshots.take(rows) for rows in (examined.split.train, examined.split.test))
    fitted = fit_scorer(
        older.features,
        examined.columns,
        older.label,
        order=older.order,
        groups=account_codes(older.account_id),
        gap=older.horizon_days or 0.0,
        rulebook=examined.rulebook,
        prior=examined.prior,
        kind=choices.kind,
        monotone={name: way for name, way in choices.monotone.items() if name not in examined.left_out},
        seed=choices.seed,
        time_limit=choices.time_limit_seconds,
    )
    return fitted.scorer.probability(newest.features)


def _figures(label: Floats, chance: Floats) -> dict[str, float]:
    return {"auc": metrics.auc(label, chance), "log_loss": metrics.log_loss(label, chance)}


def _about(run: CardRun) -> str:
    """What the rulebook says of itself wherever it is read."""
    full, exact, card = (run.figures[which] for which in (FULL, UNROUNDED, CARD))
    return (
        f"Points learned from the older {run.learned:,} snapshots of leads. On the newest {run.judged:,} they have "
        f"an AUC of {card['auc']:.3f}; {exact['auc']:.3f} before rounding, full model {full['auc']:.3f}."
    )
