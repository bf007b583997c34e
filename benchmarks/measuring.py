"""Train every model on every split, unless that was measured before."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.figures import LOG_LOSS, figures
from benchmarks.peers import Peer
from benchmarks.results import Key, Result, Results
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
    plan = list(_planned(tasks, peers, results, say))
    todo = [step for step in plan if step.peer.version and (step.peer.key in again or not results.has(step.key))]
    say(f"{len(plan) - len(todo)} of {len(plan)} results are there or cannot be measured here, {len(todo)} to measure")
    failures = []
    for number, step in enumerate(todo, start=1):
        at = f"{step.task.name}, {step.task.split}, {step.peer.label}"
        try:
            result = _measured(step)
        except Exception as fault:
            failures.append(f"{at}: {type(fault).__name__}: {fault}")
            say(f"{number} of {len(todo)}: {at}: failed: {type(fault).__name__}: {fault}")
            continue
        results.add(result)
        say(f"{number} of {len(todo)}: {at}: log loss {result.figures[LOG_LOSS]:.4f}, {result.seconds:.1f} s")
    return Measured(results.of(step.key for step in plan), failures)


@dataclass(frozen=True)
class _Step:
    task: Task
    peer: Peer
    key: Key


def _planned(tasks: Iterable[Task], peers: Sequence[Peer], results: Results, say: Say) -> Iterator[_Step]:
    versions = {peer.key: _version_of(peer, results, say) for peer in peers}
    for task in tasks:
        rows = task.digest()
        for peer in peers:
            version = versions[peer.key]
            if version is not None:
                yield _Step(task, peer, (task.name, task.split, rows, peer.label, version))


def _version_of(peer: Peer, results: Results, say: Say) -> str | None:
    if peer.version is not None:
        return peer.version
    before = results.last_version(peer.label)
    kept = f"what was measured with {before} is kept" if before else "skipped"
    say(f"{peer.label}: not installed, {kept}. {peer.advice}")
    return before


def _measured(step: _Step) -> Result:
    task = step.task
    started = time.perf_counter()
    probability = step.peer.predict(task)
    seconds = time.perf_counter() - started
    name, split, rows, model, version = step.key
    return Result(
        set=name, split=split, rows=rows, train=len(task.train), test=len(task.test), model=model, version=version,
        figures=figures(task.won[task.test], probability), seconds=round(seconds, 2),
    )  # fmt: skip
