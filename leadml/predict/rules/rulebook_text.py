"""A rulebook as text: read from TOML or JSON with every problem named by file, table and key, and written back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from leadml.errors import RulebookError
from leadml.predict.encoding import GROUPS, fold
from leadml.predict.reading import Problems, Table, parse_toml
from leadml.predict.rules.condition_text import conditions_of, each_of, only_of, when_to_dict
from leadml.predict.rules.impossible import note_impossible
from leadml.predict.rules.rulebook import COUNTS, EVIDENCE, STOPS, TIER, Dimension, Gate, Rule, Rulebook

FORMAT = 1
_ANSWERS_FIRST = GROUPS[::-1]


def read_rulebook(text: str, where: str) -> Rulebook:
    """Parse a rulebook file's text; `where` names the file in messages.

    Raises:
        RulebookError: the text is not TOML, or not a rulebook; every problem is listed.
    """
    content = parse_toml(text, where)
    problems = Problems()
    rulebook = _rulebook(content, problems)
    # Where a rulebook was put together from others, parts may well exclude each other: only what is written is told.
    note_impossible(rulebook, problems)
    return _sound(rulebook, problems, where)


def parse_rulebook(content: Mapping[str, Any], where: str) -> Rulebook:
    """Build a rulebook from parsed TOML or JSON, checking every key; see `read_rulebook`."""
    problems = Problems()
    return _sound(_rulebook(content, problems), problems, where)


def _sound(rulebook: Rulebook, problems: Problems, where: str) -> Rulebook:
    if problems:
        raise RulebookError(problems.message(where))
    return rulebook


def _rulebook(content: Mapping[str, Any], problems: Problems) -> Rulebook:
    book = Table(content, "", problems)
    found = book.number("format", default=FORMAT)
    if found != FORMAT:
        problems.add("format", f"is {found:g}, but this version of leadml reads format {FORMAT}")
    tiers = _tiers(book)
    dimensions = tuple(_dimension(table) for table in book.tables("dimension", required=not tiers))
    gates = tuple(_gate(table) for table in book.tables("gate", required=False))
    rulebook = Rulebook(
        name=book.text("name"),
        about=book.text("about", default=""),
        dimensions=(*tiers, *dimensions),
        gates=gates,
        unanswered=tuple(fold(text) for text in book.texts("unanswered")),
    )
    book.refuse_other_keys()
    _refuse_twice(problems, "dimension", "dimensions", (one.name for one in rulebook.dimensions))
    _refuse_twice(problems, "gate", "gates", (gate.name for gate in gates))
    return rulebook


def rulebook_to_dict(rulebook: Rulebook) -> dict[str, Any]:
    """The rulebook as JSON values; `parse_rulebook` reads them back."""
    head = {"format": FORMAT, "name": rulebook.name, "about": rulebook.about, "unanswered": list(rulebook.unanswered)}
    dimensions = [dimension for dimension in rulebook.dimensions if dimension.name != TIER]
    tiers = rulebook.tier.rules if rulebook.tier else ()
    return _without_empty(
        head
        | {
            "tier": [{"name": rule.label, "points": rule.points, **when_to_dict(rule.when)} for rule in tiers],
            "dimension": [_dimension_to_dict(dimension) for dimension in dimensions],
            "gate": [_gate_to_dict(gate) for gate in rulebook.gates],
        }
    )


def _tiers(book: Table) -> tuple[Dimension, ...]:
    """The dimension that the [[tier]] tables make up; the first that a lead is of is its tier."""
    tables = book.tables("tier", required=False)
    if not tables:
        return ()
    rules = [Rule(one.text("name"), one.number("points", default=0.0), conditions_of(one)) for one in tables]
    for table in tables:
        table.refuse_other_keys()
    _refuse_twice(book.problems, "tier", "tiers", (rule.label for rule in rules))
    return (Dimension(TIER, tuple(rules), group="fit"),)


def _dimension(table: Table) -> Dimension:
    answer, counts = table.optional_text("answer"), table.choice("counts", COUNTS)
    dimension = Dimension(
        name=table.text("name"),
        rules=tuple(_rule(rule, answer) for rule in table.tables("rule")),
        answer=answer,
        question=table.optional_text("question"),
        counts=counts,
        evidence=table.choice("evidence", EVIDENCE),
        group=table.choice("group", _ANSWERS_FIRST),
        missing=table.number("missing", default=0.0),
        otherwise=table.number("otherwise", default=0.0),
        most_points=table.optional_number("most_points"),
        least_points=table.optional_number("least_points"),
        only=only_of(table),
        column=table.optional_text("column"),
    )
    table.refuse_other_keys()
    _check_dimension(dimension, table)
    return dimension


def _check_dimension(dimension: Dimension, table: Table) -> None:
    """Note keys that do not go together."""
    if dimension.name == TIER:
        table.problem("name", f"{TIER!r} is the name of the [[tier]] tables; choose another")
    if (dimension.answer is None) != (dimension.question is None):
        lacking = "question" if dimension.question is None else "answer"
        table.problem(lacking, "is missing: answer and question go together (the answer's name and the words to ask)")
    if dimension.missing and dimension.answer is None:
        table.problem("missing", "counts only where there is an answer to be missing; name it (answer)")
    every = dimension.counts == "all"
    for key in ("missing", "otherwise") if every else ("most_points", "least_points"):
        if getattr(dimension, key):
            table.problem(key, f'has no effect with counts = "{dimension.counts}"; leave it out')
    low, high = dimension.least_points, dimension.most_points
    if high is not None and high <= 0:
        table.problem("most_points", f"is {high:g}; a cap must be above 0")
    if low is not None and low >= 0:
        table.problem("least_points", f"is {low:g}; a floor must be below 0")
    _refuse_twice(table.problems, table.path_of("rule"), "rules", (rule.label for rule in dimension.rules))


def _rule(table: Table, answer: str | None) -> Rule:
    each = each_of(table)
    rule = Rule(
        label=table.text("label"),
        points=table.number("points"),
        when=conditions_of(table, answer, each),
        each=each,
        most_points=table.optional_number("most_points"),
        group=table.choice("group", _ANSWERS_FIRST) if table.has("group") else None,
        evidence=table.choice("evidence", EVIDENCE) if table.has("evidence") else None,
    )
    table.refuse_other_keys()
    if each is not None and rule.most_points is None:
        table.problem("most_points", "is missing: points for each activity need a cap, or one busy lead outweighs all")
    if each is None and rule.most_points is not None:
        table.problem("most_points", "caps points for each activity; add each = true, or leave it out")
    if rule.most_points is not None and rule.most_points <= 0:
        table.problem("most_points", f"is {rule.most_points:g}; a cap must be above 0 (it bounds negative points too)")
    return rule


def _gate(table: Table) -> Gate:
    gate = Gate(
        name=table.text("name"),
        when=conditions_of(table),
        must_have=table.choice("must", ("have", "not have")) == "have",
        stops=table.choice("stops", STOPS),
        only=only_of(table),
    )
    table.refuse_other_keys()
    return gate


def _dimension_to_dict(dimension: Dimension) -> dict[str, Any]:
    keys = ("name", "answer", "question", "counts", "evidence", "group", "most_points", "least_points", "column")
    plain = {key: getattr(dimension, key) for key in keys}
    points = {key: getattr(dimension, key) or None for key in ("missing", "otherwise")}
    rules = [_rule_to_dict(rule) for rule in dimension.rules]
    return _without_empty(plain | points | {"only": when_to_dict(dimension.only), "rule": rules})


def _rule_to_dict(rule: Rule) -> dict[str, Any]:
    plain = {key: getattr(rule, key) for key in ("label", "points", "most_points", "group", "evidence")}
    return _without_empty(plain) | when_to_dict(rule.when, rule.each)


def _gate_to_dict(gate: Gate) -> dict[str, Any]:
    must = "have" if gate.must_have else "not have"
    named = {"name": gate.name, "must": must, "stops": gate.stops, "only": when_to_dict(gate.only)}
    return _without_empty(named) | when_to_dict(gate.when)


def _without_empty(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if value is not None and value not in ([], {})}


def _refuse_twice(problems: Problems, path: str, what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1 and name:
            problems.add(path, f"two {what} are named {name!r}; names must differ")
