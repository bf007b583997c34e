from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.datasets import DataSet
from benchmarks.measuring import measure
from benchmarks.peers import Peer
from benchmarks.results import Result, Results
from benchmarks.tasks import Array, Task, protocol_tasks, random_tasks, read_rows

Describe = Callable[..., DataSet]


class Counting:
    """A model that counts its trainings, and can be told to fail on a split."""

    def __init__(self, fails_on: str | None = None) -> None:
        self.trained: list[str] = []
        self.fails_on = fails_on

    def __call__(self, task: Task) -> Array:
        self.trained.append(task.split)
        if task.split == self.fails_on:
            raise ValueError("singular matrix")
        rates = [task.won[task.train][task.leads["visits"].to_numpy()[task.train] == v].mean() for v in range(6)]
        return np.array(rates)[task.leads["visits"].to_numpy()[task.test]]


def peer(model: Callable[[Task], Array], key: str = "mean", version: str | None = "1.0") -> Peer:
    return Peer(key, f"model {key}", version, "Get it somewhere.", model)


@pytest.fixture
def tasks(described: Describe, data: Path) -> list[Task]:
    mine = described('drop = ["created"]\n[split]\nrandom = 0.2\nseeds = [0]\n')
    rows = read_rows(mine, data)
    return [*protocol_tasks(mine, rows), *random_tasks(mine, rows, 3)]


def timeless(results: list[Result]) -> list[Result]:
    return [replace(result, seconds=0.0) for result in results]


def silent(_: str) -> None:
    pass


def test_work_that_was_stopped_and_resumed_equals_one_run(tasks: list[Task], tmp_path: Path) -> None:
    models = [peer(Counting()), peer(Counting(), "other")]
    whole = measure(tasks, models, Results(), again=[], say=silent)
    path = tmp_path / "results.jsonl"
    for part in (tasks[:1], tasks[:3]):
        measure(part, models, Results(path), again=[], say=silent)
    resumed = measure(tasks, models, Results(path), again=[], say=silent)
    assert timeless(resumed.results) == timeless(whole.results)
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(tasks) * len(models) == len(whole.results)


def test_only_what_is_missing_is_trained(tasks: list[Task]) -> None:
    model, results = Counting(), Results()
    measure(tasks[:3], [peer(model)], results, again=[], say=silent)
    measure(tasks, [peer(model)], results, again=[], say=silent)
    assert model.trained == [task.split for task in tasks]


def test_a_model_can_be_measured_again_alone(tasks: list[Task]) -> None:
    one, other, results = Counting(), Counting(), Results()
    models = [peer(one), peer(other, "other")]
    for again in ([], ["other"]):
        measure(tasks, models, results, again=again, say=silent)
    assert len(one.trained) == len(tasks)
    assert len(other.trained) == 2 * len(tasks)


def test_figures_of_two_versions_never_mix(tasks: list[Task]) -> None:
    model, results = Counting(), Results()
    measure(tasks, [peer(model)], results, again=[], say=silent)
    found = measure(tasks[:1], [peer(model, version="2.0")], results, again=[], say=silent)
    assert {result.version for result in found.results} == {"2.0"}
    assert len(model.trained) == len(tasks) + 1


def test_a_model_that_is_not_installed_is_skipped_with_advice(tasks: list[Task]) -> None:
    said: list[str] = []
    found = measure(tasks, [peer(Counting(), version=None)], Results(), again=[], say=said.append)
    assert found.results == []
    assert said[0] == "model mean: not installed, skipped. Get it somewhere."


def test_a_model_that_is_not_installed_keeps_what_was_measured_elsewhere(tasks: list[Task]) -> None:
    said: list[str] = []
    results = Results()
    before = measure(tasks, [peer(Counting())], results, again=[], say=silent)
    absent = Counting()
    found = measure(tasks, [peer(absent, version=None)], results, again=["mean"], say=said.append)
    assert found == before
    assert absent.trained == []
    assert "what was measured with 1.0 is kept" in said[0]


def test_a_model_that_fails_on_a_split_is_said_and_does_not_stop_the_rest(tasks: list[Task]) -> None:
    said: list[str] = []
    found = measure(tasks, [peer(Counting(fails_on="random 1"))], Results(), again=[], say=said.append)
    assert [result.split for result in found.results] == ["protocol 0", "random 0", "random 2"]
    assert found.failures == ["mine, random 1, model mean: ValueError: singular matrix"]
    assert "3 of 4: mine, random 1, model mean: failed: ValueError: singular matrix" in said
