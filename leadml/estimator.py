"""`LeadScorer`: lead scoring as a scikit-learn estimator over raw frames."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from leadml.errors import ColumnsError, TrainingError
from leadml.predict import Scorer, save_scorer
from leadml.predict.encoding import Floats, Group
from leadml.predict.rules.rulebook import Rulebook
from leadml.rules import Names, load_rulebook, map_rulebook
from leadml.training.choices import Kind
from leadml.training.clock import Progress, silent
from leadml.training.fit import fit_scorer
from leadml.training.frame import read_frame
from leadml.training.rules_weight import RulesPrior

if TYPE_CHECKING:
    from altair.typing import ChartType

_NUMBERS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "base_rate": ("above 0 and below 1", lambda value: 0 < value < 1),
    "points_that_double_odds": ("above 0 and finite", lambda value: 0 < value < np.inf),
    "mql": ("between 0 and 1", lambda value: 0 <= value <= 1),
    "gap": ("0 or more and finite", lambda value: 0 <= value < np.inf),
    "time_limit": ("above 0", lambda value: value > 0),
    "random_state": ("a whole number from 0 up", lambda value: 0 <= value < np.inf and value == int(value)),
}


class LeadScorer(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Calibrated probability that a lead converts, as a sum of tables that can be read.

    Takes a raw DataFrame: numbers, texts, categories, booleans, dates, nullable types, missing values and values never
    seen before. Columns are addressed by name; their order does not matter, extra ones are ignored, absent ones
    count as missing.

    Parameters
    ----------
    rulebook : str, Path, Rulebook or None, default=None
        What sales believe in: a preset's name ("bant"), a TOML file, or a parsed rulebook. It enters the score once, as
        an offset whose weight is measured.
    answers : mapping of str to str, default=None
        For the rulebook: qualification question -> the column that holds its answer, e.g. `{"budget": "Budgt_alloc"}`.
    base_rate : float or None, default=None
        For the rulebook: the share of leads that is won, as you expect it. With it `fit` needs no second outcome: while
        few leads have closed the rules are what scores, and they give way as leads close.
    points_that_double_odds : float or None, default=None
        For the rulebook: how many points double the odds of a win, as you expect it; a fifth of the rulebook's range
        when only `base_rate` is given.
    groups : mapping of str to str, default=None
        Column -> feature group ("fit", "engagement", "intent" or "answer"). Columns of `answers` are answers, every
        other one is fit unless stated.
    labels : mapping of str to str, default=None
        Column -> the words for it in reasons.
    kind : {"glassbox", "linear", "boosted"}, default="glassbox"
        What is served: tables that the blend of all candidates is distilled into, or the linear candidate's tables
        alone, or LightGBM itself. The last needs LightGBM wherever leads are scored, its reasons take hundreds of
        times as long, and it is not always the more accurate: `cost_` compares.
    monotone : mapping of str to {1, -1}, default=None
        Number column -> 1 where more of it never lowers the score, all else the same, or -1 where it never raises it.
        Columns whose points in the rulebook only rise or only fall are held so too, where the rules weigh anything.
    candidates : mapping of str to classifier, default=None
        Further scikit-learn classifiers by a name of yours, e.g. `{"forest": RandomForestClassifier()}`. They see the
        coded columns as numbers, are judged beside leadml's own candidates, and what they are worth is distilled into
        the tables that are served. They are never stored. Rows count by their age where `fit` takes `sample_weight`.
    gap : float, default=0.0
        With `time`: how long an outcome takes to show (the horizon), in days or in the unit of `time`. Validation keeps
        this much distance between what is learned from and what is predicted.
    mql : float or None, default=None
        The MQL cutoff, a probability. Where given, `predict` says who is past it; else who is past 0.5.
    random_state : int, default=0
        Seed. The same data and seed give the same scorer.
    time_limit : float or None, default=None
        About how many seconds `fit` may take. What is cut for it is in `cut_`; what comes out then depends on how fast
        the machine is, too.
    progress : callable or None, default=None
        Told what `fit` is doing, one short phrase each (`print` will do).

    Attributes
    ----------
    scorer_ : Scorer
        The scorer that serves; `scorer_.score(X)` gives grades, stages and reasons.
    classes_ : ndarray of shape (2,)
        Class labels; the second, in sorted order, is conversion.
    signal_ : bool
        Whether anything in the columns is shown to tell who converts. Without, the scorer is the rules, or all
        probabilities are the base rate's.
    candidates_ : DataFrame
        What was compared: name, weight in the blend, and log loss on rows that it was not trained on.
    cost_ : tuple of two floats or None
        With `kind="boosted"`: log loss, on rows judged in validation, of the blend that tables would have been
        distilled from, and of what is served instead.
    cut_ : tuple of str
        What `time_limit` has cut, one phrase each; empty where there was time enough.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where `X` has names.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from leadml import LeadScorer
    >>> rng = np.random.default_rng(0)
    >>> leads = pd.DataFrame({"source": rng.choice(["web", "fair"], 400), "visits": rng.poisson(3, 400)})
    >>> won = rng.random(400) < np.where(leads["source"] == "fair", 0.6, 0.1)
    >>> scorer = LeadScorer().fit(leads, won)
    >>> bool(scorer.predict_proba(leads.head(1)).sum() == 1)
    True
    """

    def __init__(
        self,
        rulebook: str | Path | Rulebook | None = None,
        *,
        answers: Mapping[str, str] | None = None,
        base_rate: float | None = None,
        points_that_double_odds: float | None = None,
        groups: Mapping[str, Group] | None = None,
        labels: Mapping[str, str] | None = None,
        kind: Kind = "glassbox",
        monotone: Mapping[str, int] | None = None,
        candidates: Mapping[str, Any] | None = None,
        gap: float = 0.0,
        mql: float | None = None,
        random_state: int = 0,
        time_limit: float | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.rulebook = rulebook
        self.answers = answers
        self.base_rate = base_rate
        self.points_that_double_odds = points_that_double_odds
        self.groups = groups
        self.labels = labels
        self.kind = kind
        self.monotone = monotone
        self.candidates = candidates
        self.gap = gap
        self.mql = mql
        self.random_state = random_state
        self.time_limit = time_limit
        self.progress = progress

    def fit(self, X: Any, y: Any, time: Any = None, groups: Any = None) -> Self:
        """Learn from closed leads.

        Parameters
        ----------
        X : DataFrame, pyarrow Table or array of shape (n_leads, n_columns)
            Raw columns, as they were known when the lead was to be scored.
        y : array of shape (n_leads,)
            Two classes; the second in sorted order is conversion (1, True, "won"). Missing for leads that are still
            open: these are not learned from. With `rulebook` and `base_rate`, one class (0 or 1) or none will do.
        time : array of shape (n_leads,), default=None
            When each row was observed: datetimes, or numbers that sort in time. Validation then runs forward in time.
        groups : array of shape (n_leads,), default=None
            Account of each lead. Leads of one account are kept together in validation.

        Raises
        ------
        TrainingError
            Only one class (and no `base_rate` to score by the rules at), too few rows to learn anything from, or a
            parameter that cannot be.
        ColumnsError
            A column that cannot be read.
        """
        self._check_parameters()
        rows = self._rows(X, reset=True)
        label = self._label(y, len(rows))
        answers = dict(self.answers or {})
        _check_answers(answers, _names(rows))
        of_group: dict[str, Group] = dict.fromkeys(answers.values(), "answer")
        table, columns = read_frame(
            rows, _names(rows), groups=of_group | dict(self.groups or {}), labels=self.labels or {}
        )
        rulebook = self._resolved_rulebook(answers, table.column_names)
        fitted = fit_scorer(
            table,
            columns,
            label,
            order=None if time is None else sortable(time),
            groups=None if groups is None else np.unique(np.asarray(groups).astype(str), return_inverse=True)[1],
            gap=float(self.gap),
            rulebook=rulebook,
            prior=RulesPrior.stated(rulebook, self.base_rate, self.points_that_double_odds),
            kind=self.kind,
            monotone=self.monotone,
            extra_candidates=self.candidates,
            seed=int(self.random_state),
            time_limit=self.time_limit,
            progress=self.progress or silent,
        )
        policy = replace(fitted.scorer.policy, mql=self.mql)
        self.scorer_: Scorer = replace(fitted.scorer, policy=policy)
        self.signal_: bool = fitted.signal
        self.candidates_ = pd.DataFrame(fitted.candidates, columns=["name", "weight", "log_loss"])
        self.cost_ = fitted.cost
        self.cut_: tuple[str, ...] = fitted.cut
        self._say_who_stayed_out()
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Probability of each class; shape (n_leads, 2), the second column is conversion."""
        rows = self._rows(X)
        chance = self.scorer_.probability(rows)
        return np.column_stack([1 - chance, chance])

    def decision_function(self, X: Any) -> Floats:
        """Log-odds of conversion; shape (n_leads,)."""
        rows = self._rows(X)
        return self.scorer_.log_odds(rows)

    def predict(self, X: Any) -> Any:
        """Class of each lead: conversion from the MQL cutoff up, or from 0.5 where no cutoff was given."""
        past = self.predict_proba(X)[:, 1] >= (0.5 if self.mql is None else self.mql)
        return self.classes_[past.astype(int)]

    def explain(self, X: Any) -> pd.DataFrame | pa.Table:
        """Every term of each lead's log-odds: "intercept" and one column per term; a row's sum is its log-odds.

        Returns the kind of table that came in (a DataFrame for arrays), one row per lead.
        """
        rows = self._rows(X)
        terms = self.scorer_.contributions(rows)
        if isinstance(X, pa.Table):
            return terms
        return pd.DataFrame(terms.to_pandas().to_numpy(), columns=terms.column_names, index=getattr(X, "index", None))

    def plot_lead(self, X: Any, *, most: int = 10) -> ChartType:
        """Draw one lead's score as a way from a lead like any other to its own probability: an altair chart.

        Parameters
        ----------
        X : DataFrame or pyarrow Table of one row
            The lead, e.g. `X.iloc[[0]]`.
        most : int, default=10
            How many of the strongest reasons are steps of their own; the others are one step together.

        Raises
        ------
        ColumnsError
            There is not one row, or it has the columns of another scorer.
        """
        from leadml.charts import waterfall  # only whoever draws waits for altair

        reasons = self.scorer_.reasons(self._rows(X))
        return waterfall(self.scorer_.intercept, [(one.reason, one.log_odds) for one in reasons], most)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the scorer to a bundle file, for `leadml.predict.load_scorer`; returns the file's SHA-256."""
        check_is_fitted(self)
        self.scorer_ = save_scorer(self.scorer_, path)
        return str(self.scorer_.digest)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = tags.input_tags.categorical = tags.input_tags.string = True
        return tags

    def _rows(self, X: Any, *, reset: bool = False) -> Any:
        """`X` with named columns: frames as they are, arrays with their positions as names."""
        if not reset:
            check_is_fitted(self)
        if isinstance(X, pa.Table) or hasattr(X, "iloc"):
            if reset:
                self.feature_names_in_ = np.array(_names(X), dtype=object)
                self.n_features_in_ = len(self.feature_names_in_)
                if not len(X) or not self.n_features_in_:
                    raise ValueError(
                        f"X has {len(X)} rows and {self.n_features_in_} columns; at least one of each is needed."
                    )
            return X
        array = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite="allow-nan")
        return pd.DataFrame(array, columns=[f"x{position}" for position in range(array.shape[1])]).infer_objects()

    def _check_parameters(self) -> None:
        """Refuse what is stated and cannot be, before anything is read."""
        for name, (wanted, right) in _NUMBERS.items():
            value = getattr(self, name)
            optional = name not in ("gap", "random_state")
            if not (optional if value is None else isinstance(value, Real) and right(value)):
                raise TrainingError(
                    f"`{name}` must be {wanted}{' or None' if optional else ''}, got {value!r} instead."
                )
        for name in ("answers", "groups", "labels", "monotone", "candidates"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, Mapping):
                raise TrainingError(f"`{name}` must be a mapping or None, got {value!r} instead.")
        if self.rulebook is None and not (self.base_rate is None and self.points_that_double_odds is None):
            raise TrainingError(
                "`base_rate` and `points_that_double_odds` are said of rules, and there are none. "
                "Name a rulebook, or leave them out."
            )

    def _label(self, y: Any, count: int) -> Floats:
        """1 for conversion, 0 for none, NaN for not yet known; sets `classes_`."""
        y = column_or_1d(y, warn=True)
        if len(y) != count:
            raise ValueError(f"X has {count} rows, but y has {len(y)}.")
        known = ~pd.isna(y)
        label = np.full(count, np.nan)
        self.classes_ = self._classes(y[known])
        label[known] = y[known] == self.classes_[1]
        return label

    def _classes(self, y: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The two classes of known outcomes, conversion last."""
        y = y if y.dtype != object or not len(y) else np.array(y.tolist())
        if len(y):
            check_classification_targets(y)
        classes = np.unique(y)
        if len(classes) > 2:
            raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
        if len(classes) == 2:
            return classes
        if self.rulebook is not None and self.base_rate is not None and np.isin(classes, (0, 1)).all():
            return np.array([0, 1])
        seen = f"has only one class ('{classes[0]}')" if len(classes) else "has no known outcome"
        raise TrainingError(
            f"y {seen}. Bring leads of both outcomes; or, with y of 1 and 0, give a rulebook and the base_rate to "
            "score at until then."
        )

    def _say_who_stayed_out(self) -> None:
        out = [name for name in self.candidates or {} if name not in set(self.candidates_["name"])]
        if out:
            warnings.warn(
                f"Too few leads of one outcome for trees, and for the candidates {', '.join(out)}: they did not join.",
                stacklevel=3,
            )

    def _resolved_rulebook(self, answers: Mapping[str, str], columns: list[str]) -> Rulebook | None:
        if self.rulebook is None:
            return None
        rulebook = self.rulebook if isinstance(self.rulebook, Rulebook) else load_rulebook(self.rulebook)
        advice = "Say which column answers each question: LeadScorer(rulebook=..., answers={'budget': 'COLUMN'})."
        mapped, unmapped = map_rulebook(rulebook, Names(columns, answers, account=columns), advice=advice)
        if unmapped:
            what = ", ".join(unmapped)
            warnings.warn(f"Of the rulebook these have no column and do not count: {what}.", stacklevel=3)
        return mapped


def sortable(time: Any) -> Floats:
    """Moments as numbers that sort in time: datetimes as days since 1970, numbers as they are; shape (n_leads,).

    Raises:
        TrainingError: texts that are no dates.
    """
    series = pd.Series(np.asarray(time))
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        return np.asarray(series, dtype=np.float64)
    try:
        moments = pd.to_datetime(series, utc=True)
    except (ValueError, TypeError) as error:
        raise TrainingError(f"`time` holds what is neither a date nor a number: {error}") from error
    return np.asarray((moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1), dtype=np.float64)


def _check_answers(answers: Mapping[str, str], names: list[str]) -> None:
    absent = [f"{question!r} -> {column!r}" for question, column in answers.items() if column not in names]
    if absent:
        raise ColumnsError(f"`answers` names columns that X does not have: {', '.join(absent)}.")


def _names(rows: Any) -> list[str]:
    return list(map(str, rows.column_names if isinstance(rows, pa.Table) else rows.columns))
