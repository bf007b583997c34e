"""`features`: leads, activities and field history of Spark, made into features group by group of whole accounts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa

from leadml.errors import ConfigError
from leadml.features import FeaturePlan
from leadml.operations.spark.carried import carry
from leadml.operations.spark.groups import ACTIVITIES, HISTORY, LEADS, GroupWork
from leadml.operations.spark.keys import key, with_account, with_bucket
from leadml.operations.spark.shapes import chosen, spark_schema, without_pandas
from leadml.schema import ActivityColumns, HistoryColumns
from leadml.sources.layout import lay_out

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["Features", "features"]

Columns = TypeVar("Columns", ActivityColumns, HistoryColumns)


@dataclass(frozen=True)
class Features:
    """What became of the rows of all tables; nothing is computed before it is asked for.

    `rows` has one row per lead to be scored: "lead_id", "account_id" and the columns of the bundle's contract.
    `rejects` has one row per row of the user's tables that cannot be used: "table", "lead_id", "column", "value" and
    "reason". Both are cut out of `everything`: persist that before using both, or features are computed twice.
    """

    everything: DataFrame

    @property
    def rows(self) -> DataFrame:
        """The leads with their features."""
        return self.everything.where("features is not null").select("features.*")

    @property
    def rejects(self) -> DataFrame:
        """The rows that cannot be used, with the reason."""
        return self.everything.where("rejected is not null").select("rejected.*")


def features(
    leads: DataFrame,
    bundle: str | os.PathLike[str],
    *,
    config: str | os.PathLike[str],
    as_of: datetime,
    activities: DataFrame | None = None,
    history: DataFrame | None = None,
    open_only: bool = True,
    leads_per_group: int = 5_000,
) -> Features:
    """Make the rows to be scored: one per lead, with its features as of a moment.

    The tables are the user's own, and leadml.toml says what their columns mean, as for `leadml score`; where it says
    that they live (source.url, table) plays no part. Leads are counted, then cut into groups of whole accounts; each is
    checked and made into features by the same code, in DuckDB, as on one machine. A group is in the memory of one
    worker at once: all its leads and all that they did.

    Args:
        leads: one row per lead.
        bundle: the bundle file that the rows are to be scored with, as the driver sees it.
        config: leadml.toml, as the driver sees it.
        as_of: the moment (UTC if without a zone); leads created later are left out, and nothing at or after it counts.
        activities: one row per activity.
        history: one row per change of a field.
        open_only: leave out the leads that were closed at the moment.
        leads_per_group: about how many leads go through one worker at a time. Fewer take less memory, more less time.

    Raises:
        BundleError: the file is not a bundle.
        ConfigError: leadml.toml is wrong, or maps no id of leads.
        SourceError: a table lacks a column that leadml.toml names.
        ColumnsError: the tables lack what the bundle was trained on, or an id is of a type that cannot be compared.
    """
    from leadml.config import load_settings  # workers import this package, and need no pydantic

    settings = load_settings(Path(config))
    work = GroupWork(
        plan=FeaturePlan.from_dict(carry(bundle).scorer().facts["plan"]),
        lead_columns=settings.lead_columns(),
        activity_columns=None if activities is None else _mapped(settings.activity_columns(), ACTIVITIES),
        history_columns=None if history is None else _mapped(settings.history_columns(), HISTORY),
        as_of=as_of,
        open_only=open_only,
        now=datetime.now(UTC).replace(tzinfo=None),
    )
    given = {LEADS: leads, ACTIVITIES: activities, HISTORY: history}
    tables = {name: table for name, table in given.items() if table is not None}
    _refuse_unfit(work, tables)
    numbered, owners = _numbered(work, leads)
    buckets = leads.count() // leads_per_group + 1
    left = with_bucket(with_account(numbered, owners), buckets).select("bucket", "number", LEADS)
    right = with_bucket(with_account(_events(work, tables), owners), buckets).drop("key", "account")

    def features_of(leads: pa.Table, events: pa.Table) -> pa.Table:
        return work.features_of(leads, events)

    with without_pandas():
        pairs = left.groupBy("bucket").cogroup(right.groupBy("bucket"))
        return Features(pairs.applyInArrow(features_of, spark_schema(work.schema)))


def _mapped(columns: Columns | None, table: str) -> Columns:
    if columns is None:
        raise ConfigError(f"leadml.toml has no [{table}], so what the columns of that table mean is not known. Add it.")
    return columns


def _refuse_unfit(work: GroupWork, tables: Mapping[str, DataFrame]) -> None:
    """Do the work on tables without rows: what does not fit is said before anything is computed."""
    if work.lead_columns.id is None:
        raise ConfigError("leadml.toml maps no leads.id, and in Spark rows have no number to tell leads apart by.")
    empty = {
        name: pa.nulls(0, pa.struct([(column, pa.null()) for column in table.columns]))
        for name, table in tables.items()
    }
    leads = {"number": pa.array([], pa.int64()), LEADS: empty.pop(LEADS)}
    work.features_of(pa.table(leads), pa.table(empty))


def _numbered(work: GroupWork, leads: DataFrame) -> tuple[DataFrame, DataFrame]:
    """Leads with a "key" and a "number" each, and which "account" each key belongs to.

    Of rows with the same key the first one says it, so that they meet in one group, where all but one are rejected.
    """
    from pyspark.sql import functions as fn

    columns = work.lead_columns
    own = account = key(leads, str(columns.id), LEADS)
    if columns.account is not None:
        account = fn.coalesce(key(leads, columns.account, LEADS, columns.missing_values), own)
    needed = lay_out(leads.columns, columns, LEADS, work.kinds).needed
    numbered = leads.select(
        own.alias("key"),
        account.alias("account"),
        fn.monotonically_increasing_id().alias("number"),
        fn.struct(*chosen(leads, needed)).alias(LEADS),
    )
    owners = numbered.where("key is not null").groupBy("key").agg(fn.min_by("account", "number").alias("account"))
    return numbered.drop("account"), owners


def _events(work: GroupWork, tables: Mapping[str, DataFrame]) -> DataFrame:
    """Activities and history in one table, as `cogroup` takes two: a "key", and a struct of each, one of them null."""
    from pyspark.sql import functions as fn

    events = tables[LEADS].sparkSession.createDataFrame([], "key string")
    for name, columns in ((ACTIVITIES, work.activity_columns), (HISTORY, work.history_columns)):
        if columns is not None:
            needed = [column for column in dict.fromkeys(vars(columns).values()) if column is not None]
            one = tables[name].select(
                key(tables[name], columns.lead, name).alias("key"), fn.struct(*chosen(tables[name], needed)).alias(name)
            )
            events = events.unionByName(one, allowMissingColumns=True)
    return events
