"""What `leadml check` says and every training begins with: audit, snapshots, readiness, and the split that tests.

What is found here decides what a training goes on to do: learn, leave the score to the rules as stated, or refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import RulebookError, TrainingError
from leadml.features import Snapshots, feature_columns, make_plan, newest_moment
from leadml.predict.encoding import Column, to_floats
from leadml.predict.rules.conditions import ActivityCount
from leadml.predict.rules.rulebook import Rulebook
from leadml.rules import Names, asked_of, map_rulebook
from leadml.schema import LeadTables
from leadml.training.audit.auditing import audit_leads
from leadml.training.audit.repeats import find_repeats
from leadml.training.choices import Choices
from leadml.training.clock import Progress, silent
from leadml.training.findings import LEFT_OUT, Finding, columns_left_out, refusals
from leadml.training.history import known_snapshots, leads_at, no_snapshots
from leadml.training.learning_curve import LearningCurve, learning_curve, what_more_would_gain
from leadml.training.readiness import check_readiness
from leadml.training.rules_weight import RulesPrior
from leadml.training.split import Split, account_codes, split_newest
from leadml.training.unseen import names_not_seen

NEWEST = 0.2
HOW_TO_MAP = (
    "Say which column answers each question under [leads.answers], and what the rulebook's attributes and activities "
    "are called under [rules.attributes] and [rules.activities] in leadml.toml."
)


@dataclass(frozen=True)
class Examination:
    """What was found, and what training goes on with.

    `tables` are without the columns proven to leak, `rulebook` is mapped to the user's columns, `prior` is what is
    stated of it, and `snapshots` (maybe none) have a known outcome. `split` is None where a finding says why there is
    nothing to learn from and to test: a refusal (R0xx), or R111 where the stated rules score in its place. `curve` is
    how a quick model gets better with the number of leads, None where they are few.
    """

    tables: LeadTables
    findings: tuple[Finding, ...]
    rulebook: Rulebook | None
    prior: RulesPrior | None
    snapshots: Snapshots
    split: Split | None = None
    curve: LearningCurve | None = None

    @property
    def left_out(self) -> dict[str, str]:
        """The columns that training does not see, each with the reason."""
        return {**self.tables.dropped, **columns_left_out(self.findings)}

    @property
    def columns(self) -> tuple[Column, ...]:
        """What a scorer is made of: the column contract without what is left out."""
        left_out = columns_left_out(self.findings)
        return tuple(column for column in self.snapshots.columns if column.name not in left_out)

    @property
    def counts(self) -> tuple[ActivityCount, ...]:
        """What the rulebook counts of activities."""
        return self.rulebook.counts if self.rulebook else ()

    def found(self, *findings: Finding) -> Examination:
        """The same with some findings more."""
        return replace(self, findings=(*self.findings, *findings))


def examine(tables: LeadTables, choices: Choices, *, progress: Progress = silent) -> Examination:
    """Audit the columns, build the snapshots, and see whether they can carry a model and test it.

    Raises:
        TrainingError: there is no outcome.
        RulebookError: no dimension of the rulebook has a column, or it asks for a sensitive one.
        ColumnsError: none of the intent types occurs among the activities.
    """
    progress("auditing the columns for leaks")
    tables, findings = without_leaks(tables)
    rulebook, unmapped = _rules(choices, tables)
    counts = rulebook.counts if rulebook else ()
    progress("building snapshots")
    impossible = []
    try:
        snapshots = known_snapshots(tables, choices, counts)
    except TrainingError as refused:
        snapshots, impossible = no_snapshots(tables, choices, counts), [_impossible(refused)]
    prior = _prior(rulebook, tables, choices)
    remarks = (*findings, *unmapped, *names_not_seen(tables, choices), *impossible)
    examined = Examination(tables, remarks, rulebook, prior, snapshots)
    if not impossible:
        examined = _ready(examined)
    if not refusals(examined.findings):
        progress("splitting off the part that tests")
        examined = _tested(examined, choices.seed)
    return _by_stated_rules(examined)


def without_leaks(tables: LeadTables) -> tuple[LeadTables, list[Finding]]:
    """The tables without the columns that are proven to leak, which neither scorers nor rules see; and the audit.

    Raises:
        TrainingError: there is no outcome.
    """
    findings = _audit(tables)
    return _without(tables, columns_left_out(findings)), findings


def _audit(tables: LeadTables) -> list[Finding]:
    leads = tables.leads
    if "outcome" not in leads.column_names:
        raise TrainingError("The leads have no outcome to learn from. Map the column that says won or lost (outcome).")
    dates = {name: leads[name] for name in ("created_at", "closed_at") if name in leads.column_names}
    order = None
    if "created_at" in dates:
        order = to_floats(dates["created_at"].cast(pa.int64()))
    elif "order" in leads.column_names:
        order = to_floats(leads["order"])
    return audit_leads(
        leads,
        tables.attributes,
        leads["outcome"],
        lead_id=leads["lead_id"],
        account_id=leads["account_id"],
        history=tables.history,
        order=order,
        known_at=tables.known_at,
        **dates,
    )


def _without(tables: LeadTables, left_out: Mapping[str, str]) -> LeadTables:
    """The tables without the attributes that training must not see."""
    history = tables.history
    if history is not None and left_out:
        history = history.filter(pc.invert(pc.is_in(history["field"], pa.array(list(left_out), pa.string()))))
    kept = tuple(name for name in tables.attributes if name not in left_out)
    return replace(tables, attributes=kept, history=history)


def _rules(choices: Choices, tables: LeadTables) -> tuple[Rulebook | None, list[Finding]]:
    """The rulebook over the user's columns, and a remark where a part of it has none."""
    if choices.rulebook is None:
        return None, []
    names = rule_names(choices, tables)
    if judged_by := asked_of(choices.rulebook, names, tables.sensitive):
        raise RulebookError(
            f"The rulebook {choices.rulebook.name} asks for {', '.join(map(repr, judged_by))}, which leads.sensitive "
            "keeps out of the rules. Take the rules out of the rulebook, or the column out of leads.sensitive."
        )
    mapped, unmapped = map_rulebook(choices.rulebook, names, advice=HOW_TO_MAP)
    what = ", ".join(unmapped)
    message = f"The rulebook {mapped.name} has nothing to go by for {what}; what has nothing counts for nothing."
    return mapped, [Finding("R110", "note", None, message, HOW_TO_MAP)] if unmapped else []


