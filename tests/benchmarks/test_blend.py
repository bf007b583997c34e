from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from benchmarks.blend import ANSWERS, BLEND, DEALS, MODEL, POINTS, RULEBOOK, few_deals_tasks, patterns_of, report
from benchmarks.blend import validation_tasks as folds_of
from benchmarks.figures import FIGURES
from benchmarks.results import Result
from benchmarks.tasks import Rows, Task
from leadml.rules import Names, load_rulebook, map_rulebook


@pytest.fixture
def rows() -> Rows:
    draw = np.random.default_rng(0)
    leads = pd.DataFrame({name: draw.choice(["a", "b", "c", "d"], 400) for name in "wxyz"})
    return Rows(leads, draw.random(400) < 0.5, None)


def test_every_rule_of_bant_finds_its_column_in_the_deals() -> None:
    columns = [*ANSWERS.values(), "Scope"]
    _, unmapped = map_rulebook(load_rulebook(RULEBOOK), Names(columns, ANSWERS), advice="")
    assert unmapped == ()


def test_equal_rows_are_never_on_both_sides_where_patterns_are_held_out(rows: Rows) -> None:
    patterns = patterns_of(rows)
    assert patterns.max() < len(patterns) - 1
    tasks: list[Task] = [*folds_of(rows, 2), *few_deals_tasks(rows, 1)]
    assert len(tasks) == 10 + sum(DEALS.values())
    for task in tasks:
        assert not set(patterns[task.train]) & set(patterns[task.test])


def test_each_row_is_judged_once_in_every_cross_validation(rows: Rows) -> None:
    judged = np.concatenate([task.test for task in folds_of(rows, 1)])
    np.testing.assert_array_equal(np.sort(judged), np.arange(400))


def test_fewer_deals_are_among_more_and_as_many_as_said(rows: Rows) -> None:
    first = {task.name: task for task in few_deals_tasks(rows, 1) if task.split == "0"}
    assert [len(task.train) for task in first.values()] == list(DEALS)
    assert set(first["40 deals"].train) < set(first["80 deals"].train) < set(first["160 deals"].train)


def test_the_report_pairs_the_same_splits() -> None:
    def results() -> Iterator[Result]:
        for split, luck in enumerate((0.0, 0.2, 0.4)):
            for model, loss in ((POINTS, 0.7), (MODEL, 0.5), (BLEND, 0.49)):
                figures = dict.fromkeys(FIGURES, loss + luck)
                yield Result("40 deals", str(split), "r", 40, 10, model, "1", figures, 0.0)

    lines = list(report(list(results())))
    assert "| 40 deals | blend | 3 | 0.6900 | 0.1932 to 1.1868 | 0.6900 | 0.1932 to 1.1868 |" in lines
    assert "| 40 deals | model alone | -0.0100 | -0.0100 to -0.0100 | -0.0100 | -0.0100 to -0.0100 |" in lines
