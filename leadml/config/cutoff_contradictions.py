"""What is asked of cutoffs and cannot be had together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Fault = tuple[str, Any, str]

_GOALS = ("target_per_week", "expected_value", "f_beta")
# An SQL is an MQL first: which way an SQL's number may differ from the MQL's.
_AT_MOST = ("per_week", "target_per_week", "minimum_recall")
_AT_LEAST = ("minimum_precision", "probability")
_NO_ATTRIBUTES = ("id", "created_at", "outcome", "closed_at", "account", "owner", "deal_value", "cost", "order_by")


def contradictions(given: Mapping[str, Any]) -> Iterator[Fault]:
    """Give what cannot be had together of the keys of [cutoffs] ("cutoffs.mql.per_week" -> 100)."""
    stages = {stage: _under(given, f"cutoffs.{stage}.") for stage in ("mql", "sql")}
    yield from _of_pair(given, "cutoffs", stages)
    segments = given.get("cutoffs.segments") or ()
    for number, segment in enumerate(segments, start=1):
        if isinstance(segment, Mapping):
            own = {stage: asked for stage in ("mql", "sql") if isinstance(asked := segment.get(stage), Mapping)}
            yield from _of_pair(given, f"cutoffs.segments[{number}]", own)
    yield from _of_segments(given, [one for one in segments if isinstance(one, Mapping)])


def _under(given: Mapping[str, Any], path: str) -> dict[str, Any]:
    return {key.removeprefix(path): value for key, value in given.items() if key.startswith(path)}


def _of_pair(given: Mapping[str, Any], path: str, stages: Mapping[str, Mapping[str, Any]]) -> Iterator[Fault]:
    for stage, asked in stages.items():
        yield from ((f"{path}.{stage}.{key}", asked[key], what) for key, what in _of_stage(given, asked))
    mql, sql = stages.get("mql", {}), stages.get("sql", {})
    for key in (*_AT_MOST, *_AT_LEAST):
        bound: Any = mql.get(key)
        own: Any = sql.get(key)
        if not (_is_number(bound) and _is_number(own)):
            continue
        if own > bound if key in _AT_MOST else own < bound:
            most = "most" if key in _AT_MOST else "least"
            why = f"is looser than {path}.mql.{key} = {bound}; an SQL is an MQL first, so at {most} {bound}"
            yield f"{path}.sql.{key}", own, why


def _of_stage(given: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    wanted = [key for key, value in asked.items() if value is not False]
    others = [key for key in wanted if key != "probability"]
    if "probability" in wanted and others:
        yield "probability", f"is the cutoff itself and stands alone; take it out, or take out {', '.join(others)}"
        return
    goals = [key for key in _GOALS if key in wanted]
    for key in goals[1:]:
        yield key, f"cannot stand beside {goals[0]}: each says which cutoff is best; keep one"
    if "target_per_week" in wanted and "per_week" in wanted:
        yield "target_per_week", "cannot stand beside per_week: a volume is either aimed at or a bound; keep one"
    if "confidence" in wanted and "minimum_precision" not in wanted:
        yield "confidence", "says how sure a minimum precision must be; give minimum_precision too"
    if "expected_value" in wanted:
        valued = "leads.deal_value" in given or any(key.startswith("queue.values.") for key in given)
        if not valued:
            yield "expected_value", "needs what deals are worth: leads.deal_value, or queue.values"
        if given.get("cutoffs.cost_of_working", 0) == 0:
            yield "expected_value", "needs cutoffs.cost_of_working: where work costs nothing, every lead is worth it"


def _of_segments(given: Mapping[str, Any], segments: list[Mapping[str, Any]]) -> Iterator[Fault]:
    names: set[str] = set()
    taken: dict[str, int] = {}
    for number, segment in enumerate(segments, start=1):
        path = f"cutoffs.segments[{number}]"
        name, column = segment.get("name"), segment.get("column")
        if isinstance(name, str) and name in names:
            yield f"{path}.name", name, "names two segments; each needs a name of its own"
        names.add(str(name))
        if column != segments[0].get("column"):
            why = f"differs from {segments[0].get('column')!r}: segments by two columns overlap; tell all apart by one"
            yield f"{path}.column", column, why
            continue
        yield from ((f"{path}.column", column, why) for why in (_unfit(given, column) if number == 1 else ()))
        values = segment.get("one_of")
        for value in {_folded(value) for value in values} if isinstance(values, list) else ():
            if value in taken:
                yield f"{path}.one_of", values, f"overlaps with segment {taken[value]} in {value!r}; take it out of one"
            taken.setdefault(value, number)


def _unfit(given: Mapping[str, Any], column: object) -> Iterator[str]:
    for role in _NO_ATTRIBUTES:
        if given.get(f"leads.{role}") == column:
            yield f"is leads.{role}; segments are told apart by an attribute of the leads, or by leads.team"
    for key in ("personal", "exclude", "sensitive"):
        # A team that is excluded is not learned from, and no segment lets anything learn from it.
        if column in given.get(f"leads.{key}", ()) and not (key == "exclude" and column == given.get("leads.team")):
            yield f"is listed in leads.{key}, so no scorer reads it; take it out of one"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _folded(value: object) -> str:
    return str(value).strip().casefold()
