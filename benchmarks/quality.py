"""How good the probabilities are on lead sets, beside the models one would reach for instead.

    python -m benchmarks.quality DATA_DIR [--splits 10] [--results FILE] [--plot FILE.svg] ...

Prints Markdown: the figures on the split that each data set's description states (`benchmarks/sets/*.toml`), where a
set with several splits shows their mean and the seconds of all of them together; with --splits, the mean over random
80/20 splits too, and leadml's paired difference in log loss to each other model with its 95 % interval. Progress goes
to stderr. What --results holds is not measured again. Exits with 1 where a model failed, with 2 where you can
mend it, with 130 when interrupted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.comparing import differences
from benchmarks.datasets import PUBLIC, DataSet, load_sets
from benchmarks.measuring import Measured, measure
from benchmarks.other_python import OtherPythonError
from benchmarks.peers import LEADML, Peer, peers
from benchmarks.plot import ENDINGS, save_plot
from benchmarks.results import Result, Results
from benchmarks.tables import differences_table, figures_table, versions_line
from benchmarks.tasks import Task, protocol_tasks, random_tasks, read_rows
from leadml.errors import LeadmlError


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        measured = _run(asked)
    except (LeadmlError, OtherPythonError) as fault:
        print(fault, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What --results FILE holds is kept: run the same command again to go on.", file=sys.stderr)
        return 130
    if measured.failures:
        print("\n".join(["These failed, and are missing above:", *measured.failures]), file=sys.stderr)
    return 1 if measured.failures else 0


def report(results: Sequence[Result]) -> Iterator[str]:
    """Lines of Markdown: the stated splits, and the random ones with the paired differences where there are any."""
    stated, drawn = _parted(results)
    if stated:
        yield from figures_table(stated)
    if drawn:
        yield from ("", "Means over random splits:", "", *figures_table(drawn))
    if found := differences(drawn, LEADML):
        yield from ("", "Paired over the same random splits; below zero, leadml is better:", "")
        yield from differences_table(found, LEADML)
    if results:
        yield from ("", versions_line(results))


def _run(asked: argparse.Namespace) -> Measured:
    known = peers(seconds=asked.budget, autogluon_python=asked.autogluon_python)
    sets = load_sets([PUBLIC, *asked.sets])
    chosen = [known[key] for key in _picked(asked.models, known, "--models")]
    if asked.plot is not None:
        _check_plot(asked.plot, asked.splits, {peer.key for peer in chosen})
    again = _picked(asked.again, known, "--again") if asked.again else []
    names = _picked(asked.only, sets, "--only")
    results = Results(asked.results)
    tasks = [task for name in names for task in _tasks(sets[name], asked.data, asked.splits)]
    measured = measure(tasks, chosen, results, again=again, say=_say)
    for line in report(measured.results):
        print(line, flush=True)
    found = differences(_parted(measured.results)[1], LEADML)
    if asked.plot is not None and found:
        save_plot(found, asked.plot)
    return measured


def _check_plot(path: Path, splits: int, models: set[str]) -> None:
    """Refuse now what could not be drawn after a night of work."""
    if path.suffix not in ENDINGS:
        raise LeadmlError(f"{path}: a plot is written as {' or '.join(ENDINGS)}; choose one of these endings")
    if splits < 2 or not models > {LEADML}:
        raise LeadmlError(f"{path}: nothing to draw; give --splits 2 or more, and leadml and a peer among the models")


def _tasks(dataset: DataSet, folder: Path, splits: int) -> Iterator[Task]:
    rows = read_rows(dataset, folder)
    yield from protocol_tasks(dataset, rows)
    yield from random_tasks(dataset, rows, splits)


def _parted(results: Sequence[Result]) -> tuple[list[Result], list[Result]]:
    drawn = [result for result in results if result.split.startswith("random")]
    return [result for result in results if result not in drawn], drawn


def _picked(wanted: Sequence[str], known: dict[str, DataSet] | dict[str, Peer], option: str) -> list[str]:
    """The names asked for, in the order in which they are known; all where none was asked for."""
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise LeadmlError(f"{option}: {', '.join(unknown)} is not among {', '.join(known)}")
    return [name for name in known if name in wanted or not wanted]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder below which the data sets lie")
    parser.add_argument("--sets", type=Path, action="append", default=[], metavar="FOLDER", help="your TOML files too")
    parser.add_argument("--only", nargs="+", default=[], metavar="SET", help="these sets instead of all")
    parser.add_argument("--models", nargs="+", default=[], metavar="MODEL", help="these models instead of all")
    parser.add_argument("--splits", type=int, default=0, metavar="N", help="so many random 80/20 splits besides")
    parser.add_argument("--results", type=Path, metavar="FILE", help="JSON lines, kept and not measured again")
    parser.add_argument("--again", nargs="+", default=[], metavar="MODEL", help="measure these again all the same")
    parser.add_argument("--budget", type=int, default=180, metavar="SECONDS", help="for FLAML and AutoGluon (180)")
    parser.add_argument("--autogluon-python", type=Path, metavar="PYTHON", help="of the environment with AutoGluon")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="differences with intervals, as .svg or .png")
    return parser


if __name__ == "__main__":
    sys.exit(main())
