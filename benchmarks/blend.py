"""What rules add to a model, and a model to rules: BANT points, a model, and the blend of both on the Salvirt deals.

    python -m benchmarks.blend DATA_DIR [--repeats 1] [--draws 6] [--results FILE]

Prints Markdown: cross-validation by whole patterns (rows that repeat another are never on the other side), then what
happens with only 40, 80 and 160 deals to learn from. The points are those of `benchmarks/salvirt_bant.toml`. What
--results holds is not measured again. Exits with 1 where a model failed, with 2 where you can mend it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

import leadml
from benchmarks.comparing import paired_interval
from benchmarks.datasets import PUBLIC, load_set
from benchmarks.figures import LOG_LOSS
from benchmarks.measuring import measure
from benchmarks.peers import Peer, own_version
from benchmarks.results import Result, Results
from benchmarks.tasks import Array, Rows, Task, read_rows
from leadml.errors import LeadmlError
from leadml.predict.rules.rulebook import Rulebook
from leadml.predict.tables import probability
from leadml.rules import Names, load_rulebook, map_rulebook
from leadml.training.folds import grouped_folds
from leadml.training.frame import read_frame
from leadml.training.rules_weight import fit_rules_weight

RULEBOOK = Path(__file__).parent / "salvirt_bant.toml"
ANSWERS = {"budget": "Budgt_alloc", "authority": "Authority", "need": "Needs_def", "timeline": "RFP"}
POINTS, MODEL, BLEND = "points alone", "model alone", "blend"
# How many deals train, and how many times as many draws as asked for: of the fewest luck is largest, and time least.
DEALS = {40: 6, 80: 1, 160: 1}
_FOLDS = 5
_HELD_OUT = 0.25
_LEAST_OF_EACH_OUTCOME = 5
# Draws of deals come from seeds that nothing else uses.
_FIRST_SEED = 4000


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        dataset = load_set(PUBLIC / "salvirt.toml")
        rows = read_rows(dataset, asked.data)
        tasks = [*validation_tasks(rows, asked.repeats), *few_deals_tasks(rows, asked.draws)]
        measured = measure(tasks, models(), Results(asked.results), again=(), say=_say)
    except LeadmlError as fault:
        print(fault, file=sys.stderr)
        return 2
    for line in report(measured.results):
        print(line, flush=True)
    if measured.failures:
        print("\n".join(["These failed, and are missing above:", *measured.failures]), file=sys.stderr)
    return 1 if measured.failures else 0


def models() -> list[Peer]:
    """The three that are compared."""
    version = own_version()
    return [
        Peer("points", POINTS, version, "", points_alone),
        Peer("model", MODEL, version, "", _model_alone),
        Peer("blend", BLEND, version, "", _blend),
    ]


def points_alone(task: Task) -> Array:
    """A logistic regression on the rulebook's total points."""
    table, _ = read_frame(task.leads, list(task.leads.columns), groups={}, labels={})
    rulebook = rulebook_on(table.column_names)
    points, won = rulebook.total(table), task.won.astype(float)
    fitted = fit_rules_weight(points[task.train], won[task.train], task.train)
    return np.asarray(probability(fitted.log_odds(points[task.test])))


def rulebook_on(columns: Sequence[str]) -> Rulebook:
    """The BANT rulebook over the set's columns."""
    return map_rulebook(load_rulebook(RULEBOOK), Names(columns, ANSWERS), advice="")[0]


def _model_alone(task: Task) -> Array:
    return _predicted(leadml.LeadScorer(), task)


def _blend(task: Task) -> Array:
    return _predicted(leadml.LeadScorer(RULEBOOK, answers=ANSWERS), task)


def _predicted(scorer: leadml.LeadScorer, task: Task) -> Array:
    scorer.fit(task.leads.iloc[task.train], task.won[task.train])
    return np.asarray(scorer.predict_proba(task.leads.iloc[task.test])[:, 1])


def validation_tasks(rows: Rows, repeats: int) -> Iterator[Task]:
    """Cross-validation by whole patterns, dealt anew `repeats` times."""
    patterns, won = patterns_of(rows), rows.won.astype(float)
    for repeat in range(repeats):
        for number, (train, test) in enumerate(grouped_folds(won, patterns, _FOLDS, _FIRST_SEED + repeat)):
            yield Task("all deals", f"{repeat}.{number}", rows.leads, rows.won, None, train, test)


