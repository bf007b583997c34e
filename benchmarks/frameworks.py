"""What the points of each shipped rulebook are worth on the demo company, without any model.

    python -m benchmarks.frameworks [--leads 2000] [--seed 0]

Prints Markdown: every framework, how much of it the demo's columns can fill, and how well its points alone rank the
newest fifth of the snapshots (the part that judges a model in training too): the area under the ROC curve, and how many
times more wins than average are among the fifth with most points. Intervals are 95 %, from a bootstrap over accounts.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from benchmarks.tasks import Array
from leadml.config import load_settings
from leadml.demo import write_company
from leadml.features import Snapshots
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.predict.rules.rulebook import Rulebook
from leadml.rules import by_segment, load_rulebook, map_rulebook
from leadml.training.evaluation import Interval, evaluate
from leadml.training.examination import NEWEST, rule_names
from leadml.training.history import known_snapshots
from leadml.training.split import split_newest

_TOP = 0.2


@dataclass(frozen=True)
class Framework:
    """A way to qualify leads, the presets that hold it, and which leads it is for (None: all)."""

    name: str
    presets: tuple[str, ...]
    direction: str | None = None

    def rulebook(self) -> Rulebook:
        """Its rulebook; several presets are segments by direction."""
        books = [load_rulebook(preset) for preset in self.presets]
        if len(books) == 1:
            return books[0]
        ways = ("inbound", "outbound")
        return by_segment([(way, "direction", (way,), book) for way, book in zip(ways, books, strict=True)])


FRAMEWORKS = (
    Framework("BANT", ("bant",)),
    Framework("CHAMP", ("champ",)),
    Framework("GPCTBA/C&I", ("gpctba_ci",)),
    Framework("P-MAP", ("p_map",), "inbound"),
    Framework("E-MAP", ("e_map",), "outbound"),
    Framework("P-MAP and E-MAP", ("p_map", "e_map")),
    Framework("Points", ("engagement_points",)),
    Framework("ICP / target market", ("icp",)),
    Framework("Personas", ("persona",)),
)


@dataclass(frozen=True)
class Worth:
    """What a framework's points are worth on `rows` snapshots: figures as (value, low, high).

    `mapped` of the `dimensions` have a column in the demo; `unmapped` says what has none.
    """

    framework: Framework
    dimensions: tuple[str, ...]
    mapped: int
    unmapped: tuple[str, ...]
    rows: int
    auc: Interval
    lift: Interval


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.frameworks", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--leads", type=int, default=2_000, help="size of the demo company (2000)")
    parser.add_argument("--seed", type=int, default=0, help="of the demo company (0)")
    asked = parser.parse_args(arguments)
    for line in report(measure(asked.leads, asked.seed)):
        print(line)
    return 0


def measure(leads: int, seed: int) -> list[Worth]:
    """Every framework's points on the newest snapshots of a demo company."""
    with tempfile.TemporaryDirectory() as folder:
        database, config = Path(folder, "company.sqlite"), Path(folder, "leadml.toml")
        write_company(database, leads=leads, seed=seed)
        write_settings(propose(f"sqlite:///{database}"), config)
        project = Project(load_settings(config))
        tables, choices = project.read(), project.choices()
    names = rule_names(choices, tables)
    books = [map_rulebook(framework.rulebook(), names, advice="") for framework in FRAMEWORKS]
    counts = tuple(dict.fromkeys(count for book, _ in books for count in book.counts))
    known = known_snapshots(tables, choices, counts)
    gap = known.horizon_days or 0.0
    split = split_newest(known.order, known.account_id, label=known.label, share=NEWEST, gap=gap, seed=choices.seed)
    newest = known.take(split.test)
    return [_worth(one, *book, newest) for one, book in zip(FRAMEWORKS, books, strict=True)]


def report(measured: Sequence[Worth]) -> Iterator[str]:
    """Lines of Markdown: the table, and under it what the demo has no columns for."""
    yield "| framework | dimensions | preset | dimensions mapped | snapshots | AUC | lift in the top 20 % |"
    yield "|---|---|---|---:|---:|---:|---:|"
    for one in measured:
        presets = ", ".join(f"`{preset}`" for preset in one.framework.presets)
        judged = f"{one.rows:,}" + (f" {one.framework.direction}" if one.framework.direction else "")
        mapped = f"{one.mapped} of {len(one.dimensions)}"
        dimensions = "those of both" if len(one.framework.presets) > 1 else ", ".join(one.dimensions)
        cells = (one.framework.name, dimensions, presets, mapped, judged)
        yield f"| {' | '.join(cells)} | {_shown(one.auc)} | {_shown(one.lift)} |"
    yield ""
    for one in measured:
        if one.unmapped and len(one.framework.presets) == 1:
            yield f"- {one.framework.name}: the demo has nothing for {', '.join(one.unmapped)}."


def _worth(framework: Framework, book: Rulebook, unmapped: tuple[str, ...], newest: Snapshots) -> Worth:
    if framework.direction:
        of_segment = pc.equal(pc.utf8_lower(newest.features["direction"]), framework.direction)
        newest = newest.take(np.flatnonzero(of_segment.to_numpy()))
    points: Array = book.total(newest.features)
    figures = evaluate(newest.label, {framework.name: points}, newest.account_id)[framework.name]
    found, low, high = figures["top_20"]
    return Worth(
        framework,
        tuple(dimension.name for dimension in framework.rulebook().dimensions),
        len(book.dimensions),
        unmapped,
        len(newest.lead_id),
        figures["auc"],
        (found / _TOP, low / _TOP, high / _TOP),
    )


def _shown(figure: Interval) -> str:
    value, low, high = figure
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    sys.exit(main())