def rule_names(choices: Choices, tables: LeadTables) -> Names:
    """What a company has that rules can look at."""
    plan = make_plan(tables, intent_types=choices.intent_types)
    return Names(
        columns=tables.attributes,
        answers=tables.answers,
        attributes=choices.rule_attributes,
        activities=_activity_types(tables) if plan.calendar else (),
        activity_types=choices.rule_activities,
        account={column.name for column in feature_columns(plan)} - {*tables.attributes},  # a namesake is no figure
    )


def _activity_types(tables: LeadTables) -> list[str]:
    if tables.activities is None:
        return []
    types: list[str] = pc.unique(tables.activities["type"]).to_pylist()
    return types


def _prior(rulebook: Rulebook | None, tables: LeadTables, choices: Choices) -> RulesPrior | None:
    """What is stated of the rules; the stated base rate is that of leads with as many points as the leads there are."""
    prior = RulesPrior.stated(rulebook, choices.base_rate, choices.points_that_double_odds)
    if prior is None or rulebook is None:
        return None
    moment = newest_moment(tables) if "created_at" in tables.leads.column_names else datetime(1970, 1, 1)  # noqa: DTZ001 (UTC)
    leads = leads_at(tables, choices, moment, rulebook.counts)
    return replace(prior, reference=float(np.mean(rulebook.total(leads.features))))


def _ready(examined: Examination) -> Examination:
    """With what the snapshots' outcomes and columns have to say."""
    known = examined.snapshots
    findings = check_readiness(known.features, _attributes(known), known.label, known.order, known.account_id)
    # What the rules read stays, however little could be learned from it.
    ruled = examined.rulebook.columns if examined.rulebook else ()
    findings = [finding for finding in findings if finding.column not in ruled or finding.code not in LEFT_OUT]
    # What is left out anyway need not be suspected.
    gone = columns_left_out(findings)
    before = [finding for finding in examined.findings if finding.column not in gone]
    return replace(examined, findings=(*before, *findings))


def _tested(examined: Examination, seed: int) -> Examination:
    """With the split that will test, what it has to say on repeated leads, and what more leads would gain."""
    known, gap = examined.snapshots, examined.snapshots.horizon_days or 0.0
    try:
        split = split_newest(known.order, known.account_id, label=known.label, share=NEWEST, gap=gap, seed=seed)
        older, newest = known.take(split.train), known.take(split.test)
        _refuse_one_sided(older)
    except TrainingError as refused:
        return examined.found(_impossible(refused))
    rows = known.features.select(_attributes(known))
    repeats = find_repeats(rows, account_codes(known.account_id), split.train, split.test)
    # The same remark on all of the data says less.
    before = [finding for finding in examined.findings if not repeats or finding.code != "R108"]
    parts = [(part.features, part.label, account_codes(part.account_id)) for part in (older, newest)]
    curve = learning_curve(parts[0], parts[1], examined.columns, seed=seed)
    return replace(examined, findings=(*before, *repeats, *what_more_would_gain(curve)), split=split, curve=curve)


def _attributes(snapshots: Snapshots) -> list[str]:
    return [attribute.name for attribute in snapshots.plan.attributes]


def _refuse_one_sided(older: Snapshots) -> None:
    """Both outcomes may occur and yet only one of them early enough to learn from and be tested later."""
    won, rows = int(older.label.sum()), len(older.label)
    if won not in (0, rows):
        return
    within = f" within {older.horizon_days:g} days" if older.horizon_days else ""
    advice = "Lengthen project.horizon_days so that more wins fall within it, or bring older leads."
    raise TrainingError(
        f"Of the {rows:,} snapshots before the newest part, {won:,} were won{within}: there is nothing to tell apart "
        f"that the newest part could test. {advice if older.horizon_days else 'Bring older leads.'}"
    )


def _impossible(refused: TrainingError) -> Finding:
    return Finding("R009", "error", None, str(refused), "")


def _by_stated_rules(examined: Examination) -> Examination:
    """Rules that are stated whole score what cannot carry a model: what stops training becomes the reason for them."""
    refused, prior = refusals(examined.findings), examined.prior
    if not refused or prior is None or not prior.is_whole:
        return examined
    why = " ".join(f"{finding.code}: {finding.message}" for finding in refused)
    message = f"The score is the rulebook's, as stated: nothing is learned yet. {why}"
    advice = "Train again as leads close; if this is not so, check how leadml.toml maps outcomes and dates."
    others = tuple(finding for finding in examined.findings if finding not in refused)
    return replace(examined, findings=others).found(Finding("R111", "warning", None, message, advice))
