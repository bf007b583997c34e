"""A rulebook as a points card: one line per rule, for people and for tools that know nothing but points."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

from leadml.predict.phrases import number_text
from leadml.predict.rules.conditions import ANY_ACTIVITY, ActivityCount, Condition, ValueCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.spreadsheet import safe_cell

__all__ = ["CardLine", "card_lines", "card_to_csv", "card_to_markdown", "condition_words"]

HEAD = ("dimension", "rule", "condition", "points", "counts", "evidence", "cap", "decay")


@dataclass(frozen=True)
class CardLine:
    """One line: for which leads, and what they get for it. All are texts; empty where nothing is to be said.

    `counts` says which lines of a dimension count: the first that holds, or every one. A tool that adds up every line
    that holds needs the former made exclusive.
    """

    dimension: str
    rule: str
    condition: str
    points: str
    counts: str
    evidence: str
    cap: str
    decay: str


def card_lines(rulebook: Rulebook) -> list[CardLine]:
    """The rulebook line by line, in the order of its file; gates come last and give no points."""
    lines = [line for dimension in rulebook.dimensions for line in _of_dimension(dimension)]
    return [*lines, *map(_of_gate, rulebook.gates)]


def card_to_csv(lines: Sequence[CardLine]) -> str:
    """The card as CSV with a header; no cell is a formula to a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows([safe_cell(cell) for cell in astuple(line)] for line in lines)
    return text.getvalue()


def card_to_markdown(rulebook: Rulebook, lines: Sequence[CardLine]) -> str:
    """The card as a Markdown page: name, purpose, and a table."""
    rows = ["| " + " | ".join(map(_markdown_cell, astuple(line))) + " |" for line in lines]
    head = ["| " + " | ".join(HEAD) + " |", "|---|---|---|---:|---|---|---|---|"]
    about = [rulebook.about, ""] if rulebook.about else []
    return "\n".join([f"# {rulebook.name}", "", *about, *head, *rows]) + "\n"


def condition_words(condition: Condition) -> str:
    """A condition in words, for somebody who sets it up elsewhere."""
    if not isinstance(condition, ValueCondition):
        return f"{_count_words(condition.count)}: {_bounds(condition.at_least, condition.at_most)}"
    name = f"{condition.name} of the account" if condition.subject == "account" else condition.name
    if condition.known is not None:
        return f"{name} is {'known' if condition.known else 'not known'}"
    if condition.one_of:
        return f"{name} is {_or(condition.one_of)}"
    if condition.none_of:
        return f"{name} is known and not {_or(condition.none_of)}"
    return f"{name}: {_bounds(condition.at_least, condition.at_most)}"


def _of_dimension(dimension: Dimension) -> Iterator[CardLine]:
    only = f"only where {_all(dimension.only)}" if dimension.only else ""
    for rule in dimension.rules:
        condition = "; ".join(part for part in (_rule_words(rule), only) if part)
        yield _line(dimension, rule.label, condition, rule)
    missing, otherwise = ("not answered", dimension.missing), ("no other line holds", dimension.otherwise)
    for label, points in (missing, otherwise):
        if points:
            yield _line(dimension, label, "; ".join(part for part in (label, only) if part), Rule(label, points))


def _line(dimension: Dimension, label: str, condition: str, rule: Rule) -> CardLine:
    return CardLine(
        dimension=dimension.name,
        rule=label,
        condition=condition,
        points=_number(rule.points),
        counts="first that holds" if dimension.counts == "first" else "every one",
        evidence=rule.evidence or dimension.evidence,
        cap="; ".join(_caps(dimension, rule)),
        decay=_decay(rule.each),
    )


def _of_gate(gate: Gate) -> CardLine:
    only = f"; only where {_all(gate.only)}" if gate.only else ""
    must = "must have" if gate.must_have else "must not have"
    return CardLine(f"Gate: {gate.name}", f"not {gate.stops} else", f"{must}: {_all(gate.when)}{only}", *[""] * 5)


def _rule_words(rule: Rule) -> str:
    each = [] if rule.each is None else [f"for each: {_count_words(rule.each)}"]
    return "; ".join([*each, *([_all(rule.when)] if rule.when else [])])


def _caps(dimension: Dimension, rule: Rule) -> Iterator[str]:
    if rule.each is not None and rule.each.per_day is not None:
        yield f"{_number(rule.each.per_day)} a day"
    if rule.most_points is not None:
        yield f"{_number(rule.most_points)} points"
    if dimension.most_points is not None:
        yield f"{_number(dimension.most_points)} points for {dimension.name}"
    if dimension.least_points is not None:
        yield f"no less than {_number(dimension.least_points)} points for {dimension.name}"


def _decay(count: ActivityCount | None) -> str:
    if count is None:
        return ""
    if count.half_life_days is not None:
        return f"half after every {_number(count.half_life_days)} days"
    return f"evenly to nothing in {_number(count.lifespan_days)} days" if count.lifespan_days is not None else ""


def _count_words(count: ActivityCount) -> str:
    steps = [_or(step, any_word="any activity") for step in (*count.after, count.types)]
    said = {"in the last {} days": count.within_days, "each step at least {} days later": count.gap_days or None}
    when = [text.format(_number(value)) for text, value in said.items() if value is not None]
    whose = ["by anyone of the account"] if count.whose == "account" else []
    return ", ".join([", then ".join(steps), *when, *whose])


def _or(texts: Sequence[str], any_word: str = ANY_ACTIVITY) -> str:
    return " or ".join(any_word if text == ANY_ACTIVITY else text for text in texts)


def _all(conditions: Sequence[Condition]) -> str:
    return " and ".join(map(condition_words, conditions))


def _bounds(at_least: float | None, at_most: float | None) -> str:
    if at_most is None:
        return f"{number_text(at_least or 0.0)} or more"
    return f"up to {number_text(at_most)}" if at_least is None else f"{number_text(at_least)} to {number_text(at_most)}"


def _number(value: float) -> str:
    """As it would be typed into another tool: no grouping of thousands."""
    return f"{value:.12g}"


def _markdown_cell(cell: str) -> str:
    return " ".join(cell.replace("\\", "\\\\").replace("|", "\\|").split())
