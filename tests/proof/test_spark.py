"""Spark and one machine give a hundred thousand leads the same scores, bit for bit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.spark import AS_OF, company, lake, local_spark, made, trained
from leadml.config import parse_settings
from leadml.features import FeaturePlan
from leadml.operations.project import Project
from leadml.operations.scoring.scores import score_leads
from leadml.operations.spark import score
from leadml.operations.spark.shapes import plain
from leadml.predict import load_scorer

LEADS = 100_000


def on_one_machine(bundle: Path, project: Project) -> pa.Table:
    scorer = load_scorer(bundle)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    tables = project.read({attribute.name: attribute.kind for attribute in plan.attributes})
    return plain(score_leads(scorer, tables, plan, AS_OF, open_only=False))


@pytest.mark.proof
def test_a_hundred_thousand_leads_have_the_same_scores_and_reasons(tmp_path) -> None:
    pytest.importorskip("pyspark")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java 17")
    bundle, config = trained(tmp_path / "small")
    large = company(tmp_path / "large", LEADS, seed=1)
    lake(large, tmp_path / "lake")
    with local_spark(tmp_path) as spark:
        rows = made(spark, tmp_path / "lake", bundle, config).rows
        scores = score(rows, bundle, id_column="lead_id", as_of=AS_OF).toArrow().sort_by("lead_id")
    text = config.read_text().replace(str(tmp_path / "small"), str(tmp_path / "large"))
    alone = on_one_machine(bundle, Project(parse_settings(text, path=config))).sort_by("lead_id")
    print(f"{scores.num_rows:,} leads scored")
    assert scores.num_rows > 0.9 * LEADS
    assert scores.cast(alone.schema).combine_chunks().equals(alone.combine_chunks())
