"""How fast leads are scored: a cold process, and a large table, each against a yardstick on the same machine.

    python -m benchmarks.serving [--rows N] [--runs N]

A cold process starts, loads a bundle and scores one lead with reasons; its yardstick only imports numpy and pyarrow,
and they take turns so that a busy machine slows all alike. It is measured as in a base installation, and as it runs
here: left to itself, pyarrow imports pandas where it finds it. The large table is scored with grades, stages, points
and reasons; its yardstick is LightGBM (300 trees of 31 leaves) predicting a bare probability on a matrix that lies
ready.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa

from leadml.predict import Scorer, save_scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import Pair, ScoreTables
from leadml.rules import Names, load_rulebook, map_rulebook

_NUMBERS, _CATEGORIES, _TIMES = 20, 8, 1
_ANSWERS = ("budget", "authority", "need", "timeline")
_SAYS = ("approved", "planned", "no", "high", "this year", "unknown", None)
_BARE = "import numpy, pyarrow"
_COLD = """
import sys
class NoPandas:
    def find_spec(name, path=None, target=None):
        if name == "pandas":
            raise ImportError(name)
if sys.argv[2] == "base":
    sys.meta_path.insert(0, NoPandas)
from leadml.predict import load_scorer
scored = load_scorer(sys.argv[1]).score([{f"number {i}": float(i) for i in range(20)}])
assert scored["reasons_for"][0].as_py() or scored["reasons_against"][0].as_py()
"""


def make_scorer(rng: np.random.Generator) -> Scorer:
    """A scorer of the usual size: 33 columns, 38 tables, of which 5 are pairs, and BANT."""
    numbers = [
        Feature(f"number {i}", f"number {i}", "number", "engagement", f"Number {i}", np.sort(rng.normal(size=30)))
        for i in range(_NUMBERS)
    ]
    names = [*(f"category {i}" for i in range(_CATEGORIES)), *_ANSWERS]
    levels = tuple(f"level {i}" for i in range(20))
    categories = [Feature(name, name, "category", "fit", name.capitalize(), levels=levels) for name in names]
    features = (*numbers, *categories, Feature("month", "time 0", "month", "intent", "Month"))
    rulebook, _ = map_rulebook(load_rulebook("bant"), Names(_ANSWERS), advice="")
    return Scorer(
        columns=tuple(
            Column(f.column, "time" if f.kind == "month" else f.kind, f.group, f.label)  # type: ignore[arg-type]
            for f in features
        ),
        features=features,
        tables=ScoreTables(
            intercept=-2.0,
            main=tuple(rng.normal(scale=0.2, size=feature.n_codes) for feature in features),
            pairs=tuple(_pair(rng, features, 2 * i, 2 * i + 1) for i in range(5)),
            rules_weight=0.02,
        ),
        policy=Policy((0.5, 0.25, 0.12), mql=0.2, sql=0.4, sql_needs_intent=True),
        rulebook=rulebook,
    )


def _pair(rng: np.random.Generator, features: Sequence[Feature], left: int, right: int) -> Pair:
    maps = [(np.arange(features[side].n_codes) // 4).astype(np.uint16) for side in (left, right)]
    shape = (int(maps[0].max()) + 1, int(maps[1].max()) + 1)
    return Pair(left, right, maps[0], maps[1], rng.normal(scale=0.1, size=shape))


def make_rows(rng: np.random.Generator, count: int) -> pa.Table:
    """Raw leads with one value in ten missing and levels that training never saw."""
    columns: dict[str, pa.Array] = {}
    for i in range(_NUMBERS):
        columns[f"number {i}"] = pa.array(rng.normal(size=count), mask=rng.random(count) < 0.1)
    levels = pa.array([*(f"Level {i}" for i in range(25)), None])
    for i in range(_CATEGORIES):
        columns[f"category {i}"] = levels.take(pa.array(rng.integers(0, len(levels), count)))
    for name in _ANSWERS:
        columns[name] = pa.array(_SAYS).take(pa.array(rng.integers(0, len(_SAYS), count)))
    columns["time 0"] = pa.array(rng.integers(1_600_000_000, 1_700_000_000, count) * 1_000_000, pa.timestamp("us"))
    return pa.table(columns)


def cold_start(bundle: Path, runs: int) -> tuple[float, float, float]:
    """Median seconds of a cold process in a base installation, of one here, and of one that only imports."""
    commands = ([_COLD, str(bundle), "base"], [_COLD, str(bundle), "here"], [_BARE])
    turns = [[_seconds(partial(_start, command)) for command in commands] for _ in range(runs + 1)]
    base, here, bare = zip(*turns[1:], strict=True)  # the first turn fills the disk cache
    return statistics.median(base), statistics.median(here), statistics.median(bare)


def large_table(scorer: Scorer, rows: pa.Table, runs: int, rng: np.random.Generator) -> tuple[float, float]:
    """Median seconds of scoring `rows` with reasons, and of LightGBM's bare prediction on a matrix of the same size."""
    matrix = rng.normal(size=rows.shape)
    label = (matrix[:20_000, :5].sum(axis=1) + rng.normal(size=len(matrix[:20_000])) > 0).astype(float)
    data = lightgbm.Dataset(matrix[:20_000], label, params={"verbose": -1})
    booster = lightgbm.train({"objective": "binary", "num_leaves": 31, "verbose": -1, "num_threads": 2}, data, 300)
    seconds = [(_seconds(lambda: scorer.score(rows)), _seconds(lambda: booster.predict(matrix))) for _ in range(runs)]
    return statistics.median(ours for ours, _ in seconds), statistics.median(theirs for _, theirs in seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000, help="leads in the large table (default 200,000)")
    parser.add_argument("--runs", type=int, default=5, help="turns to take the median of (default 5)")
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    scorer, rows = make_scorer(rng), make_rows(rng, given.rows)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "speed.leadml"
        save_scorer(scorer, bundle)
        base, here, bare = cold_start(bundle, given.runs)
    large = large_table(scorer, rows, given.runs, rng)
    print("| what | leadml | yardstick | ratio |\n|---|---|---|---|")
    what = "a cold process scores one lead with reasons"
    print(_line(f"{what}, base installation, against importing numpy and pyarrow", base, bare))
    print(_line(f"{what}, everything installed, against the same", here, bare))
    what = f"{rows.num_rows:,} leads x {rows.num_columns} columns with reasons, against LightGBM's bare predict"
    print(_line(what, *large))


def _start(command: Sequence[str]) -> None:
    subprocess.run([sys.executable, "-c", *command], check=True)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _line(what: str, ours: float, yardstick: float) -> str:
    return f"| {what} | {ours:.2f} s | {yardstick:.2f} s | {ours / yardstick:.2f} |"


if __name__ == "__main__":
    main()
