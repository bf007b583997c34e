"""What teams put before a model so that it takes raw leads: encoders in a pipeline, alone and behind mlflow.pyfunc."""

from __future__ import annotations

import json
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from benchmarks.other_python import OtherPythonError
from benchmarks.tasks import Array

MLFLOW = Path(__file__).parent / "elsewhere" / "mlflow_run.py"


def pipeline(frame: pd.DataFrame, label: Array, threads: int) -> Any:
    """Texts as ordinals, numbers as they are, and LightGBM of 300 trees of 31 leaves, trained."""
    texts = make_column_selector(dtype_exclude="number")
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepare = make_column_transformer((encoder, texts), remainder="passthrough").set_output(transform="pandas")
    model = lightgbm.LGBMClassifier(n_estimators=300, num_leaves=31, n_jobs=threads, verbosity=-1)
    return make_pipeline(prepare, model).fit(frame, label)


def explainable_boosting(frame: pd.DataFrame, label: Array, threads: int) -> Any | None:
    """InterpretML's machine with one bag and five pairs, as ours has, trained; None where it is not installed."""
    try:
        from interpret.glassbox import ExplainableBoostingClassifier
    except ImportError:
        return None
    with warnings.catch_warnings():
        # It says that its charts do not show missing values; none is drawn here.
        warnings.filterwarnings("ignore", message="Missing values detected", category=UserWarning)
        model = ExplainableBoostingClassifier(outer_bags=1, interactions=5, n_jobs=threads, random_state=0)
        return model.fit(frame, label)


def mlflow_pipeline(python: Path, train: pa.Table, label: Array, test: pa.Table, threads: int) -> float:
    """Seconds that the pipeline takes behind mlflow.pyfunc on `test`, in another environment.

    Raises:
        OtherPythonError: the script failed.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pq.write_table(train.append_column("won", pa.array(label.astype(np.int64))), folder / "train.parquet")
        pq.write_table(test, folder / "test.parquet")
        (folder / "request.json").write_text(json.dumps({"threads": threads}), encoding="utf-8")
        done = subprocess.run([python, MLFLOW, folder], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OtherPythonError(f"{MLFLOW.name} failed: " + " / ".join(done.stderr.strip().splitlines()[-3:]))
        return float(json.loads((folder / "seconds.json").read_text(encoding="utf-8")))
