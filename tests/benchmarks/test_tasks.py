from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.datasets import DataSet, Split
from benchmarks.tasks import Rows, Task, protocol_tasks, random_tasks, read_rows
from leadml.errors import SourceError

Describe = Callable[..., DataSet]

SPLITS = {
    "newest": "[split]\nnewest = 0.2\n",
    "random": "[split]\nrandom = 0.2\nseeds = [0, 7]\n",
    "patterns": "[split]\npatterns = 0.25\nseeds = [0, 1, 2]\n",
}


def dataset(**split: object) -> DataSet:
    return DataSet(name="made", path="made.csv", target="y", won=("1",), ordered=True, split=Split(**split))


def all_tasks(described: DataSet, rows: Rows) -> list[Task]:
    return [*protocol_tasks(described, rows), *random_tasks(described, rows, 3)]


@settings(max_examples=30)
@given(
    values=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=8, max_size=60),
    tested=st.floats(0.05, 0.9),
    kind=st.sampled_from(list(SPLITS)),
    seed=st.integers(0, 5),
)
def test_each_row_is_on_exactly_one_side_and_patterns_are_never_split(
    values: list[tuple[int, int]], tested: float, kind: str, seed: int
) -> None:
    leads = pd.DataFrame(values, columns=["a", "b"])
    rows = Rows(leads, leads["a"].to_numpy() > 1, np.arange(len(leads), dtype=float))
    seeds = None if kind == "newest" else (seed,)
    for task in all_tasks(dataset(**{kind: tested, "seeds": seeds}), rows):
        assert sorted([*task.train, *task.test]) == list(range(len(leads)))
        if kind == "patterns":
            assert not {values[row] for row in task.train} & {values[row] for row in task.test}


def test_the_stated_splits_are_the_protocols(described: Describe, data: Path) -> None:
    table = pd.read_csv(data / "mine.csv", keep_default_na=False)
    features = table.drop(columns=["Status", "created"])

    random = described('drop = ["created"]\n' + SPLITS["random"])
    for task, seed in zip(protocol_tasks(random, read_rows(random, data)), (0, 7), strict=True):
        shuffled = np.random.default_rng(seed).permutation(len(table))
        np.testing.assert_array_equal(task.train, shuffled[: int(0.8 * len(table))])
        np.testing.assert_array_equal(task.test, shuffled[int(0.8 * len(table)) :])

    patterns = described('drop = ["created"]\n' + SPLITS["patterns"])
    pattern = features.astype(str).agg("|".join, axis=1).factorize()[0]
    count = pattern.max() + 1
    for task, seed in zip(protocol_tasks(patterns, read_rows(patterns, data)), range(3), strict=True):
        chosen = np.random.default_rng(seed).permutation(count)[: int(0.25 * count)]
        np.testing.assert_array_equal(task.test, np.flatnonzero(np.isin(pattern, chosen)))


def test_the_newest_rows_test_whatever_the_order_of_the_file(described: Describe, data: Path) -> None:
    mine = described('time = "created"\n' + SPLITS["newest"])
    (task,) = protocol_tasks(mine, read_rows(mine, data))
    by_time = pd.read_csv(data / "mine.csv", keep_default_na=False).sort_values("created")
    assert task.time is not None
    assert task.time[task.train].max() < task.time[task.test].min()
    assert len(task.test) == 40
    assert list(task.leads.columns) == ["visits", "source"]
    np.testing.assert_array_equal(task.leads["visits"], by_time["visits"])
    np.testing.assert_array_equal(task.won, by_time["Status"] == "Won")


def test_dates_order_rows_as_numbers_do(described: Describe, data: Path) -> None:
    mine = described('time = "created"\n' + SPLITS["newest"])
    by_number = read_rows(mine, data)
    table = pd.read_csv(data / "mine.csv", keep_default_na=False)
    table["created"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(table["created"], unit="D")
    table.to_csv(data / "mine.csv", index=False)
    by_date = read_rows(mine, data)
    pd.testing.assert_frame_equal(by_date.leads, by_number.leads)
    assert by_date.time is not None
    np.testing.assert_allclose(np.diff(by_date.time), 1.0)


def test_no_model_knows_the_time_of_a_random_split(described: Describe, data: Path) -> None:
    mine = described('time = "created"\n' + SPLITS["newest"])
    rows = read_rows(mine, data)
    tasks = list(random_tasks(mine, rows, 4))
    assert [task.split for task in tasks] == ["random 0", "random 1", "random 2", "random 3"]
    assert all(task.time is None and len(task.test) == 40 for task in tasks)
    assert all("created" not in task.leads for task in tasks)
    assert len({tuple(task.test) for task in tasks}) == 4


def test_texts_mean_missing_only_where_the_description_says_so(described: Describe, data: Path) -> None:
    kept = read_rows(described(SPLITS["random"]), data)
    hidden = read_rows(described('missing = ["n/a"]\n' + SPLITS["random"]), data)
    assert (kept.leads["source"] == "n/a").sum() == hidden.leads["source"].isna().sum() > 0


def test_the_digest_tells_every_change_apart(described: Describe, data: Path) -> None:
    mine = described(SPLITS["random"])
    task, other = protocol_tasks(mine, read_rows(mine, data))
    cell = task.leads.copy()
    cell.loc[3, "visits"] += 1
    flipped = task.won.copy()
    flipped[3] = not flipped[3]
    changed = [
        other,
        replace(task, leads=cell),
        replace(task, leads=task.leads.rename(columns={"visits": "calls"})),
        replace(task, won=flipped),
    ]
    again = next(protocol_tasks(mine, read_rows(mine, data)))
    assert again.digest() == task.digest()
    assert len({task.digest(), *(one.digest() for one in changed)}) == 5


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('drop = ["Tags"]\n', r"drop: 'Tags' is not a column of mine\.csv"),
        ('time = "closed"\n', r"time: 'closed' is not a column of mine\.csv"),
        ('time = "source"\n', "time: 'source' is neither numbers nor dates like 2026-01-31"),
        ('missing = ["Lost"]\n', "target: [0-9]+ rows have no 'Status'; take them out"),
        ('separator = ";"\n', r"target: 'Status' is not a column of mine\.csv"),
    ],
)
def test_data_that_are_not_as_described_are_refused(described: Describe, data: Path, text: str, problem: str) -> None:
    mine = described(text + SPLITS["random"])
    with pytest.raises(SourceError, match=rf"mine\.toml: {problem}"):
        read_rows(mine, data)


def test_a_wrong_word_for_won_is_refused(described: Describe, data: Path) -> None:
    head = 'name = "mine"\npath = "mine.csv"\ntarget = "Status"\nwon = ["won"]\n'
    with pytest.raises(SourceError, match=r"mine\.toml: won: no rows are won; 'Status' holds '(Won|Lost)', '"):
        read_rows(described(SPLITS["random"], head=head), data)


def test_a_missing_file_is_named(described: Describe, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"mine\.toml: path: there is no .*mine\.csv; give the folder that holds"):
        read_rows(described(SPLITS["random"]), tmp_path)
