"""A project: what leadml.toml says, turned into checked tables and training choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from leadml.config import Settings
from leadml.config.cutoffs import StageSettings
from leadml.config.qualification import RuleSegment, RuleSettings
from leadml.errors import ConfigError
from leadml.predict.rules.rulebook import Rulebook
from leadml.rules import by_segment, load_rulebook
from leadml.schema import Kind, LeadTables
from leadml.sources import Source, Wanted, nearest, open_source, read_leads, write_rejects
from leadml.sources.layout import attribute_names
from leadml.training.choices import Choices
from leadml.training.cutoffs import CutoffPolicy, SegmentPolicy, StagePolicy
from leadml.training.grades import GradePolicy

Value = TypeVar("Value")


@dataclass(frozen=True)
class Project:
    """Settings, and what every command needs of them."""

    settings: Settings

    @cached_property
    def source(self) -> Source:
        """The place where the leads live."""
        given = self.settings.source
        return open_source(self.settings.source_url(), delimiter=given.delimiter, encoding=given.encoding)

    @property
    def leads_table(self) -> str:
        """The table with one row per lead."""
        return self.settings.leads.table or self.source.tables()[0]

    @property
    def models(self) -> Path:
        """The folder of bundles."""
        return self.settings.path(self.settings.output.models)

    def read(self, kinds: Mapping[str, Kind] | None = None) -> LeadTables:
        """Read and check all tables.

        `kinds` (attribute -> kind) holds the attributes to what a scorer was trained on; without it kinds are inferred.

        Raises:
            SourceError: a table or column is missing or cannot be read.
        """
        wanted = self.wanted(kinds, datetime.now(UTC).replace(tzinfo=None))
        return read_leads(self.source, **{field.name: getattr(wanted, field.name) for field in fields(wanted)})

    def wanted(self, kinds: Mapping[str, Kind] | None, now: datetime) -> Wanted:
        """Which tables are read, and what their columns mean; see `read` for `kinds`. `now` is UTC without a zone."""
        settings = self.settings
        return Wanted(
            leads_table=self.leads_table,
            lead_columns=settings.lead_columns(),
            activities_table=settings.activities.table if settings.activities else None,
            activity_columns=settings.activity_columns(),
            history_table=settings.history.table if settings.history else None,
            history_columns=settings.history_columns(),
            kinds=kinds,
            now=now,
        )

    def read_leads_alone(self) -> LeadTables:
        """Read and check who the leads are: no attribute, activity or field history.

        Raises:
            SourceError: the table or a column is missing or cannot be read.
        """
        columns = self.settings.lead_columns()
        return read_leads(self.source, leads_table=self.leads_table, lead_columns=columns, kinds={})

    def read_and_keep_rejects(self, kinds: Mapping[str, Kind] | None = None) -> LeadTables:
        """Read as `read` does; rows that cannot be used are kept in the rejects file, with the reason.

        Raises:
            SourceError: as `read`, or the rejects cannot be written.
        """
        tables = self.read(kinds)
        write_rejects(tables, self.settings.path(self.settings.output.rejects))
        return tables

    def choices(self) -> Choices:
        """What training is asked to do.

        Raises:
            ConfigError: groups, labels, monotone, segments or queue.value_by name a column that is not there.
            RulebookError: the rulebook cannot be read or is wrong.
        """
        settings = self.settings
        return Choices(
            name=settings.project.name,
            horizon_days=settings.project.horizon_days,
            every_days=settings.snapshots.every_days,
            per_lead=settings.snapshots.per_lead,
            censoring=settings.snapshots.censoring,
            intent_types=settings.activities.intent_types if settings.activities else (),
            groups=self._by_attribute("groups", settings.leads.groups),
            labels=self._by_attribute("labels", settings.leads.labels),
            activity_labels=settings.activities.labels if settings.activities else {},
            prompt_types=settings.activities.prompt_types if settings.activities else (),
            monotone={
                name: 1 if way == "rising" else -1
                for name, way in self._by_attribute("monotone", settings.leads.monotone).items()
            },
            rulebook=self._rulebook(),
            rule_attributes=self._rule_attributes(),
            rule_activities=settings.rules.activities,
            base_rate=settings.rules.base_rate,
            points_that_double_odds=settings.rules.points_that_double_odds,
            cost_of_asking=settings.rules.cost_of_asking,
            cutoffs=self._cutoffs(),
            sql_needs_intent=settings.cutoffs.sql_needs_intent,
            value_by=self.value_by(),
            deal_values=settings.queue.values,
            kind=settings.model.kind,
            grades=GradePolicy(multiples=settings.grades.bounds, probabilities=settings.grades.probabilities),
            time_limit_seconds=settings.model.time_limit_seconds,
            calibration_limit=None if settings.model.calibration_limit == "none" else settings.model.calibration_limit,
        )

    def _by_attribute(self, key: str, given: Mapping[str, Value]) -> dict[str, Value]:
        """What is said of the user's columns, by the names that attributes have."""
        columns = self.source.columns(self.leads_table)
        for column in given:
            if column not in columns:
                raise ConfigError(f"leads.{key}.{column}: there is no such column. {nearest(column, columns)}")
        return {self._attribute(column): value for column, value in given.items()}

    def _attribute(self, column: str) -> str:
        """What a column of the user's is called among the attributes."""
        return self._attribute_names.get(column, column)

    @cached_property
    def _attribute_names(self) -> dict[str, str]:
        return attribute_names(self.source.columns(self.leads_table), self.settings.lead_columns())

    def _rule_attributes(self) -> dict[str, str]:
        """Attributes of the rulebook, and the attributes of the leads that they are."""
        columns = self.source.columns(self.leads_table)
        for name, column in self.settings.rules.attributes.items():
            if column not in columns:
                raise ConfigError(f"rules.attributes.{name}: there is no column {column!r}. {nearest(column, columns)}")
        return {name: self._attribute(column) for name, column in self.settings.rules.attributes.items()}

    def _cutoffs(self) -> CutoffPolicy:
        given = self.settings.cutoffs
        return CutoffPolicy(
            mql=_asked(given.mql),
            sql=_asked(given.sql),
            segments=tuple(
                SegmentPolicy(
                    name=one.name,
                    column=self._segment_column(f"cutoffs.segments[{number}].column", one.column),
                    one_of=one.one_of,
                    mql=_asked(one.mql),
                    sql=_asked(one.sql),
                )
                for number, one in enumerate(given.segments, start=1)
            ),
            cost_of_working=given.cost_of_working,
        )

    def value_by(self) -> str | None:
        """The attribute that tells deals apart; None where `queue.value_by` names none.

        Raises:
            ConfigError: the column is not there, or is that of the team, which is decided late and by people.
        """
        column, team = self.settings.queue.value_by, self.settings.leads.team
        if column is not None and column == team:
            raise ConfigError(
                f"queue.value_by = {column!r} is leads.team, which may be decided after a deal's worth is known. "
                "Name an attribute of the leads, such as a product."
            )
        return None if column is None else self._segment_column("queue.value_by", column)

    def _segment_column(self, key: str, column: str) -> str:
        columns = self.source.columns(self.leads_table)
        if column not in columns:
            raise ConfigError(f"{key} = {column!r}: there is no such column. {nearest(column, columns)}")
        return "team" if column == self.settings.leads.team else self._attribute(column)

    def _rulebook(self) -> Rulebook | None:
        rules = self.settings.rules
        if rules.segments:
            return by_segment(
                [(one.name, self._attribute(one.column), one.one_of, self._named(one)) for one in rules.segments]
            )
        return self._named(rules) if rules.preset or rules.file else None

    def _named(self, rules: RuleSettings | RuleSegment) -> Rulebook:
        """The rulebook that settings name, by preset or file."""
        return load_rulebook(rules.preset if rules.preset else self.settings.path(str(rules.file)))


def _asked(stage: StageSettings) -> StagePolicy:
    """What settings ask of a stage's cutoff; their keys are the policy's names."""
    return StagePolicy(**stage.model_dump())
