"""A model in an environment of its own: Parquet out, its Python run on it, Parquet back."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.tasks import Array, Task

AUTOGLUON = Path(__file__).parent / "elsewhere" / "autogluon_run.py"
_VERSION = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"


class OtherPythonError(Exception):
    """The other environment's Python failed; the text is the end of what it said."""


def version_there(python: Path, package: str) -> str | None:
    """The version of a package in another environment, None where it is not installed.

    Raises:
        OtherPythonError: there is no such Python.
    """
    try:
        done = subprocess.run([python, "-c", _VERSION, package], capture_output=True, text=True, check=False)
    except OSError as refused:
        raise OtherPythonError(f"{python} cannot be run: {refused.strerror}") from refused
    return done.stdout.strip() if done.returncode == 0 else None


def predict_there(python: Path, script: Path, task: Task, *, seconds: int, threads: int) -> Array:
    """Probabilities of the test rows, shape (n_test,), by a script such as `elsewhere/autogluon_run.py`.

    Raises:
        OtherPythonError: the script failed, or did not answer every row with a probability.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder / "train.parquet", task, task.train, with_outcome=True)
        _write(folder / "test.parquet", task, task.test, with_outcome=False)
        (folder / "request.json").write_text(json.dumps({"seconds": seconds, "threads": threads}), encoding="utf-8")
        done = subprocess.run([python, script, folder], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OtherPythonError(f"{script.name} failed: " + " / ".join(done.stderr.strip().splitlines()[-3:]))
        probability = pq.read_table(folder / "probability.parquet")["probability"].to_numpy()
    if probability.shape != task.test.shape or not np.all((probability >= 0) & (probability <= 1)):
        raise OtherPythonError(f"{script.name} did not give one probability for each of {len(task.test)} rows.")
    return np.asarray(probability)


def _write(path: Path, task: Task, chosen: Array, *, with_outcome: bool) -> None:
    frame = task.leads.iloc[chosen]
    frame.columns = pd.Index([f"column_{position}" for position in range(frame.shape[1])])
    if with_outcome:
        frame = frame.assign(won=task.won[chosen].astype(np.int64))
    # Without pandas 3's own metadata, which pandas 2 would try to obey.
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path)
