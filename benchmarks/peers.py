"""What is compared: this project through its public interface, and what a careful team would reach for instead."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import leadml
from benchmarks.other_python import AUTOGLUON, predict_there, version_there
from benchmarks.tasks import Array, Task

LEADML = "leadml"
# Seconds compare only between models that may use the same; OpenMP's own variable says another number.
THREADS = int(os.environ.get("OMP_NUM_THREADS", "2"))
_BENCH = "Install it by: python -m pip install --editable '.[bench]'"
_ELSEWHERE = (
    "It needs an environment of its own (it pins pandas 2): python -m venv DIR; "
    "DIR/bin/pip install 'autogluon.tabular[lightgbm,catboost,xgboost]'; then add --autogluon-python DIR/bin/python"
)


@dataclass(frozen=True)
class Peer:
    """A model: its name on the command line and in tables, its version (None: not installed), how to get it.

    `predict` trains on a task's training rows and gives the probabilities of its test rows, shape (n_test,).
    """

    key: str
    label: str
    version: str | None
    advice: str
    predict: Callable[[Task], Array]


def peers(*, seconds: int, autogluon_python: Path | None) -> dict[str, Peer]:
    """Every model by its key; `seconds` is what searches are given per training."""
    elsewhere = version_there(autogluon_python, "autogluon.tabular") if autogluon_python else None
    here = autogluon_python or Path()
    autogluon = partial(predict_there, here, AUTOGLUON, seconds=seconds, threads=THREADS)
    known = (
        Peer(LEADML, "leadml", own_version(), "", lead_scorer),
        Peer("lightgbm", "LightGBM, defaults", _version("lightgbm"), _BENCH, default_lightgbm),
        Peer("logistic", "logistic regression", _version("scikit-learn"), _BENCH, logistic_regression),
        Peer("ebm", "InterpretML EBM", _version("interpret-core"), _BENCH, explainable_boosting),
        Peer("flaml", f"FLAML, {seconds} s", _version("flaml"), _BENCH, partial(flaml_search, seconds=seconds)),
        Peer("autogluon", f"AutoGluon best_quality, {seconds} s", elsewhere, _ELSEWHERE, autogluon),
    )
    return {peer.key: peer for peer in known}


def lead_scorer(task: Task) -> Array:
    """`LeadScorer()` as it comes; told the time where there is one."""
    time = None if task.time is None else task.time[task.train]
    scorer = leadml.LeadScorer().fit(task.leads.iloc[task.train], task.won[task.train], time=time)
    return np.asarray(scorer.predict_proba(task.leads.iloc[task.test])[:, 1])


def default_lightgbm(task: Task) -> Array:
    """LightGBM with its defaults on native categories."""
    frame = task.leads.copy()
    for column in frame.select_dtypes(exclude="number"):
        seen = sorted(frame[column].take(task.train).dropna().unique())
        frame[column] = pd.Categorical(frame[column], categories=seen)
    frame.columns = pd.Index([f"column_{position}" for position in range(frame.shape[1])])
    model = lightgbm.LGBMClassifier(verbosity=-1, n_jobs=THREADS).fit(frame.iloc[task.train], task.won[task.train])
    return np.asarray(model.predict_proba(frame.iloc[task.test]))[:, 1]


def logistic_regression(task: Task) -> Array:
    """Scikit-learn's default logistic regression on one-hot categories and scaled numbers."""
    texts = make_column_selector(dtype_exclude="number")
    numbers = make_column_selector(dtype_include="number")
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), texts),
    )
    model = make_pipeline(prepare, LogisticRegression(max_iter=2000))
    model.fit(task.leads.iloc[task.train], task.won[task.train])
    return np.asarray(model.predict_proba(task.leads.iloc[task.test])[:, 1])


def explainable_boosting(task: Task) -> Array:
    """InterpretML's explainable boosting machine with its defaults."""
    from interpret.glassbox import ExplainableBoostingClassifier

    with warnings.catch_warnings():
        # It says that its charts do not show missing values; none is drawn here.
        warnings.filterwarnings("ignore", message="Missing values detected", category=UserWarning)
        model = ExplainableBoostingClassifier(n_jobs=THREADS, random_state=0)
        model.fit(task.leads.iloc[task.train], task.won[task.train])
    return np.asarray(model.predict_proba(task.leads.iloc[task.test])[:, 1])


def flaml_search(task: Task, *, seconds: int) -> Array:
    """FLAML's search for the lowest log loss, with a budget of seconds."""
    from flaml import AutoML

    search = AutoML()
    with warnings.catch_warnings():
        # It warns of what every set of leads has: values that training did not see.
        warnings.simplefilter("ignore")
        search.fit(
            task.leads.iloc[task.train], task.won[task.train], task="classification", metric="log_loss",
            time_budget=seconds, n_jobs=THREADS, seed=0, verbose=0,
        )  # fmt: skip
        return np.asarray(search.predict_proba(task.leads.iloc[task.test])[:, 1])


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def own_version() -> str:
    """The version and six hex digits of the source, so that figures of two states of the code never mix."""
    root = Path(leadml.__file__).parent
    content = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        content.update(path.read_bytes())
    return f"{version('leadml')}+{content.hexdigest()[:6]}"
