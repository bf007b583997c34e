"""How long rules take: a million leads and sixty rules, beside reading the same leads from Parquet.

    python -m benchmarks.rules [--rows N] [--repeats N]

Both are timed in one process, in turn, the best of the repeats each; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from leadml.predict.rules.conditions import ActivityCount
from leadml.predict.rules.rulebook import Rulebook
from leadml.predict.rules.rulebook_text import parse_rulebook
from leadml.rules import Names, map_rulebook

_CATEGORIES, _NUMBERS, _TYPES = 12, 4, 6
_LEVELS = (4, 8, 20, 50, 200, 1000)


def make_leads(count: int, seed: int = 0) -> pa.Table:
    """Leads as they come: texts of few to many levels, numbers, and what was counted of their activities."""
    draw = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for place in range(_CATEGORIES):
        levels = _LEVELS[place % len(_LEVELS)]
        words = pa.array([f"Level {level} of {place}" for level in range(levels)])
        chosen = pa.array(draw.integers(0, levels, count), mask=draw.random(count) < 0.1)
        columns[f"category {place}"] = words.take(chosen)
    for place in range(_NUMBERS):
        columns[f"number {place}"] = pa.array(np.exp(draw.normal(3, 1, count)), mask=draw.random(count) < 0.1)
    for kind in range(_TYPES):
        columns[ActivityCount((f"type {kind}",), half_life_days=30).column] = draw.poisson(0.5, count).astype(float)
    return pa.table(columns)


def make_rulebook() -> Rulebook:
    """Sixty rules: twelve questions of three rules, four ranges of three, and six types of activity of two."""
    answers = [
        {
            "name": f"Question {place}",
            "answer": f"category {place}",
            "question": "?",
            "rule": [
                {"label": f"rule {rule}", "points": 10 - 3 * rule, "one_of": [f"level {rule} of {place}"]}
                for rule in range(3)
            ],
        }
        for place in range(_CATEGORIES)
    ]
    ranges = [
        {
            "name": f"Size {place}",
            "rule": [
                {"label": f"from {low}", "points": low, "attribute": f"number {place}", "at_least": low}
                for low in (50, 20, 5)
            ],
        }
        for place in range(_NUMBERS)
    ]
    counts = {"activity": "type 0", "half_life_days": 30}
    activities: list[dict[str, Any]] = []
    for kind in range(_TYPES):
        counts = {"activity": f"type {kind}", "half_life_days": 30, "each": True}
        activities.append({"label": f"each of type {kind}", "points": 2, "most_points": 10, **counts})
        also = [{"attribute": "number 0", "at_least": 10}]
        activities.append({"label": f"large, type {kind}", "points": 1, "most_points": 5, **counts, "and": also})
    engagement = {"name": "Engagement", "counts": "all", "group": "engagement", "most_points": 40, "rule": activities}
    book = parse_rulebook({"name": "Sixty rules", "dimension": [*answers, *ranges, engagement]}, "benchmark")
    names = Names(
        columns=[*(f"category {i}" for i in range(_CATEGORIES)), *(f"number {i}" for i in range(_NUMBERS))],
        activities=[f"type {kind}" for kind in range(_TYPES)],
    )
    mapped, _ = map_rulebook(book, names, advice="")
    return mapped


def best_of(repeats: int, work: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    book = make_rulebook()
    rules = sum(len(dimension.rules) for dimension in book.dimensions)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "leads.parquet"
        pq.write_table(make_leads(given.rows), path)
        table = pq.read_table(path)
        reading = best_of(given.repeats, lambda: pq.read_table(path))
        ruling = best_of(given.repeats, lambda: book.total(table))
    print("| leads | rules | reading, seconds | rules, seconds | ratio |")
    print("|---:|---:|---:|---:|---:|")
    print(f"| {given.rows:,} | {rules} | {reading:.2f} | {ruling:.2f} | {ruling / reading:.2f} |")


if __name__ == "__main__":
    main()
