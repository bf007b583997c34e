"""From checked tables to a scorer with its evidence: audit, readiness, rehearsal, judgement, cutoffs, final fit.

The *rehearsal* is a scorer trained on all but the newest part of the data, with a gap of one horizon before it. Every
figure that is published comes from the rehearsal's predictions for those of the newest snapshots whose accounts it has
not seen. Cutoffs come from its predictions for every lead that was open then, week by week, whatever its account: that
is the volume sales would have met. The scorer that is served is then trained in the same way on everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.predict.encoding import Column, Floats, Group
from leadml.predict.policy import Policy
from leadml.predict.rulebook import Rulebook
from leadml.schema import LeadTables
from leadml.training import baselines
from leadml.training.alarm import near_perfect
from leadml.training.cutoffs import Cutoff, choose_cutoffs
from leadml.training.examination import build, examine, known
from leadml.training.facts import Evidence, training_facts
from leadml.training.findings import columns_left_out
from leadml.training.fit import Fitted, fit_scorer
from leadml.training.grades import grade_bounds
from leadml.training.split import Split, account_codes

Progress = Callable[[str], None]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all moments are UTC without a zone)


@dataclass(frozen=True, kw_only=True)
class CutoffPolicy:
    """What is asked of the cutoffs; None: nothing. Capacities are leads per week, conversions are shares."""

    mql_per_week: float | None = None
    mql_minimum_conversion: float | None = None
    sql_per_week: float | None = None
    sql_minimum_conversion: float | None = None
    sql_needs_intent: bool = True


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Everything a training is asked to do; the defaults are those of leadml.toml."""

    name: str = "leads"
    horizon_days: float = 90
    every_days: float = 7
    per_lead: int = 3
    intent_types: tuple[str, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    rulebook: Rulebook | None = None
    cutoffs: CutoffPolicy = CutoffPolicy()
    grade_multiples: tuple[float, float, float] = (4.0, 2.0, 1.0)
    seed: int = 0


@dataclass(frozen=True)
class Training:
    """What a training gives: the scorer to serve, and what it was judged by."""

    scorer: Scorer
    evidence: Evidence


def train(tables: LeadTables, choices: Choices, *, now: datetime, progress: Progress = lambda _: None) -> Training:
    """Train a scorer on a company's leads; its `facts` hold the evidence.

    Args:
        tables: the checked tables.
        choices: what is asked.
        now: the moment of training, written into the facts.
        progress: told what is being done, one short phrase each.

    Raises:
        TrainingError: the leads cannot carry a model; the message lists the numbered findings.
        RulebookError: no dimension of the rulebook has a column.
        ColumnsError: none of the intent types occurs among the activities.
    """
    examined = examine(tables, choices, progress=progress)
    snapshots, split = examined.passed()
    tables, findings = examined.tables, list(examined.findings)
    student = _Student(_contract(snapshots, columns_left_out(findings)), examined.rulebook, choices.seed)
    older, newest = snapshots.take(split.train), snapshots.take(split.test)
    progress(f"rehearsing on the older {len(older.lead_id):,} snapshots")
    rehearsal = student.learn(older)
    progress(f"training on all {len(snapshots.lead_id):,} snapshots")
    final = student.learn(snapshots)

    progress("judging on the newest part")
    predictions = student.predictions(older, newest, rehearsal.scorer)
    findings += near_perfect(rehearsal.scorer, newest.features, newest.label, predictions["leadml"])
    progress("choosing cutoffs")
    weekly = _every_week(tables, choices, snapshots, split) or newest
    cutoffs = _cutoffs(weekly, rehearsal.scorer, choices, base_rate=float(older.label.mean()), signal=final.signal)
    policy = _policy(final.scorer, cutoffs, choices, base_rate=float(snapshots.label.mean()))
    scorer = replace(final.scorer, policy=policy)
    evidence = Evidence(tables, snapshots, newest, predictions, final, tuple(cutoffs), tuple(findings))
    facts = training_facts(scorer, evidence, name=choices.name, trained_at=now)
    return Training(replace(scorer, facts=facts), evidence)


@dataclass(frozen=True)
class _Student:
    """How every scorer of a training is made: the same columns, rulebook and seed."""

    columns: tuple[Column, ...]
    rulebook: Rulebook | None
    seed: int

    def learn(self, snapshots: Snapshots) -> Fitted:
        return fit_scorer(
            snapshots.features,
            self.columns,
            snapshots.label,
            order=snapshots.order,
            groups=account_codes(snapshots.account_id),
            gap=snapshots.horizon_days or 0.0,
            rulebook=self.rulebook,
            seed=self.seed,
        )

    def predictions(self, older: Snapshots, newest: Snapshots, scorer: Scorer) -> dict[str, Floats]:
        """Probabilities for the newest snapshots: of the scorer, and of what it has to beat."""
        predictions = {
            "leadml": scorer.probability(newest.features),
            "logistic regression": baselines.logistic_regression(
                older.features, older.label, newest.features, self.columns
            ),
        }
        if self.rulebook is not None:
            predictions["rules alone"] = baselines.rules_alone(
                self.rulebook, older.features, older.label, newest.features
            )
        return predictions | {"base rate": baselines.base_rate(older.label, len(newest.lead_id))}


def _contract(snapshots: Snapshots, left_out: Mapping[str, str]) -> tuple[Column, ...]:
    return tuple(column for column in snapshots.columns if column.name not in left_out)


def _every_week(tables: LeadTables, choices: Choices, snapshots: Snapshots, split: Split) -> Snapshots | None:
    """Each lead at each moment of the newest part it was open at, as a weekly scoring run would have met it.

    Training thins a lead's moments; volumes per week and first crossings can only be counted on all of them.
    """
    if snapshots.horizon_days is None or split.boundary is None:
        return None
    return known(build(tables, choices, per_lead=None, since=_EPOCH + timedelta(days=split.boundary)))


def _cutoffs(weekly: Snapshots, scorer: Scorer, choices: Choices, *, base_rate: float, signal: bool) -> list[Cutoff]:
    intent = None
    if any("intent" in term.groups for term in scorer.terms):
        intent = scorer.subtotals(weekly.features)["intent"] > 0
    return choose_cutoffs(
        scorer.probability(weekly.features),
        weekly.label,
        intent,
        weekly.lead_id,
        weekly.order if weekly.horizon_days else None,
        base_rate=base_rate,
        groups=weekly.account_id,
        signal=signal,
        seed=choices.seed,
        **asdict(choices.cutoffs),
    )


def _policy(scorer: Scorer, cutoffs: Sequence[Cutoff], choices: Choices, *, base_rate: float) -> Policy:
    mql, sql = (cutoff.probability for cutoff in cutoffs)
    shows_intent = any("intent" in term.groups for term in scorer.terms)
    return Policy(
        grade_bounds=grade_bounds(base_rate, choices.grade_multiples),
        mql=mql,
        sql=sql,
        sql_needs_intent=choices.cutoffs.sql_needs_intent and shows_intent,
    )
