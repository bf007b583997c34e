"""What the scorer has to beat: logistic regression on the same columns, the rules alone, and the base rate."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from leadml.predict.encoding import Column, Floats
from leadml.predict.rules.rulebook import Rulebook

_FEWEST_ROWS_PER_LEVEL = 10


def logistic_regression(train: pa.Table, label: Floats, test: pa.Table, columns: Sequence[Column]) -> Floats:
    """Probabilities of a plain logistic regression for the test rows; shape (test rows,).

    Numbers are standardised, with the median and an indicator where missing; categories are one-hot, rare levels
    pooled; the penalty is scikit-learn's default. Times are left out.
    """
    numbers = [
        column.name for column in columns if column.kind == "number" and train[column.name].null_count < len(label)
    ]
    categories = [column.name for column in columns if column.kind == "category"]
    known = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    levels = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=_FEWEST_ROWS_PER_LEVEL)
    model = make_pipeline(
        ColumnTransformer([("numbers", known, numbers), ("categories", levels, categories)]),
        LogisticRegression(max_iter=300),
    )
    with warnings.catch_warnings():
        # A baseline that has not quite converged after 300 steps is still a fair one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train.select([*numbers, *categories]).to_pandas(), label)
        chance: Floats = model.predict_proba(test.select([*numbers, *categories]).to_pandas())[:, 1]
    return chance


def rules_alone(rulebook: Rulebook, train: pa.Table, label: Floats, test: pa.Table) -> Floats:
    """Probabilities from a rulebook's total points alone, put on the probability scale; shape (test rows,)."""
    model = LogisticRegression(C=np.inf)
    model.fit(rulebook.total(train)[:, None], label)
    chance: Floats = model.predict_proba(rulebook.total(test)[:, None])[:, 1]
    return chance


def base_rate(label: Floats, rows: int) -> Floats:
    """The training part's conversion rate for every row; shape (rows,)."""
    return np.full(rows, (label.sum() + 0.5) / (len(label) + 1))
