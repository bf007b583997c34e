"""A made-up data set with its description, and models that take no time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.datasets import DataSet, load_set

HEAD = 'name = "mine"\npath = "mine.csv"\ntarget = "Status"\nwon = ["Won"]\n'

Describe = Callable[..., DataSet]


def made_up(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    """Leads with one column that tells, many equal rows, a time, and an outcome that is sometimes a surprise."""
    draw = np.random.default_rng(seed)
    visits = draw.integers(0, 6, rows)
    won = draw.random(rows) < 0.1 + 0.13 * visits
    return pd.DataFrame(
        {
            "visits": visits,
            "source": draw.choice(["web", "fair", "n/a"], rows),
            "created": draw.permutation(rows) + 0.5,
            "Status": np.where(won, "Won", "Lost"),
        }
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The folder of data."""
    folder = tmp_path / "data"
    folder.mkdir()
    made_up().to_csv(folder / "mine.csv", index=False)
    return folder


@pytest.fixture
def described(tmp_path: Path) -> Describe:
    """Write a description below the folder `sets`, and read it."""

    def write(text: str, name: str = "mine.toml", head: str = HEAD) -> DataSet:
        folder = tmp_path / "sets"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(head + text, encoding="utf-8")
        return load_set(folder / name)

    return write
