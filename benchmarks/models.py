"""What is compared: this project through its public interface, and the two models everyone reaches for first."""

from __future__ import annotations

from collections.abc import Callable

import lightgbm
import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.tasks import Array, Task
from leadml import LeadScorer

Model = Callable[[Task], Array]


def lead_scorer(task: Task) -> Array:
    """`LeadScorer()` as it comes; told the time where there is one."""
    time = None if task.time is None else task.time[task.train]
    scorer = LeadScorer().fit(task.leads.iloc[task.train], task.won[task.train], time=time)
    return np.asarray(scorer.predict_proba(task.leads.iloc[task.test])[:, 1])


def default_lightgbm(task: Task) -> Array:
    """LightGBM with its defaults on native categories."""
    frame = task.leads.copy()
    for column in frame.select_dtypes(exclude="number"):
        seen = sorted(frame[column].take(task.train).dropna().unique())
        frame[column] = pd.Categorical(frame[column], categories=seen)
    frame.columns = pd.Index([f"column_{position}" for position in range(frame.shape[1])])
    model = lightgbm.LGBMClassifier(verbosity=-1, n_jobs=2).fit(frame.iloc[task.train], task.won[task.train])
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


MODELS: dict[str, Model] = {
    "leadml": lead_scorer,
    "LightGBM, defaults": default_lightgbm,
    "logistic regression": logistic_regression,
}
