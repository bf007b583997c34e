"""From a lifecycle file to a lifecycle, or everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, get_args

from leadml.errors import RulebookError
from leadml.lifecycle.definition import Lifecycle, Propose, Transition
from leadml.lifecycle.soundness import find_faults
from leadml.lifecycle.stages import CUTOFFS, DECISIONS, MOVERS, NEEDS, STAGES, Mover
from leadml.predict.reading import Problems, Table, parse_toml

__all__ = ["load_lifecycle", "read_lifecycle"]

FORMAT = 1
Word = TypeVar("Word", bound=str)


def load_lifecycle(path: Path | None = None) -> Lifecycle:
    """Load a lifecycle file; None: the one that leadml brings along.

    Raises:
        RulebookError: the file cannot be read, or is no lifecycle; every problem in it is listed.
    """
    if path is None:
        text = files("leadml.lifecycle").joinpath("default.toml").read_text(encoding="utf-8")
        return read_lifecycle(text, "the lifecycle of leadml")
    try:
        return read_lifecycle(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError(
            f"{path}: the lifecycle cannot be read ({error}). Check lifecycle.file in leadml.toml."
        ) from None


def read_lifecycle(text: str, where: str) -> Lifecycle:
    """Parse a lifecycle file's text; `where` names the file in messages.

    Raises:
        RulebookError: the text is not TOML, or not a lifecycle; every problem is listed.
    """
    content = parse_toml(text, where)
    problems = Problems()
    lifecycle = _lifecycle(content, problems)
    if not problems:  # what stands in for a wrong value would be found faulty once more
        for path, fault in find_faults(lifecycle.transitions):
            problems.add(path, fault)
    if problems:
        raise RulebookError(problems.message(where))
    return lifecycle


def _lifecycle(content: Mapping[str, Any], problems: Problems) -> Lifecycle:
    book = Table(content, "", problems)
    found = book.number("format", default=FORMAT)
    if found != FORMAT:
        problems.add("format", f"is {found:g}, but this version of leadml reads format {FORMAT}")
    transitions = tuple(map(_transition, book.tables("transition")))
    lifecycle = Lifecycle(book.text("name"), transitions)
    book.refuse_other_keys()
    return lifecycle


def _transition(table: Table) -> Transition:
    sources = tuple(_word(table, "from", stage, STAGES) for stage in table.texts("from"))
    by = _word(table, "by", table.text("by"), MOVERS)
    needs = tuple(_word(table, "needs", need, NEEDS) for need in table.texts("needs")) if by in _NEEDY else ()
    transition = Transition(
        sources=sources,
        to=_word(table, "to", table.text("to"), STAGES),
        by=by,
        needs=needs,
        after_days=_at_least_0(table, "after_days") if by != "outcome" else 0.0,
        **_OF_MOVER[by](table),
    )
    table.refuse_other_keys()
    return transition


def _of_score(table: Table) -> dict[str, Any]:
    hysteresis = table.optional_number("hysteresis")
    if hysteresis is not None and not 0 <= hysteresis <= 1:
        table.problem("hysteresis", f"is {hysteresis:g}; it is a share of the cutoff, from 0 to 1")
    cutoff = _word(table, "cutoff", table.text("cutoff"), CUTOFFS)
    return {
        "cutoff": cutoff,
        "hysteresis": hysteresis,
        "minimum_stay_days": _at_least_0(table, "minimum_stay_days"),
    }


def _of_person(table: Table) -> dict[str, Any]:
    decision = _word(table, "decision", table.text("decision"), DECISIONS)
    propose = _word(table, "propose", table.text("propose", default="never"), get_args(Propose))
    rise = _at_least_0(table, "rise")
    return {"decision": decision, "propose": propose, "rise": rise}


def _of_product(table: Table) -> dict[str, Any]:
    within = table.optional_number("within_days")
    if within is not None and within <= 0:
        table.problem("within_days", f"is {within:g}; give a number of days above 0")
    at_least = table.number("at_least", default=1.0)
    if at_least < 1:
        table.problem("at_least", f"is {at_least:g}; at least 1 activity is needed")
    return {"activities": table.texts("activities"), "within_days": within, "at_least": at_least}


_NEEDY = ("score", "product")
_OF_MOVER: Mapping[Mover, Callable[[Table], dict[str, Any]]] = {
    "score": _of_score,
    "person": _of_person,
    "product": _of_product,
    "outcome": lambda table: {},
}


def _at_least_0(table: Table, key: str) -> float:
    number = table.number(key, default=0.0)
    if number < 0:
        table.problem(key, f"is {number:g}; it cannot be negative")
    return number


def _word(table: Table, key: str, found: str, known: Sequence[Word]) -> Word:
    """One of the known words; a wrong one is noted, and stands for the first."""
    if found in known:
        return known[known.index(found)]
    if found:  # that it is missing has been noted
        table.problem(key, f"must be one of {', '.join(known)}, got {found!r}")
    return known[0]
