from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.datasets import DataSet
from benchmarks.figures import figures
from benchmarks.peers import peers
from benchmarks.tasks import protocol_tasks, read_rows


@pytest.mark.parametrize("key", ["leadml", "lightgbm", "logistic", "ebm", "flaml"])
def test_each_model_learns_from_texts_numbers_and_gaps(key: str, described: Callable[..., DataSet], data: Path) -> None:
    peer = peers(seconds=1, autogluon_python=None)[key]
    if peer.version is None:
        pytest.skip(peer.advice)
    mine = described('missing = ["n/a"]\ntime = "created"\n[split]\nnewest = 0.5\n')
    (task,) = protocol_tasks(mine, read_rows(mine, data))
    probability = peer.predict(task)
    assert probability.shape == task.test.shape
    assert np.all((probability > 0) & (probability < 1))
    assert figures(task.won[task.test], probability)["AUC"] > 0.6


def test_the_version_of_leadml_tells_states_of_its_source_apart() -> None:
    version = peers(seconds=1, autogluon_python=None)["leadml"].version
    assert version is not None
    number, _, digest = version.partition("+")
    assert number
    assert len(digest) == 6
