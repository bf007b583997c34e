"""The exchange with another environment, held by a stand-in for AutoGluon that the real script runs on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.datasets import DataSet
from benchmarks.other_python import AUTOGLUON, OtherPythonError, predict_there, version_there
from benchmarks.peers import peers
from benchmarks.tasks import Task, protocol_tasks, read_rows

STAND_IN = """
import pandas as pd


class TabularPredictor:
    def __init__(self, *, label, problem_type, eval_metric, path, verbosity):
        assert (label, problem_type, eval_metric) == ("won", "binary", "log_loss")

    def fit(self, train, *, presets, time_limit, num_cpus):
        assert (presets, time_limit) == ("best_quality", 7), time_limit
        self.rates = train.groupby("column_0")["won"].mean()

    def predict_proba(self, test):
        assert "won" not in test
        won = test["column_0"].map(self.rates)
        return pd.DataFrame({0: 1 - won, 1: won})
"""


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "there" / "autogluon" / "tabular"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(STAND_IN, encoding="utf-8")
    metadata = tmp_path / "there" / "autogluon_tabular-1.2.3.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: autogluon.tabular\nVersion: 1.2.3\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "there"))
    return package / "__init__.py"


@pytest.fixture
def task(described: Callable[..., DataSet], data: Path) -> Task:
    mine = described('drop = ["created"]\nmissing = ["n/a"]\n[split]\nrandom = 0.2\nseeds = [0]\n')
    return next(protocol_tasks(mine, read_rows(mine, data)))


@pytest.mark.usefixtures("stand_in")
def test_rows_go_there_and_probabilities_come_back_in_their_order(task: Task) -> None:
    known = peers(seconds=7, autogluon_python=Path(sys.executable))["autogluon"]
    assert (known.version, known.label) == ("1.2.3", "AutoGluon best_quality, 7 s")
    visits = task.leads["visits"].to_numpy()
    rates = [task.won[task.train][visits[task.train] == v].mean() for v in range(6)]
    np.testing.assert_allclose(known.predict(task), np.array(rates)[visits[task.test]])


def test_what_the_script_says_when_it_fails_is_told(task: Task, stand_in: Path) -> None:
    stand_in.write_text("raise RuntimeError('no memory left')\n", encoding="utf-8")
    with pytest.raises(OtherPythonError, match=r"autogluon_run\.py failed: .*no memory left"):
        predict_there(Path(sys.executable), AUTOGLUON, task, seconds=7, threads=1)


def test_an_answer_that_is_no_probability_is_refused(task: Task, stand_in: Path) -> None:
    stand_in.write_text(STAND_IN.replace("1: won}", "1: won + 1}"), encoding="utf-8")
    with pytest.raises(OtherPythonError, match="did not give one probability for each of 40 rows"):
        predict_there(Path(sys.executable), AUTOGLUON, task, seconds=7, threads=1)


def test_a_package_that_is_not_there_has_no_version_and_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert version_there(Path(sys.executable), "autogluon.nothing") is None
    with pytest.raises(OtherPythonError, match="python cannot be run: No such file"):
        version_there(tmp_path / "python", "autogluon.tabular")
