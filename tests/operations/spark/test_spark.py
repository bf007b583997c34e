"""What Spark makes of a company is what one machine makes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from leadml.features import FeaturePlan, snapshots_at
from leadml.operations import spark as on_spark
from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.operations.scoring.scores import score_leads
from leadml.operations.spark.shapes import plain, without_pandas
from leadml.predict import Scorer
from leadml.schema import LeadTables

AS_OF = datetime(2024, 3, 1)  # noqa: DTZ001


def dirty(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """A floor with what a reader has to turn away, trim or fold."""
    leads, acts, changes = (list(rows[name]) for name in ("leads", "acts", "changes"))
    twin = list(leads[7])
    twin[4] = "F0000"  # of another account: the first one counts
    leads.insert(30, tuple(twin))
    for place, column, value in ((3, 1, "2023-02-31"), (5, 2, "2019-01-01"), (9, 7, "a lot"), (11, 0, " ")):
        leads[place] = (*leads[place][:column], value, *leads[place][column + 1 :])
    for place, account in ((12, None), (13, "n/a"), (14, "\u2003F0020 "), (15, "f0007")):
        leads[place] = (*leads[place][:4], account, *leads[place][5:])
    acts += [("L9999", acts[0][1], "page"), (f" {acts[1][0]}\t", acts[1][1], "DEMO"), (acts[2][0], "soon", "page")]
    changes += [(None, "budget", "none", changes[0][3]), (changes[1][0], None, "none", changes[1][3])]
    return {"leads": leads, "acts": acts, "changes": changes}


@pytest.fixture
def project(open_floor: Callable[..., Project], floor: Callable[..., Any]) -> Project:
    return open_floor(dirty(floor(300)))


def champion(project: Project) -> tuple[Path, Scorer, FeaturePlan, LeadTables]:
    scorer = load_champion(project.models)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    bundle = next(project.models.glob("*.leadml"))
    return bundle, scorer, plan, project.read({attribute.name: attribute.kind for attribute in plan.attributes})


def frames(spark: Any, project: Project) -> list[Any]:
    """The project's tables as DataFrames."""
    tables = [pa.Table.from_batches(project.source.stream(name)) for name in ("leads", "acts", "changes")]
    with without_pandas():
        return [spark.createDataFrame(table) for table in tables]


def by_lead(rows: pa.Table) -> list[dict[str, Any]]:
    return rows.sort_by("lead_id").to_pylist()


def test_features_rejects_and_scores_are_those_of_one_machine_to_the_last_bit(
    spark: Any, project: Project, tmp_path: Path
) -> None:
    bundle, scorer, plan, tables = champion(project)
    leads, acts, changes = frames(spark, project)
    known = on_spark.features(
        leads,
        bundle,
        config=tmp_path / "leadml.toml",
        as_of=AS_OF,
        activities=acts,
        history=changes,
        leads_per_group=200,
    )
    known.everything.persist()
    made = snapshots_at(tables, AS_OF, plan=plan)
    keys = {"lead_id": made.lead_id, "account_id": made.account_id}
    alone = pa.table({**keys, **dict(zip(made.features.column_names, made.features.columns, strict=True))})
    assert by_lead(known.rows.toArrow()) == by_lead(plain(alone))

    rejects = tables.rejects.drop_columns(["row"])
    order = [(column, "ascending") for column in rejects.column_names]
    assert known.rejects.toArrow().sort_by(order).to_pylist() == rejects.sort_by(order).to_pylist()
    assert {"duplicate lead id", "missing lead id", "unknown lead", "missing field"} <= set(
        rejects["reason"].to_pylist()
    )

    scores = on_spark.score(known.rows, bundle, id_column="lead_id", as_of=AS_OF).toArrow()
    assert by_lead(scores) == by_lead(plain(score_leads(scorer, tables, plan, AS_OF)))
    assert set(scores["as_of"].to_pylist()) == {AS_OF.replace(tzinfo=UTC)}
