"""AutoGluon on one task, run by the Python of an environment of its own: it pins pandas 2, leadml needs 3.

    PYTHON autogluon_run.py FOLDER

Reads `train.parquet` (columns column_0, column_1, ... and `won`), `test.parquet` (without `won`) and `request.json`
(`seconds`, `threads`) from the folder; writes `probability.parquet`, one column of that name, rows as in the test file.
This file imports nothing of leadml, and lies alone in its folder so that no module beside it can hide another.
"""

import json
import sys
from pathlib import Path

import pandas as pd
from autogluon.tabular import TabularPredictor


def main(folder: Path) -> None:
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    predictor = TabularPredictor(
        label="won", problem_type="binary", eval_metric="log_loss", path=str(folder / "models"), verbosity=0
    )
    predictor.fit(train, presets="best_quality", time_limit=request["seconds"], num_cpus=request["threads"])
    probability = predictor.predict_proba(test)[1].to_numpy(dtype=float)
    pd.DataFrame({"probability": probability}).to_parquet(folder / "probability.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
