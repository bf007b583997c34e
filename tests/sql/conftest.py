"""Scorers with every kind of part, hostile rows for them, and databases that score them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi
import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leadml.predict import Scorer
from leadml.predict.calibration import MonotoneMap
from leadml.predict.policy import Policy
from leadml.predict.rules.conditions import ActivityCount, CountCondition, ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.predict.segments import Segment
from leadml.sql import FeatureTable, scoring_query
from tests.predict.conftest import random_rows, random_scorer

ID = "lead_id"
SPELLINGS = [
    *(
        "WEB",
        "\u3000web\u2003",
        "wEB\n",
        "TRADE SHOW",
        "trade\u00a0show",
        "ÜBER",
        "u\u0308ber",
        "\u1e97",
        "0.0",
        "TRUE",
    ),
    *("Straße", "STRASSE", "ſtraße", "STRAẞE", "İstanbul", "istanbul", "i\u0307stanbul", "ΟΔΟΣ", "οδος", "οδοσ"),
    *(
        "oﬃce",
        "OFFICE",
        "\u212aelvin",
        "KELVIN",
        "1e3",
        "1_000",
        "+7.",
        ".5",
        "1__0",
        "1e",
        "infinity",
        "-INF",
        "nan",
        "x",
    ),
    *("\\", "\\'", "${x}", "%", "a\r\nb", "\ufeff", "\x1f", "0x10", "1e-5", "--", "1.2.3", "9" * 190, "x" * 5000),
]
LEVELS = (
    "straße",
    "istanbul",
    "İSTANBUL",
    "ΟΔΟΣ",
    "Office",
    "kelvin",
    "web",
    "\\'",
    "${x}",
    "a\nb",
    "x" * 5000,
    "1000",
)


def make_hostile(seed: int) -> tuple[Scorer, pa.Table]:
    """A scorer and rows with ids; some have rules of all kinds, a calibration, or segments."""
    rng = np.random.default_rng(seed)
    scorer = random_scorer(seed, int(rng.integers(2, 9)), with_rules=bool(seed % 2))
    features = tuple(
        replace(feature, levels=tuple(rng.permutation(LEVELS)[: len(feature.levels)].tolist()))
        if feature.kind == "category" and rng.random() < 0.6
        else feature
        for feature in scorer.features
    )
    scorer = replace(scorer, features=features, answers=())
    if seed % 3 == 0:
        knots = np.sort(rng.normal(scale=2, size=(2, 4)), axis=1)
        scorer = replace(scorer, calibration=MonotoneMap(*knots))
    if seed % 4 == 1:
        scorer = replace(scorer, rulebook=_rulebook(rng, scorer))
    if rng.random() < 0.6:
        scorer = replace(scorer, policy=_policy(rng, scorer))
    rows = random_rows(scorer, seed, 60)
    for place, column in enumerate(scorer.columns):
        if column.kind == "category":
            said = [str(rng.choice(SPELLINGS)) if rng.random() < 0.6 else old for old in rows[column.name].to_pylist()]
            rows = rows.set_column(place, column.name, pa.array(said, pa.string()))
    return scorer, rows.append_column(ID, pa.array([f"lead {n}" for n in range(rows.num_rows)]))


def make_wide(terms: int, levels: int = 1) -> tuple[Scorer, pa.Table]:
    """A scorer of many equal terms of numbers, and of one category with many levels; and rows for it."""
    rng = np.random.default_rng(terms)
    made = (random_scorer(seed, 1, with_rules=False) for seed in range(99))
    scorer = next(one for one in made if one.columns[0].kind == "number")
    column, feature = scorer.columns[0], replace(scorer.features[0], edges=np.array([0.0]))
    names = [f"n{number}" for number in range(terms)]
    spoken = tuple(f"Level {level}" for level in range(levels))
    category = replace(feature, kind="category", name="k", column="k", edges=np.empty(0), levels=spoken)
    features = (*(replace(feature, name=name, column=name) for name in names), category)
    columns = (*(replace(column, name=name) for name in names), replace(column, name="k", kind="category"))
    tables = replace(scorer.tables, main=tuple(rng.normal(size=one.n_codes) for one in features), pairs=())
    numbers = {name: rng.normal(size=40) for name in names}
    said = [f" LEVEL {level} " if level else None for level in rng.integers(0, levels + 9, 40)]
    rows = pa.table({**numbers, "k": pa.array(said, pa.string()), ID: [f"lead {n}" for n in range(40)]})
    return replace(scorer, columns=columns, features=features, tables=tables, answers=()), rows


def _policy(rng: np.random.Generator, scorer: Scorer) -> Policy:
    column = str(rng.choice([column.name for column in scorer.columns if column.kind != "time"] or [""]))
    if not column:
        return scorer.policy
    cuts = [sorted(rng.random(2).tolist()) for _ in range(2)]
    segments = (
        Segment("first's", column, ("Web", "STRASSE", "1", "0.5"), *cuts[0]),
        Segment("second", column, ("over", "ΟΔΟΣ", "-2"), None, None),
        Segment("third", column, ("kelvin", "a\r\nb"), cuts[1][0], None),
    )
    return replace(scorer.policy, segments=segments)


def _rulebook(rng: np.random.Generator, scorer: Scorer) -> Rulebook | None:
    columns = [column.name for column in scorer.columns if column.kind == "category"]
    numbers = [column.name for column in scorer.columns if column.kind == "number"]
    moments = [column.name for column in scorer.columns if column.kind == "time"]
    if not columns or not numbers:
        return None
    text, number = str(rng.choice(columns)), str(rng.choice(numbers))

    def asked(column: str, **how: Any) -> ValueCondition:
        return ValueCondition("attribute", column, column=column, **how)

    count = _Count((number,))
    conditions = [
        asked(text, one_of=("WEB", "straße", "1000", "")),
        asked(text, none_of=("office", "-")),
        asked(text, at_least=-1.0, at_most=1e3),
        asked(text, at_least=5.0),
        asked(text, known=False),
        asked(number, one_of=("1", "1.0", "-2", "some")),
        asked(number, none_of=("0.5",)),
        asked(number, at_least=-1.5, at_most=1.0),
        asked(number, known=True),
        CountCondition(count, 1.0),
        CountCondition(count, None, 0.5),
        *(asked(name, known=bool(rng.integers(2))) for name in moments),
    ]

    def when() -> tuple[Any, ...]:
        return tuple(conditions[place] for place in rng.choice(len(conditions), size=rng.integers(1, 3)))

    def rules() -> tuple[Rule, ...]:
        made = [Rule(f"rule {n} '{{x}}'", float(rng.normal(scale=9)), when()) for n in range(4)]
        made.append(Rule("each", float(rng.integers(-3, 4)), each=count, most_points=float(rng.integers(1, 9))))
        return tuple(made)

    return Rulebook(
        name="Hostile",
        about="",
        unanswered=("-", "1", "x"),
        dimensions=(
            Dimension("Tier", rules(), missing=-1.0, otherwise=2.0, only=when()),
            Dimension('First\'s "of" them', rules(), column=text, missing=-3.0),
            Dimension("All", rules(), counts="all", only=when(), group="fit"),
            Dimension("All, but bounded", rules(), counts="all", most_points=5.0, least_points=-4.0),
        ),
        gates=(
            Gate("must, have", when(), stops="MQL"),
            Gate("not have", when(), must_have=False, stops="SQL", only=when()),
            Gate("it's", when(), stops="SQL", only=when()),
        ),
    )


class _Count(ActivityCount):
    """A count that stands in a column of any name."""

    @property
    def column(self) -> str:
        return self.types[0]


def expected(scorer: Scorer, rows: pa.Table, reasons: int = 3) -> dict[str, dict[str, Any]]:
    """Score rows of Python under the names that the query gives them, by lead id."""
    found = {}
    for row in scorer.score(rows, id_column=ID, reasons=reasons).to_pylist():
        said = {name: value for name, value in row.items() if not isinstance(value, list | dict)}
        said["stopped_by"] = ", ".join(row["stopped_by"]) or None
        said |= {f"points: {name}": points for name, points in (row.get("points") or {}).items()}
        for way in ("for", "against"):
            for place in range(reasons):
                reason = dict(enumerate(row[f"reasons_{way}"])).get(place) or {"reason": None, "log_odds": None}
                said[f"reason_{way}_{place + 1}"] = reason["reason"]
                said[f"log_odds_{way}_{place + 1}"] = reason["log_odds"]
        left_out = ("next_question", "next_question_value", "as_of", "points")
        found[row[ID]] = {name: value for name, value in said.items() if name not in left_out}
        found[row[ID]]["bundle"] = scorer.digest or ""
    return found


def assert_equal(wanted: dict[str, dict[str, Any]], got: list[dict[str, Any]]) -> None:
    """Numbers to 1e-9, and all else exactly."""
    assert sorted(wanted) == sorted(row[ID] for row in got)
    for row in got:
        numbers = {name for name, value in wanted[row[ID]].items() if isinstance(value, float)}
        exact = {name: value for name, value in row.items() if name not in numbers}
        assert exact == {name: value for name, value in wanted[row[ID]].items() if name not in numbers}
        for name in numbers:
            assert row[name] == pytest.approx(wanted[row[ID]][name], rel=0, abs=1e-9), (row[ID], name)


def in_sqlite(scorer: Scorer, rows: pa.Table, **how: Any) -> list[dict[str, Any]]:
    """What SQLite makes of a scorer's query."""
    types = {pa.float64(): "REAL", pa.string(): "TEXT", pa.timestamp("us"): "TEXT"}
    columns = ", ".join(f"{_quoted(field.name)} {types[field.type]}" for field in rows.schema)
    texts = [
        [None if value is None else str(value) for value in column.to_pylist()]
        if pa.types.is_timestamp(column.type)
        else column.to_pylist()
        for column in rows.columns
    ]
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE lead_features ({columns})")
        database.executemany(
            f"INSERT INTO lead_features VALUES ({', '.join('?' * rows.num_columns)})", zip(*texts, strict=True)
        )
        scored = database.execute(scoring_query(scorer, "sqlite", FeatureTable("lead_features"), **how))
        names = [column[0] for column in scored.description]
        found = [dict(zip(names, row, strict=True)) for row in scored]
    database.close()
    return found


