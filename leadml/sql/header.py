"""The comment at the head of an exported query: which scorer it is, what it reads, and what it leaves out."""

from __future__ import annotations

from leadml.predict import Scorer
from leadml.predict.encoding import Column
from leadml.sql.dialects import Dialect
from leadml.sql.inputs import Inputs
from leadml.sql.lines import one_line

_TYPES = {"number": "double precision", "category": "text"}


def header(scorer: Scorer, dialect: Dialect, inputs: Inputs, view: str | None) -> str:
    """Comment lines, ending with a line end."""
    table = one_line(inputs.table.name)
    made = [
        *_scorer(scorer),
        f"Written for {dialect.title}.",
        "",
        f"Reads the table {table}: one row per lead, told apart by {one_line(inputs.table.lead_id)!r}",
        "(unique, never NULL), with the columns",
        *(f"    {_column(column, inputs)}" for column in inputs.columns),
        f"Moments are {dialect.times}." if any(column.kind == "time" for column in inputs.columns) else "",
        *dialect.remarks,
        "",
        "Gives one row per lead, equal to Scorer.score of leadml: log-odds and probability to 1e-9, all else exactly.",
        "Texts are compared without case and outer blanks, letter by letter as Python folds them (casefold, strip).",
        "A number inside a text, where rules ask for one, has digits 0-9, at most two in its exponent, 200 characters.",
        "Left out: next_question and next_question_value (ask leadml), as_of (the table's own).",
        "stopped_by names gates with a comma between them, NULL where none stops the lead.",
        "Read it in this order: leads, coded, added, summed, reasons. t<n> is a term of the sum, c<n> the code of it.",
    ]
    return "".join(f"-- {line}".rstrip() + "\n" for line in made)


def _scorer(scorer: Scorer) -> list[str]:
    name, trained = scorer.facts.get("name"), scorer.facts.get("trained_at")
    policy = scorer.policy
    cutoffs = f"MQL from {_chance(policy.mql)}, SQL from {_chance(policy.sql)}"
    intent = " with intent shown" if policy.sql_needs_intent else ""
    return [
        f"Lead scores of leadml: bundle {one_line(str(name or 'without a name'))},",
        f"SHA-256 {scorer.digest or 'not saved'}.",
        f"Trained {trained}; " * bool(trained)
        + f"the cutoffs are those of that training ({cutoffs}{intent}). Export again after a new training.",
    ]


def _chance(cutoff: float | None) -> str:
    return "(none published)" if cutoff is None else f"{cutoff:.4f}"


def _column(column: Column, inputs: Inputs) -> str:
    name, kind = inputs.table.column(column.name), _TYPES.get(column.kind, "timestamp")
    called = "" if name == column.name else f" (the scorer's {column.name})"
    return one_line(f"{name}{called}: {kind}")