def few_deals_tasks(rows: Rows, draws: int) -> Iterator[Task]:
    """`draws` times a quarter of the patterns tests; of the other deals a few train, the fewer among the more.

    Of the fewest there are more draws (`DEALS`).
    """
    patterns = patterns_of(rows)
    for number in range(draws * max(DEALS.values())):
        draw = np.random.default_rng(_FIRST_SEED + number)
        held_out = draw.permutation(patterns.max() + 1)[: int(_HELD_OUT * (patterns.max() + 1))]
        tested = np.isin(patterns, held_out)
        others = draw.permutation(np.flatnonzero(~tested))
        for deals in (deals for deals, times in DEALS.items() if number < draws * times):
            train = others[:deals]
            if min(rows.won[train].sum(), (~rows.won[train]).sum()) >= _LEAST_OF_EACH_OUTCOME:
                yield Task(f"{deals} deals", f"{number}", rows.leads, rows.won, None, train, np.flatnonzero(tested))


def patterns_of(rows: Rows) -> Array:
    """A number per row that equal rows share; shape (n,)."""
    return np.asarray(rows.leads.astype(str).agg("|".join, axis=1).factorize()[0])


def report(results: Sequence[Result]) -> Iterator[str]:
    """Lines of Markdown: figures of each with intervals, and the blend's paired differences to both parts."""
    yield "| deals to learn from | model | splits | log loss | 95 % interval | AUC | 95 % interval |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for name in dict.fromkeys(result.set for result in results):
        for model in (POINTS, MODEL, BLEND):
            own = _of(results, name, model)
            cells = [_figure(own, figure) for figure in (LOG_LOSS, "AUC")]
            yield f"| {name} | {model} | {len(own)} | {' | '.join(cells)} |"
    yield from ("", "Paired over the same splits; below zero in log loss, the blend is better:", "")
    yield "| deals to learn from | blend minus | log loss | 95 % interval | AUC | 95 % interval |"
    yield "|---|---|---:|---:|---:|---:|"
    for name in dict.fromkeys(result.set for result in results):
        for other in (POINTS, MODEL):
            pairs = _paired(results, name, other)
            cells = [_difference(pairs, figure) for figure in (LOG_LOSS, "AUC")]
            yield f"| {name} | {other} | {' | '.join(cells)} |"


def _figure(results: Sequence[Result], figure: str) -> str:
    return _with_interval(results, np.array([result.figures[figure] for result in results]), "")


def _difference(pairs: Sequence[tuple[Result, Result]], figure: str) -> str:
    values = np.array([own.figures[figure] - other.figures[figure] for own, other in pairs])
    return _with_interval([own for own, _ in pairs], values, "+")


def _with_interval(results: Sequence[Result], values: Array, sign: str) -> str:
    """A mean and its interval.

    Folds of a cross-validation share most of what they train on, which the interval must know. Draws of few deals
    share little: theirs is that of the mean over draws from these deals.
    """
    few = results[0].set != "all deals"
    ratio = 0.0 if few else float(np.mean([result.test / result.train for result in results]))
    low, high = paired_interval(values, tested_to_trained=ratio)
    return f"{values.mean():{sign}.4f} | {low:{sign}.4f} to {high:{sign}.4f}"


def _paired(results: Sequence[Result], name: str, other: str) -> list[tuple[Result, Result]]:
    others = {(result.split, result.rows): result for result in _of(results, name, other)}
    mine = _of(results, name, BLEND)
    return [(one, others[one.split, one.rows]) for one in mine if (one.split, one.rows) in others]


def _of(results: Sequence[Result], name: str, model: str) -> list[Result]:
    return [result for result in results if result.set == name and result.model == model]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blend", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder below which the data sets lie")
    parser.add_argument("--repeats", type=int, default=1, metavar="N", help="cross-validations, dealt anew (1)")
    parser.add_argument("--draws", type=int, default=6, metavar="N", help="draws of few deals (6)")
    parser.add_argument("--results", type=Path, metavar="FILE", help="JSON lines, kept and not measured again")
    return parser


if __name__ == "__main__":
    sys.exit(main())
