"""A scikit-learn pipeline behind mlflow.pyfunc, run by the Python of an environment of its own.

    PYTHON mlflow_run.py FOLDER

Reads `train.parquet` (with the column `won`), `test.parquet` (without it) and `request.json` (`threads`) from the
folder, logs a pipeline of encoders and LightGBM as a model of MLflow, loads it back as a pyfunc, and writes
`seconds.json`: how long it took to score the test rows. This file imports nothing of leadml, and lies alone in its
folder so that no module beside it can hide another.
"""

import json
import os
import sys
import time
from pathlib import Path

# The model is this very process's own; without this, MLflow goes through skops, which knows no LightGBM.
os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "true"

import mlflow
import pandas as pd
from lightgbm import LGBMClassifier
from mlflow.models import infer_signature
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder


def main(folder: Path) -> None:
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
    won = train.pop("won")
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    texts = make_column_selector(dtype_exclude="number")
    prepare = make_column_transformer((encoder, texts), remainder="passthrough").set_output(transform="pandas")
    boosted = LGBMClassifier(n_estimators=300, num_leaves=31, n_jobs=request["threads"], verbosity=-1)
    model = make_pipeline(prepare, boosted).fit(train, won)
    mlflow.sklearn.save_model(
        model, folder / "model", signature=infer_signature(train), serialization_format="cloudpickle",
        pip_requirements=[], pyfunc_predict_fn="predict_proba",
    )  # fmt: skip
    served = mlflow.pyfunc.load_model(str(folder / "model"))
    started = time.perf_counter()
    served.predict(test)
    (folder / "seconds.json").write_text(json.dumps(time.perf_counter() - started), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
