"""Random scorers and rows for them, built from nothing that training knows of."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest

from leadml.predict import Scorer
from leadml.predict.asking.answers import assumed_answers, questioned
from leadml.predict.encoding import Column, Feature
from leadml.predict.phrases import PATTERNS, PLAIN, Phrase
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook_text import parse_rulebook
from leadml.predict.tables import Pair, ScoreTables
from leadml.rules import Names, map_rulebook

NAMES = [
    "select",
    "a:b,c[d]",
    "x'); DROP TABLE leads;--",
    "Größe €",
    "lead id",
    "intercept",
    "名前",
    "1",
    "a\nb",
    'q"q',
]
LEVELS = ["web", "Trade Show", "Partner", 'O\'Neill "& Sons"', "über", "x" * 200, "a\nb", "0", "true", "no"]
GROUPS = ["fit", "engagement", "intent", "answer"]
CALENDAR = ["month", "weekday", "hour"]


def _edges(rng, count):
    whole = rng.random() < 0.5
    pool = np.arange(-6, 7) + 0.5 if whole else rng.normal(scale=3, size=13).round(3)
    return np.unique(rng.choice(pool, size=count))


def _feature(rng, name, kind, column):
    edges = _edges(rng, rng.integers(0, 6)) if kind == "number" else np.empty(0)
    levels = tuple(rng.permutation(LEVELS)[: rng.integers(0, 6)].tolist()) if kind == "category" else ()
    phrase = Phrase(str(rng.choice(PATTERNS)), f"Said of {name}", int(rng.integers(1, 99)))
    group, plain = str(rng.choice(GROUPS)), kind != "number" or rng.random() < 0.4
    return Feature(name, column, kind, group, f"Label of {name}", edges, levels, PLAIN if plain else phrase)


def _pair(rng, features):
    left, right = rng.choice(len(features), size=2).tolist()
    maps = [rng.integers(0, 3, features[side].n_codes).astype(np.uint16) for side in (left, right)]
    return Pair(left, right, *maps, rng.normal(size=(3, int(rng.integers(3, 5)))))


def _rulebook(rng, columns):
    usable = [column for column in columns if column.kind != "time"]
    dimensions = [
        {
            "name": f"Dimension {position}",
            "answer": column.name,
            "question": f"What about {column.name!r}?",
            "group": str(rng.choice(GROUPS)),
            "missing": float(rng.integers(-3, 4)),
            "otherwise": float(rng.integers(-3, 4)),
            "rule": [
                {"label": "some words", "points": float(rng.integers(-9, 30)), "one_of": ["WEB", " no ", "1", "-2"]},
                {"label": "a range", "points": float(rng.integers(-9, 30)), "at_least": -1.5, "at_most": 3},
                {"label": "more", "points": float(rng.integers(-9, 30)), "at_least": 1},
            ],
        }
        for position, column in enumerate(usable[:3])
    ]
    content = {"name": "Rules", "unanswered": ["Partner"], "dimension": dimensions}
    names = Names([column.name for column in usable])
    return map_rulebook(parse_rulebook(content, "test"), names, advice="")[0] if dimensions else None


def _policy(rng):
    bounds = sorted(rng.random(3).round(2).tolist(), reverse=True)
    mql, sql = sorted(rng.random(2).tolist())
    return Policy(tuple(bounds), *[(None, None), (mql, None), (mql, sql)][rng.integers(3)], bool(rng.integers(2)))


def random_scorer(seed, n_columns, with_rules):
    rng = np.random.default_rng(seed)
    names = rng.permutation(NAMES)[:n_columns].tolist()
    kinds = rng.choice(["number", "category", "time"], size=n_columns).tolist()
    columns = tuple(Column(n, k, str(rng.choice(GROUPS)), f"Label of {n}") for n, k in zip(names, kinds, strict=True))
    features = []
    for column in columns:
        for kind in CALENDAR if column.kind == "time" else [column.kind]:
            name = f"{column.name} {kind}" if column.kind == "time" else column.name
            features.append(_feature(rng, name, kind, column.name))
    made = Scorer(
        columns=columns,
        features=tuple(features),
        tables=ScoreTables(
            intercept=float(rng.normal()),
            main=tuple(rng.normal(size=feature.n_codes) for feature in features),
            pairs=tuple(_pair(rng, features) for _ in range(rng.integers(0, 4))),
            rules_weight=float(rng.normal(scale=0.1)),
        ),
        policy=_policy(rng),
        rulebook=_rulebook(rng, columns) if with_rules else None,
        facts={"name": "Prüfstück €", "share": 0.1 + 0.2, "none": None, "list": [1, 2.5, "x"]},
    )
    return _answered(rng, made)


def _answered(rng, scorer):
    """The scorer with answers seen: about every second question's, in parts of the log-odds."""
    seen = []
    for column in scorer.columns:
        asked = scorer.rulebook is not None and column.name in questioned(scorer.rulebook)
        answers = assumed_answers(column, scorer.features, scorer.rulebook) if asked else None
        if answers is not None and rng.random() < 0.6:
            bounds = np.unique(rng.normal(size=rng.integers(0, 4)))
            shares = rng.dirichlet(np.ones(len(answers.values)), size=len(bounds) + 1)
            seen.append(replace(answers, bounds=tuple(bounds.tolist()), shares=tuple(map(tuple, shares.tolist()))))
    return replace(scorer, answers=tuple(seen))


def random_rows(scorer, seed, count):
    """Clean rows of the contract, a sixth of the values missing, some levels and moments never seen."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for column in scorer.columns:
        if column.kind == "number":
            values = rng.choice([-np.inf, np.inf, -0.0, 0.5, 1.0, -2.0, *rng.normal(scale=4, size=20)], size=count)
            values = values.tolist()
        elif column.kind == "category":
            values = rng.choice([*LEVELS, " WEB ", "never seen", "", "  ", "3", "-1.5"], size=count).tolist()
        else:
            days = rng.integers(-20_000, 20_000, count)
            values = [datetime(2000, 1, 1) + timedelta(hours=int(day) * 24 + int(day) % 24) for day in days]  # noqa: DTZ001
        values = [None if missing else value for value, missing in zip(values, rng.random(count) < 1 / 6, strict=True)]
        kind = {"number": pa.float64(), "category": pa.string(), "time": pa.timestamp("us")}[column.kind]
        arrays[column.name] = pa.array(values, kind)
    return pa.table(arrays)


@st.composite
def _worlds(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    scorer = random_scorer(seed, draw(st.integers(1, len(NAMES))), draw(st.booleans()))
    return scorer, random_rows(scorer, seed, draw(st.integers(0, 25)))


@pytest.fixture(scope="session")
def worlds():
    """A strategy of (scorer, rows of its contract)."""
    return _worlds()


@pytest.fixture(scope="session")
def scorer():
    """One scorer with every kind of part: all feature kinds, pairs and rules."""
    made = next(
        made
        for made in (random_scorer(seed, len(NAMES), True) for seed in range(100))
        if {f.kind for f in made.features} == {"number", "category", *CALENDAR}
        and len(made.tables.pairs) > 1
        and made.answers
    )
    assert made.rulebook
    return made


@pytest.fixture(scope="session")
def rows_of():
    """(scorer, seed, count) -> rows of its contract."""
    return random_rows