def in_duckdb(scorer: Scorer, rows: pa.Table, **how: Any) -> list[dict[str, Any]]:
    """What DuckDB makes of a scorer's query."""
    with duckdb.connect(config={"threads": 1}) as database:
        database.register("lead_features", rows)
        query = scoring_query(scorer, "duckdb", FeatureTable("lead_features"), **how)
        return database.sql(query.rstrip().rstrip(";")).to_arrow_table().to_pylist()


def in_postgres(url: str, scorer: Scorer, rows: pa.Table, **how: Any) -> list[dict[str, Any]]:
    """What PostgreSQL makes of a scorer's query."""
    with adbc_driver_postgresql.dbapi.connect(url) as database, database.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS lead_features")
        cursor.adbc_ingest("lead_features", rows, mode="create")
        cursor.execute(scoring_query(scorer, "postgres", FeatureTable("lead_features"), **how).rstrip().rstrip(";"))
        found: pa.Table = cursor.fetch_arrow_table()
        database.commit()
        return found.to_pylist()


def in_spark(session: Any, folder: Path, scorer: Scorer, rows: pa.Table, **how: Any) -> list[dict[str, Any]]:
    """What Spark makes of a scorer's query over a Parquet file, whose moments are without a time zone."""
    path = str(folder / "lead_features.parquet")
    pq.write_table(rows, path, row_group_size=10_000)
    session.read.parquet(path).repartition(2).createOrReplaceTempView("lead_features")
    query = scoring_query(scorer, "spark", FeatureTable("lead_features"), **how)
    scored: pa.Table = session.sql(query.rstrip().rstrip(";")).toArrow()
    return scored.to_pylist()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
