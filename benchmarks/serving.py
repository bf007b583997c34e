"""How fast leads are scored: a cold process, and a large table, each against yardsticks on the same machine.

    python -m benchmarks.serving [--rows N] [--runs N] [--threads N] [--mlflow-python PYTHON]

A cold process starts, loads a bundle and scores one lead with reasons; its yardstick only imports numpy and pyarrow,
and they take turns so that a busy machine slows all alike. It is measured as in a base installation, and as it runs
here: left to itself, pyarrow imports pandas where it finds it.

The large table (1M leads x 33 raw Arrow columns) is scored with grades, stages, points, questions and the three
strongest reasons each way as text. Its yardstick is LightGBM (300 trees of 31 leaves, as many threads) predicting a
bare probability on a matrix that lies ready; the two take turns. What takes far longer is measured on the first rows
and scaled to all of them, as its time grows by the row: LightGBM with the reasons (`pred_contrib`), a scikit-learn
pipeline and an explainable boosting machine of InterpretML on the raw columns, and the pipeline behind mlflow.pyfunc,
in an environment of its own.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import lightgbm
import numpy as np
import pyarrow as pa

from benchmarks.made_up import make_rows, make_scorer, ready_matrix, won
from benchmarks.pipelines import explainable_boosting, mlflow_pipeline, pipeline
from benchmarks.tasks import Array
from leadml.predict import save_scorer

_TRAIN = 20_000
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
scored = load_scorer(sys.argv[1]).score([{f"number_{i}": float(i) for i in range(18)}])
assert scored["reasons_for"][0].as_py() or scored["reasons_against"][0].as_py()
"""


@dataclass(frozen=True)
class Side:
    """One way to score the large table: seconds for all of it, and the rows that were measured."""

    name: str
    seconds: float
    measured: int


def cold_start(bundle: Path, runs: int) -> tuple[float, float, float]:
    """Median seconds of a cold process in a base installation, of one here, and of one that only imports."""
    commands = ([_COLD, str(bundle), "base"], [_COLD, str(bundle), "here"], [_BARE])
    turns = [[_seconds(partial(_start, command)) for command in commands] for _ in range(runs + 1)]
    base, here, bare = zip(*turns[1:], strict=True)  # the first turn fills the disk cache
    return statistics.median(base), statistics.median(here), statistics.median(bare)


def large_table(
    rng: np.random.Generator, rows: pa.Table, bundle: Path, *, runs: int, threads: int, mlflow: Path | None
) -> Iterator[Side]:
    """Every side that there is, the yardstick (LightGBM's bare prediction) first and leadml second."""
    count, train = rows.num_rows, min(_TRAIN, rows.num_rows)
    matrix, label = ready_matrix(rows), won(rng, rows.slice(0, train))
    pa.set_cpu_count(threads)
    scorer = save_scorer(make_scorer(rng, rows), bundle)
    data = lightgbm.Dataset(matrix[:train], label, params={"verbose": -1})
    settings = {"objective": "binary", "num_leaves": 31, "verbose": -1, "num_threads": threads}
    booster = lightgbm.train(settings, data, 300)
    turns = [(_seconds(lambda: booster.predict(matrix)), _seconds(lambda: scorer.score(rows))) for _ in range(runs)]
    bare, ours = zip(*turns, strict=True)
    yield Side("LightGBM's bare predict on a ready matrix", statistics.median(bare), count)
    yield Side("leadml, raw columns, with reasons", statistics.median(ours), count)
    explain = partial(booster.predict, pred_contrib=True)
    yield _scaled("LightGBM with pred_contrib on a ready matrix", explain, matrix, 2_000)
    frame = rows.to_pandas()
    model = pipeline(frame.iloc[:train], label, threads)
    yield _scaled("scikit-learn: encoders and LightGBM, raw columns", model.predict_proba, frame, 200_000)
    if mlflow is not None:
        share = min(200_000, count)
        seconds = mlflow_pipeline(mlflow, rows.slice(0, train), label, rows.slice(0, share), threads)
        yield Side("the same behind mlflow.pyfunc", seconds * count / share, share)
    if (boosting := explainable_boosting(frame.iloc[:train], label, threads)) is not None:
        yield _scaled("InterpretML EBM, raw columns", boosting.predict_proba, frame, 100_000)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="leads in the large table (default 1,000,000)")
    parser.add_argument("--runs", type=int, default=5, help="turns to take the median of (default 5)")
    parser.add_argument("--threads", type=int, default=pa.cpu_count(), help="threads of each side (default: all)")
    parser.add_argument("--mlflow-python", type=Path, help="Python of an environment with mlflow and lightgbm")
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "speed.leadml"
        rows = make_rows(rng, given.rows)
        sides = large_table(rng, rows, bundle, runs=given.runs, threads=given.threads, mlflow=given.mlflow_python)
        bare, ours, *others = list(sides)
        base, here, imports = cold_start(bundle, given.runs)
    print("| a cold process scores one lead with reasons | leadml | importing numpy and pyarrow | ratio |")
    print("|---|---:|---:|---:|")
    print(f"| base installation | {base:.2f} s | {imports:.2f} s | {base / imports:.2f} |")
    print(f"| everything installed | {here:.2f} s | {imports:.2f} s | {here / imports:.2f} |")
    print(f"\n| {given.rows:,} leads x {rows.num_columns} columns, {given.threads} threads | seconds |", end="")
    print(" LightGBM's predict = 1 | leadml = 1 | rows measured |\n|---|---:|---:|---:|---:|")
    for side in (ours, bare, *others):
        ratios = f"{side.seconds / bare.seconds:.2f} | {side.seconds / ours.seconds:.1f}"
        print(f"| {side.name} | {side.seconds:.1f} | {ratios} | {side.measured:,} |")


def _scaled(name: str, work: Callable[[Array], object], rows: Array, most: int) -> Side:
    """The time of work on the first rows, scaled to all of them."""
    share = min(most, len(rows))
    part = rows[:share]
    return Side(name, _seconds(lambda: work(part)) * len(rows) / share, share)


def _start(command: Sequence[str]) -> None:
    subprocess.run([sys.executable, "-c", *command], check=True)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
