"""`leadml export-sql`: the champion as one SQL query over the table of features."""

from __future__ import annotations

from pathlib import Path

from leadml.errors import SourceError
from leadml.features import FeaturePlan
from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.predict import Scorer
from leadml.replacing import replacing
from leadml.sources.layout import attribute_names
from leadml.sql import FeatureTable, scoring_query

FEATURES = "lead_features"


def export_query(project: Project, dialect: str, *, table: str | None, view: str | None, reasons: int) -> str:
    """The champion's SQL.

    Args:
        project: whose champion.
        dialect: postgres, sqlite, duckdb or spark.
        table: a feature table, its columns called as the scorer calls them, with the leads' ids in "lead_id". None: the
            table of leads itself where leads have no dates, else "lead_features".
        view: make it a view of this name.
        reasons: how many reasons for and against, at the most.

    Raises:
        LeadmlError: there is no champion, it cannot be written as SQL, or the leads lack a column that it needs.
    """
    scorer = load_champion(project.models)
    read = FeatureTable(table or FEATURES)
    if table is None and not FeaturePlan.from_dict(scorer.facts["plan"]).calendar:
        read = _lead_table(project, scorer)
    return scoring_query(scorer, dialect, read, view=view, reasons=reasons)


def write_query(query: str, path: Path) -> None:
    """Write a query to a file, replacing it at once.

    Raises:
        SourceError: the file cannot be written.
    """
    try:
        with replacing(path) as draft:
            draft.write_text(query, encoding="utf-8", newline="")  # a text of the query may hold any line end
    except OSError as error:
        raise SourceError(f"{path}: the query cannot be written ({error.strerror}). Choose another file.") from None


def _lead_table(project: Project, scorer: Scorer) -> FeatureTable:
    """The table of leads as a feature table: attributes under the names of the user's columns."""
    if project.settings.leads.id is None:
        raise SourceError(
            "leads.id is not set, so a database cannot tell leads apart. Set it to a column of the leads that "
            "is different for each, or name a table of features (--table)."
        )
    named = attribute_names(project.source.columns(project.leads_table), project.settings.lead_columns())
    columns = {attribute: column for column, attribute in named.items()}
    absent = [column.name for column in scorer.columns if column.name not in columns]
    if absent:
        raise SourceError(
            f"{project.source.place(project.leads_table)} has no column for {absent[0]!r}, which the scorer was "
            "trained with. Bring it back, or train again."
        )
    return FeatureTable(project.leads_table, project.settings.leads.id, columns)
