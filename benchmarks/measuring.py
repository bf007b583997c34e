"""Train every model on every split, unless that was measured before."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.figures import LOG_LOSS, figures
from benchmarks.peers import Peer
from benchmarks.results import Result, Results
from benchmarks.tasks import Task

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """All results that were asked for and are there, by set, split and model, and what failed, one line each."""

    results: list[Result]
    failures: list[str]


def measure(
    tasks: Iterable[Task], peers: Sequence[Peer], results: Results, *, again: Collection[str], say: Say
) -> Measured:
    """Measure what is missing; models whose key is in `again` are measured anew. `say` is told every step.

    A model that is not installed here keeps its results of the version measured last. One that fails on a split
    is left out there, and said: it must not cost the rest of the night.
    """
    versions = {peer.key: _version_of(peer, results, say) for peer in peers}
    plan = [
        (task, peer, (task.name, task.split, task.digest(), peer.label, version))
        for task in tasks
        for peer in peers
        if (version := versions[peer.key]) is not None
    ]
    todo = [step for step in plan if step[1].version is not None and (step[1].key in again or not results.has(step[2]))]
    say(f"{len(plan) - len(todo)} of {len(plan)} results are there or cannot be measured here, {len(todo)} to measure")
    failures = []
    for number, (task, peer, key) in enumerate(todo, start=1):
        at = f"{number} of {len(todo)}: {task.name}, {task.split}, {peer.label}"
        try:
            result = _measured(task, peer, key)
        except Exception as fault:
            failures.append(f"{task.name}, {task.split}, {peer.label}: {type(fault).__name__}: {fault}")
            say(f"{at}: failed: {type(fault).__name__}: {fault}")
            continue
        results.add(result)
        say(f"{at}: log loss {result.figures[LOG_LOSS]:.4f}, {result.seconds:.1f} s")
    return Measured(results.of(key for _, _, key in plan), failures)


def _version_of(peer: Peer, results: Results, say: Say) -> str | None:
    if peer.version is not None:
        return peer.version
    before = results.last_version(peer.label)
    kept = f"what was measured with {before} is kept" if before else "skipped"
    say(f"{peer.label}: not installed, {kept}. {peer.advice}")
    return before


def _measured(task: Task, peer: Peer, key: tuple[str, str, str, str, str]) -> Result:
    started = time.perf_counter()
    probability = peer.predict(task)
    seconds = time.perf_counter() - started
    name, split, rows, model, version = key
    return Result(
        set=name, split=split, rows=rows, train=len(task.train), test=len(task.test), model=model, version=version,
        figures=figures(task.won[task.test], probability), seconds=round(seconds, 2),
    )  # fmt: skip
