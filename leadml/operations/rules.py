"""`leadml rules check | explain`: a rulebook beside a project's leads, without a model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import RulebookError, SourceError
from leadml.features import snapshots_at
from leadml.operations.explain import account_of
from leadml.operations.project import Project
from leadml.operations.scoring.scores import after_newest
from leadml.predict.rules.rulebook import Rulebook
from leadml.rules import map_rulebook, preset_names
from leadml.rules.coverage import Coverage, coverage
from leadml.rules.explained import PointsExplanation, explain_points
from leadml.rules.lint import lint
from leadml.rules.remarks import Remark
from leadml.rules.unmapped import what_is_unmapped
from leadml.rules.usage import compare_with_values
from leadml.schema import LeadTables
from leadml.training.choices import Choices
from leadml.training.clock import Progress, silent
from leadml.training.examination import HOW_TO_MAP, rule_names, without_leaks
from leadml.training.findings import columns_left_out
from leadml.training.history import leads_at, no_snapshots

_WITHOUT_DATES = datetime(1970, 1, 1)  # noqa: DTZ001 (UTC)


@dataclass(frozen=True)
class OpenedRules:
    """A project's rulebook as it is written and over the leads' columns, with what it asks for that there is not.

    `tables` are without the columns that are proven to leak: rules do not see what training does not see.
    """

    written: Rulebook
    mapped: Rulebook
    unmapped: tuple[Remark, ...]
    tables: LeadTables
    choices: Choices

    @property
    def moment(self) -> datetime:
        """Right after the newest record."""
        return after_newest(self.tables) if "created_at" in self.tables.leads.column_names else _WITHOUT_DATES


@dataclass(frozen=True)
class RulesCheck:
    """What is remarked on a rulebook, errors first, and how far it reaches on the leads of a project.

    `population` says which leads these are; `coverage` is None where nothing of the rulebook could be mapped.
    """

    name: str
    remarks: tuple[Remark, ...]
    coverage: Coverage | None
    population: str

    @property
    def sound(self) -> bool:
        """Whether nothing is an error."""
        return all(remark.level != "error" for remark in self.remarks)


def with_rules(project: Project, *, file: Path | None = None, preset: str | None = None) -> Project:
    """The project with another rulebook than its settings name; with its own where none is given.

    Raises:
        RulebookError: two are given, or none and the settings name none either.
    """
    if file is not None and preset is not None:
        raise RulebookError("--file and --preset are both given; a check is of one rulebook. Leave one out.")
    settings = project.settings
    if file is not None or preset is not None:
        other = {"file": None if file is None else str(file.absolute()), "preset": preset, "segments": ()}
        return Project(settings.model_copy(update={"rules": settings.rules.model_copy(update=other)}))
    if not (settings.rules.preset or settings.rules.file or settings.rules.segments):
        raise RulebookError(
            "leadml.toml names no rulebook. Add under [rules] a preset "
            f"({', '.join(preset_names())}) or a file of your own."
        )
    return project


def open_rules(project: Project, *, progress: Progress = silent) -> OpenedRules:
    """Read a project's leads and map its rulebook to their columns, as training does.

    Raises:
        RulebookError: no rulebook is named, it is wrong, or nothing of it can be mapped.
        LeadmlError: the leads cannot be read.
    """
    choices = with_rules(project).choices()
    assert choices.rulebook is not None  # settled by with_rules
    tables, left_out = _read(project, progress)
    names = rule_names(choices, tables)
    unmapped = what_is_unmapped(choices.rulebook, names, left_out)
    mapped, _ = map_rulebook(choices.rulebook, names, advice=HOW_TO_MAP)
    return OpenedRules(choices.rulebook, mapped, tuple(unmapped), tables, choices)


def check_rules(project: Project, *, progress: Progress = silent) -> RulesCheck:
    """Check a project's rulebook (see `with_rules`) by itself and on all its leads.

    Raises:
        RulebookError: no rulebook is named, or it is wrong; every problem of the file is listed.
        LeadmlError: the leads cannot be read.
    """
    choices = with_rules(project).choices()
    assert choices.rulebook is not None  # settled by with_rules
    tables, left_out = _read(project, progress)
    names = rule_names(choices, tables)
    remarks = [*lint(choices.rulebook), *what_is_unmapped(choices.rulebook, names, left_out)]
    try:
        mapped, _ = map_rulebook(choices.rulebook, names, advice=HOW_TO_MAP)
    except RulebookError as unmapped:
        remarks.append(Remark("error", choices.rulebook.name, str(unmapped)))
        return RulesCheck(choices.rulebook.name, _errors_first(remarks), None, "")
    opened = OpenedRules(choices.rulebook, mapped, (), tables, choices)
    progress("counting what the rules ask of activities")
    everyone = leads_at(tables, choices, opened.moment, mapped.counts)
    if not len(everyone.lead_id):
        raise SourceError(
            f"{project.source.where}: there is no usable lead to check the rulebook on. {tables.summary()}"
        )
    progress("asking every rule of every lead")
    table, population = _to_be_scored(everyone.features, everyone.lead_id, tables)
    covered = coverage(mapped, table)
    remarks += compare_with_values(mapped, mapped.rows(everyone.features))
    # Why a rule cannot count says more than that it does not.
    told = {(remark.where, remark.rule) for remark in remarks}
    remarks += [remark for remark in covered.remarks if (remark.where, remark.rule) not in told or not remark.rule]
    return RulesCheck(mapped.name, _errors_first(remarks), covered, population)


def explain_rules(project: Project, lead_id: str, *, as_of: datetime | None) -> PointsExplanation:
    """Explain the points of one lead, open or closed, as of a moment (None: right after the newest record there is).

    Raises:
        LeadmlError: no rulebook is named, no such lead, or the lead did not exist then.
    """
    opened = open_rules(project)
    moment = opened.moment if as_of is None else as_of
    tables = account_of(opened.tables, lead_id, project.source.where)
    # Which features there are does not depend on what this account happens to have done.
    plan = no_snapshots(opened.tables, opened.choices, opened.mapped.counts).plan
    rows = snapshots_at(tables, moment, plan=plan, open_only=False)
    own = rows.features.filter(pc.equal(rows.lead_id, lead_id))
    if not own.num_rows:
        raise SourceError(f"Lead {lead_id!r} was created after {moment:%Y-%m-%d %H:%M}. Choose a later --as-of.")
    return explain_points(opened.mapped, own)


def _read(project: Project, progress: Progress) -> tuple[LeadTables, dict[str, str]]:
    """The tables without what is proven to leak, and the columns left out with the reason."""
    progress("reading leads")
    tables = project.read()
    progress("auditing the columns for leaks")
    kept, findings = without_leaks(tables)
    return kept, {**tables.dropped, **columns_left_out(findings)}


def _to_be_scored(features: pa.Table, lead_ids: pa.Array, tables: LeadTables) -> tuple[pa.Table, str]:
    """The leads that are still open, and what they are; all of them where none is."""
    still_open = tables.leads["lead_id"].filter(pc.is_null(tables.leads["outcome"]))
    chosen = features.filter(pc.is_in(lead_ids, value_set=still_open.combine_chunks()))
    if chosen.num_rows:
        return chosen, f"{chosen.num_rows:,} open leads"
    return features, f"all {features.num_rows:,} leads, as none is open"


def _errors_first(remarks: list[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: ("error", "warning", "note").index(remark.level)))
