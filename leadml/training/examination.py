"""What `leadml check` says and every training begins with: audit, snapshots, readiness, and the split that tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import TrainingError
from leadml.features import Snapshots, build_snapshots
from leadml.predict.encoding import to_floats
from leadml.predict.rulebook import Rulebook
from leadml.rules import map_rulebook
from leadml.schema import LeadTables
from leadml.training.audit import audit_leads
from leadml.training.findings import Finding, columns_left_out, refuse_unready
from leadml.training.readiness import check_readiness
from leadml.training.repeats import find_repeats
from leadml.training.split import Split, account_codes, split_newest

if TYPE_CHECKING:
    from leadml.training.trainer import Choices

NEWEST = 0.2


@dataclass(frozen=True)
class Examination:
    """What was found, and what training goes on with.

    `tables` are without the columns proven to leak, `rulebook` is mapped to the user's columns. `snapshots` and `split`
    are None where a finding (R0xx) says why there are none.
    """

    tables: LeadTables
    findings: tuple[Finding, ...]
    rulebook: Rulebook | None
    snapshots: Snapshots | None = None
    split: Split | None = None

    @property
    def left_out(self) -> dict[str, str]:
        """The columns that training does not see, each with the reason."""
        return {**self.tables.dropped, **columns_left_out(self.findings)}

    def passed(self) -> tuple[Snapshots, Split]:
        """Let leads that can carry a model pass.

        Raises:
            TrainingError: they cannot; the message lists every reason.
        """
        refuse_unready(self.findings)
        if self.snapshots is None or self.split is None:
            raise AssertionError("leads without a split passed the examination")
        return self.snapshots, self.split


def examine(tables: LeadTables, choices: Choices, *, progress: Callable[[str], None] = lambda _: None) -> Examination:
    """Audit the columns, build the snapshots, and see whether they can carry a model and test it.

    Raises:
        TrainingError: there is no outcome.
        RulebookError: no dimension of the rulebook has a column.
        ColumnsError: none of the intent types occurs among the activities.
    """
    progress("auditing the columns for leaks")
    findings = _audit(tables)
    tables = _without(tables, columns_left_out(findings))
    rulebook, unmapped = _rules(choices.rulebook, tables)
    progress("building snapshots")
    examined = Examination(tables, (*findings, *unmapped), rulebook)
    try:
        snapshots = known(build(tables, choices))
        examined = _ready(examined, snapshots)
        refused = any(finding.kind == "refusal" for finding in examined.findings)
        return examined if refused else _tested(examined, snapshots, choices.seed)
    except TrainingError as impossible:
        return replace(examined, findings=(*examined.findings, Finding("R009", "error", None, str(impossible), "")))


def build(tables: LeadTables, choices: Choices, **moments: Any) -> Snapshots:
    """Snapshots as the choices want them; `moments` (per_lead, since) go to `build_snapshots` instead of theirs."""
    return build_snapshots(
        tables,
        horizon_days=choices.horizon_days,
        every_days=choices.every_days,
        intent_types=choices.intent_types,
        groups={name: group for name, group in choices.groups.items() if name in tables.attributes},
        labels={name: label for name, label in choices.labels.items() if name in tables.attributes},
        **({"per_lead": choices.per_lead} | moments),
    )


def known(snapshots: Snapshots) -> Snapshots:
    """The snapshots whose outcome is known."""
    return snapshots.take(np.flatnonzero(np.isfinite(snapshots.label)))


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


def _rules(rulebook: Rulebook | None, tables: LeadTables) -> tuple[Rulebook | None, list[Finding]]:
    """The rulebook over the user's columns, and a remark where a dimension has none."""
    if rulebook is None:
        return None, []
    advice = "Say which column answers each question under [leads.answers] in leadml.toml."
    mapped, unmapped = map_rulebook(rulebook, tables.answers, tables.attributes, advice=advice)
    message = f"The rulebook {rulebook.name} has no column for {', '.join(unmapped)}; what has none counts for nothing."
    return mapped, [Finding("R110", "note", None, message, advice)] if unmapped else []


def _ready(examined: Examination, snapshots: Snapshots) -> Examination:
    names = _attributes(snapshots)
    findings = check_readiness(snapshots.features, names, snapshots.label, snapshots.order, snapshots.account_id)
    # What is left out anyway need not be suspected.
    gone = columns_left_out(findings)
    before = [finding for finding in examined.findings if finding.column not in gone]
    return replace(examined, findings=(*before, *findings), snapshots=snapshots)


def _tested(examined: Examination, snapshots: Snapshots, seed: int) -> Examination:
    """With the split that will test, if there is anything to tell apart, and what it has to say on repeated leads."""
    gap = snapshots.horizon_days or 0.0
    split = split_newest(snapshots.order, snapshots.account_id, label=snapshots.label, share=NEWEST, gap=gap, seed=seed)
    _refuse_one_sided(snapshots.take(split.train))
    rows = snapshots.features.select(_attributes(snapshots))
    repeats = find_repeats(rows, account_codes(snapshots.account_id), split.train, split.test)
    # The same remark on all of the data says less.
    before = [finding for finding in examined.findings if not repeats or finding.code != "R108"]
    return replace(examined, findings=(*before, *repeats), split=split)


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
