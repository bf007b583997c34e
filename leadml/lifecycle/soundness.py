"""What is wrong with transitions that are right one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from leadml.lifecycle.definition import Transition
from leadml.lifecycle.stages import FIRST, LEFT_BY_PEOPLE, OUTCOMES

Fault = tuple[str, str]
Graph = Mapping[str, Sequence[str]]


def find_faults(transitions: Sequence[Transition]) -> list[Fault]:
    """Give every fault, as the path of a key ("transition[2].to") and what is wrong there."""
    paths = [(f"transition[{number}]", transition) for number, transition in enumerate(transitions, start=1)]
    alone = [fault for check in _ALONE for path, transition in paths for fault in check(path, transition)]
    # A transition that is wrong by itself would be found once more in a circle or behind one.
    return alone or [fault for check in _TOGETHER for fault in check(paths)]


def _empty(path: str, transition: Transition) -> Iterator[Fault]:
    if not transition.sources:
        yield f"{path}.from", 'names no stage; give a list such as ["raw"]'
    if transition.by == "product" and not transition.activities:
        yield f"{path}.activities", 'names no type of activity; give a list such as ["trial_use"]'


def _to_itself(path: str, transition: Transition) -> Iterator[Fault]:
    if transition.to in transition.sources:
        yield f"{path}.to", f"leads from {transition.to!r} to itself; take it out of `from`"


def _outcomes(path: str, transition: Transition) -> Iterator[Fault]:
    if transition.by == "outcome" and transition.to not in OUTCOMES:
        yield f"{path}.to", f"an outcome makes a lead won or lost, never {transition.to!r}"
    if transition.to in OUTCOMES and transition.by != "outcome":
        yield f"{path}.by", f'{transition.to!r} is an outcome: only by = "outcome" leads there, got {transition.by!r}'


def _closed_stages(path: str, transition: Transition) -> Iterator[Fault]:
    closed = [stage for stage in transition.sources if stage in LEFT_BY_PEOPLE]
    if transition.by in ("score", "product") and closed:
        yield (
            f"{path}.from",
            f'a {closed[0]} lead is never moved on automatically; let a person decide, and ask with propose = "MQL"',
        )


def _sql(path: str, transition: Transition) -> Iterator[Fault]:
    complete = transition.by == "score" and transition.cutoff == "SQL" and "acceptance" in transition.needs
    if transition.to == "SQL" and not complete:
        yield (
            f"{path}.to",
            'an SQL needs a score past the SQL cutoff and a person\'s acceptance: by = "score", cutoff = "SQL", '
            'needs = ["acceptance"]',
        )


def _duplicates(paths: Sequence[tuple[str, Transition]]) -> Iterator[Fault]:
    seen: dict[tuple[str, ...], str] = {}
    for path, transition in paths:
        for source in transition.sources:
            trigger = ("decision", str(transition.decision)) if transition.by == "person" else ("to", transition.to)
            way = (source, transition.by, *trigger)
            if way in seen:
                what = f"on {transition.decision!r}" if transition.by == "person" else f"to {transition.to!r}"
                yield f"{path}.from", f"{seen[way]} leads from {source!r} {what} by {transition.by} already; keep one"
            seen.setdefault(way, path)


def _two_ways_back(paths: Sequence[tuple[str, Transition]]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for path, transition in paths:
        if transition.hysteresis is not None:
            if transition.to in seen:
                yield (
                    f"{path}.hysteresis",
                    f"{seen[transition.to]} says already when a lead leaves {transition.to!r}; keep one",
                )
            seen.setdefault(transition.to, path)


def _circles(paths: Sequence[tuple[str, Transition]]) -> Iterator[Fault]:
    """By scores alone a lead would go round; the one way back that cannot flap is the hysteresis of the way up."""
    scored = [(path, transition) for path, transition in paths if transition.by == "score"]
    ups = _graph(transition for _, transition in scored)
    for source in ups:
        if circle := _route(ups, source, source):
            yield "transition", _circular([source, *circle])
            return
    for path, transition in scored:
        others = _graph(other for _, other in scored if other is not transition)
        around = _route(others, transition.sources[0], transition.to)
        if transition.hysteresis is not None and around:
            yield f"{path}.hysteresis", _circular([transition.to, transition.sources[0], *around])


def _circular(stages: Sequence[str]) -> str:
    return (
        f"circular stage transitions: {' -> '.join(stages)}, all by score, so that leads would flap; "
        "the way back is `hysteresis` on the way up: take another way out, or let a person decide"
    )


def _out_of_reach(paths: Sequence[tuple[str, Transition]]) -> Iterator[Fault]:
    graph = _graph(transition for _, transition in paths)
    for path, transition in paths:
        for source in transition.sources:
            if source != FIRST and not _route(graph, FIRST, source):
                yield f"{path}.from", f"no lead can reach {source!r}: no transition leads there from {FIRST!r}"
                return  # what lies behind it is out of reach for the same reason


def _graph(transitions: Iterator[Transition]) -> Graph:
    ways: dict[str, list[str]] = {}
    for transition in transitions:
        for source in transition.sources:
            ways.setdefault(source, []).append(transition.to)
    return ways


def _route(graph: Graph, start: str, end: str) -> list[str]:
    """The stages after `start` on a shortest way to `end`; empty where there is none."""
    routes = [[start]]
    seen: set[str] = set()
    for route in routes:
        for stage in graph.get(route[-1], ()):
            if stage == end:
                return [*route[1:], end]
            if stage not in seen:
                seen.add(stage)
                routes.append([*route, stage])
    return []


_ALONE: tuple[Callable[[str, Transition], Iterator[Fault]], ...] = (_empty, _to_itself, _outcomes, _closed_stages, _sql)
_TOGETHER: tuple[Callable[[Sequence[tuple[str, Transition]]], Iterator[Fault]], ...] = (
    _duplicates,
    _two_ways_back,
    _circles,
    _out_of_reach,
)
