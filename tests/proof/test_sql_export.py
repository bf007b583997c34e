"""Databases give a hundred thousand demo leads the scores and reasons that Python does."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa
import pytest

from benchmarks.spark import AS_OF, local_spark, trained
from leadml.config import load_settings
from leadml.features import FeaturePlan, snapshots_at
from leadml.operations.project import Project
from leadml.predict import Scorer, load_scorer
from tests.sql.conftest import ID, assert_equal, expected, in_duckdb, in_postgres, in_spark, in_sqlite

LEADS = 100_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scorer, pa.Table, dict[str, Any]]:
    """The scorer of a demo company; its 3,000 leads over and over, each time with new ids; and what Python says."""
    bundle, config = trained(tmp_path_factory.mktemp("demo") / "company")
    scorer, project = load_scorer(bundle), Project(load_settings(config))
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    tables = project.read({attribute.name: attribute.kind for attribute in plan.attributes})
    few = snapshots_at(tables, AS_OF, plan=plan, open_only=False).features
    many = pa.concat_tables([few] * -(-LEADS // few.num_rows)).slice(0, LEADS).combine_chunks()
    rows = many.append_column(ID, pa.array([f"L{number}" for number in range(LEADS)]))
    return scorer, rows, expected(scorer, rows)


@pytest.mark.proof
@pytest.mark.parametrize("database", ["sqlite", "duckdb", "postgres", "spark"])
def test_a_hundred_thousand_leads_score_as_in_python(database, demo, tmp_path, request):
    scorer, rows, wanted = demo
    start = time.perf_counter()
    if database == "sqlite":
        got = in_sqlite(scorer, rows)
    elif database == "duckdb":
        got = in_duckdb(scorer, rows)
    elif database == "postgres":
        got = in_postgres(request.getfixturevalue("postgres_url"), scorer, rows)
    else:
        pytest.importorskip("pyspark")
        with local_spark(tmp_path, **{"spark.sql.codegen.wholeStage": "false"}) as session:
            start = time.perf_counter()
            got = in_spark(session, tmp_path, scorer, rows)
    print(f"{database}: {len(got):,} leads of {len(scorer.terms)} terms in {time.perf_counter() - start:.1f} s")
    assert len(got) == LEADS
    assert_equal(wanted, got)
