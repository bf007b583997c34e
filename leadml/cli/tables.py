"""Each command's result, as tables for people or as one JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from leadml.cli.grades import grade_lines
from leadml.cli.show import command, print_json, print_lines, print_table
from leadml.operations.check import CheckRun
from leadml.operations.demo import DemoRun
from leadml.operations.init import Proposal
from leadml.operations.scoring.summary import ScoringRun
from leadml.operations.train import TrainingRun

_KINDS = {
    "refusal": "What stops training:",
    "proven": "Leaks, proven and left out:",
    "suspected": "Leaks, suspected and kept until you decide:",
    "settled": "Settled by known_at:",
    "readiness": "Readiness:",
}
_METRICS = {"auc": "AUC", "brier": "Brier", "ece": "ECE", "top_20": "top 20 %"}


def print_proposal(proposal: Proposal, config: Path, *, json: bool) -> None:
    """What `leadml init` takes each column to be, and how sure it is."""
    guesses = {key: asdict(guess) for key, guess in proposal.guesses.items()}
    if json:
        print_json({"config": config, "guesses": guesses, "suggestions": list(map(asdict, proposal.suggestions))})
        return
    rows = [(key, _value(guess.value), guess.confidence, guess.evidence) for key, guess in proposal.guesses.items()]
    width = max(len(key) for key, *_ in rows)
    print_lines(
        *(f"{key:<{width}}  {confidence:<6}  {value}   ({evidence})" for key, value, confidence, evidence in rows)
    )
    for suggestion in proposal.suggestions:
        print_lines(f"look at {suggestion.column!r}: {suggestion.reason}")
    print_lines("", f"Written to {config}. Read it, mend what is wrong, then: {command()} check --config {config}")


def print_check(run: CheckRun, config: Path, *, json: bool) -> None:
    """What a training would find: proven and suspected leaks, readiness, and the columns left out."""
    findings = [finding.to_dict() for finding in run.findings]
    if json:
        left_out = [{"column": column, "why": why} for column, why in run.left_out.items()]
        found = {"findings": findings, "excluded": left_out, "assumptions": run.assumptions}
        print_json({"ready": run.ready, "by_rules": run.by_rules, "reading": run.reading, **found})
        return
    print_lines(f"Read: {run.reading}", *run.assumptions)
    for kind, title in _KINDS.items():
        lines = [_finding(entry) for entry in findings if entry["kind"] == kind]
        print_lines(*([title, *(f"  {line}" for line in lines)] if lines else []))
    _print_left_out(run.left_out)
    if not run.ready:
        print_lines("These leads cannot carry a model; what stops training is listed above.")
        return
    outlook = "Training would serve the rules as stated (R111)." if run.by_rules else "Nothing stops training."
    print_lines(f"{outlook} Next: {command()} train --config {config}")


def _print_left_out(left_out: Mapping[str, str]) -> None:
    """Name the columns that training does not see, in one line."""
    if left_out:
        columns = (f"{column} ({why.split(':')[0]})" for column, why in left_out.items())
        print_lines(f"Left out: {', '.join(columns)}")


def print_training(run: TrainingRun, *, json: bool) -> None:
    """What was learned, how good it is beside the baselines, and the cutoffs."""
    facts = run.scorer.facts
    if json:
        shown = {key: value for key, value in facts.items() if key not in ("density", "pairs", "plan")}
        print_json({"bundle": run.bundle, "sha256": run.scorer.digest, "reading": run.reading, **shown})
        return
    print_lines(f"Read: {run.reading}", *run.assumptions)
    print_lines(*map(_finding, facts["findings"]))
    _print_left_out({entry["column"]: entry["why"] for entry in facts["excluded"]})
    if facts["evaluation"]:
        _print_evaluation(facts["evaluation"])
    print_lines(*_what_is_served(facts), *_what_it_is_held_to(facts))
    print_lines(*(cutoff["why"] for cutoff in facts["cutoffs"]))
    print_lines(*grade_lines(facts))
    print_lines(f"Bundle: {run.bundle}")


def _print_evaluation(evaluation: Mapping[str, Any]) -> None:
    print_table(
        f"On {evaluation['part']}: {evaluation['rows']:,} rows, {evaluation['won']:,} won",
        ["model", "log loss", "95 % range", *_METRICS.values()],
        [_figures(name, metrics) for name, metrics in evaluation["models"].items()],
        text="model",
    )


def _what_is_served(facts: Mapping[str, Any]) -> list[str]:
    """What the score is where it is not simply what was learned, and how much of it the rules are."""
    if facts["served"] == "nothing":
        return ["No signal: nothing in these columns is shown to tell who converts. Every score is the base rate."]
    rules, learned = facts["spread"]["rules"], facts["spread"]["learned"]
    if facts["served"] == "rules":
        proven = "The data bear them out" if facts["signal"] else "The data do not prove them yet"
        return [f"The score is the rules' alone: nothing was learned that is better. {proven}."]
    if facts["rules"] is None:
        return []
    return [
        f"In log-odds the rules typically move a score by {rules:.2f}, what was learned beside them by {learned:.2f}."
    ]


def _what_it_is_held_to(facts: Mapping[str, Any]) -> list[str]:
    """Which columns are held monotone, and what serving LightGBM itself gains or loses beside tables."""
    ways = {1: "rising", -1: "falling"}
    held = ", ".join(f"{name} ({ways[way]})" for name, way in facts["monotone"].items())
    told = [f"Held monotone: {held}."] if held else []
    cost = facts["cost"]
    if cost is None:
        return told
    return [
        *told,
        f"LightGBM itself is served: log loss {cost['boosted']:.4f} in validation, where the blend that tables are "
        f"distilled from has {cost['tables']:.4f}. Scoring needs the package lightgbm, and its reasons are slow.",
    ]


def print_scoring(run: ScoringRun, *, json: bool) -> None:
    """How many leads got which grade and stage, and the best of them."""
    if json:
        print_json(run.to_dict())
        return
    moment = f" as of {run.as_of:%Y-%m-%d %H:%M}" if run.as_of else ""
    print_table(
        f"{run.scored:,} leads scored{moment}; the best of them:",
        ["lead", "score", "grade", "stage", "first reason"],
        [_best_row(row) for row in run.best],
        text="first reason",
    )
    print_lines(
        f"Grades: {_counted(run.grades)}.  Stages: {_counted(run.stages)}.",
        f"Scores: {run.target}",
        f"Read: {run.reading}",
        *_what_was_written(run),
    )


def _what_was_written(run: ScoringRun) -> list[str]:
    """What became of the rows of scores, and whether the run had been stopped before."""
    counts = run.counts
    lines = [
        *run.why,
        f"Leads: {counts.read:,} read, {counts.rejected:,} rejected, {counts.scored:,} scored.",
        f"Rows of scores: {counts.added:,} added, {counts.changed:,} changed, {counts.unchanged:,} unchanged, "
        f"{counts.removed:,} removed.",
    ]
    if run.resumed_at is not None:
        lines.append(
            f"A run that was stopped has gone on: {run.resumed_at:,} of its {run.parts:,} parts were done. Leads are "
            f"as it read them at {run.started_at:%Y-%m-%d %H:%M} UTC; score again for what is newer."
        )
    return lines


def print_demo(run: DemoRun, *, json: bool) -> None:
    """The demo's scores, and where to go from here."""
    if json:
        print_json({"config": run.config, "page": run.page, "bundle": run.training.bundle, **run.scoring.to_dict()})
        return
    print_training(run.training, json=False)
    print_scoring(run.scoring, json=False)
    print_lines(
        "",
        "Next:",
        f"  {command()} explain {run.scoring.best[0]['lead_id']} --config {run.config}",
        f"  {command()} cutoffs --config {run.config}",
        f"  {command()} score --config {run.config}",
        f"  {command()} init YOUR-LEADS.csv",
        "",
        f"The page: {run.page.resolve()}",
    )


def _finding(finding: Mapping[str, Any]) -> str:
    return f"{finding['code']} {finding['level']}: {finding['message']} {finding['advice']}".rstrip()


def _best_row(row: Mapping[str, Any]) -> list[str]:
    reason = row["reasons_for"][0]["reason"] if row["reasons_for"] else ""
    return [row["lead_id"], f"{row['score']:.1f}", row["grade"], row["stage"] or "-", reason]


def _figures(name: str, metrics: Mapping[str, Sequence[float | None]]) -> list[str]:
    loss, low, high = metrics["log_loss"]
    return [name, _figure(loss), f"{_figure(low)}-{_figure(high)}", *(_figure(metrics[key][0]) for key in _METRICS)]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "none"


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
