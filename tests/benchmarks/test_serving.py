"""The speed benchmark measures what it says: every side scores the same made-up leads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.made_up import make_rows, make_scorer, ready_matrix
from benchmarks.other_python import OtherPythonError
from benchmarks.pipelines import mlflow_pipeline
from benchmarks.serving import large_table


def test_made_up_leads_are_of_the_stated_kinds_and_the_scorer_reads_them_all() -> None:
    rng = np.random.default_rng(0)
    rows = make_rows(rng, 2_000)
    kinds = [field.type for field in rows.schema]
    assert (kinds.count(pa.float64()), kinds.count(pa.string())) == (18, 15)
    assert 0.1 < rows["number_0"].null_count / 2_000 < 0.2
    scorer = make_scorer(rng, rows)
    assert {column.name for column in scorer.columns} == set(rows.column_names)
    matrix = ready_matrix(rows)
    assert matrix.shape == (2_000, 33)
    assert np.isnan(matrix).any(axis=0).all()


def test_every_side_is_measured_on_the_large_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    threads = pa.cpu_count()
    try:
        sides = large_table(rng, make_rows(rng, 300), tmp_path / "b.leadml", runs=1, threads=1, mlflow=None)
        bare, ours, explained, *_ = list(sides)
    finally:
        pa.set_cpu_count(threads)
    assert "predict" in bare.name
    assert "leadml" in ours.name
    assert "pred_contrib" in explained.name
    assert all(side.seconds > 0 and side.measured == 300 for side in (bare, ours, explained))


def test_what_another_environment_fails_with_is_said(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no module named mlflow >&2\nexit 1\n", encoding="utf-8")
    python.chmod(0o755)
    rng = np.random.default_rng(0)
    rows = make_rows(rng, 20)
    with pytest.raises(OtherPythonError, match="no module named mlflow"):
        mlflow_pipeline(python, rows, np.arange(20) % 2 == 0, rows, threads=1)
