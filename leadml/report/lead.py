"""One lead's page: its score as a way, the reasons as a table, what could be done, and what people decided."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from leadml import charts
from leadml.charts import plain
from leadml.report.figures import drawn
from leadml.report.formats import UNKNOWN, factor, number, percent, records
from leadml.report.page import template

MOST_REASONS = 15
MOST_ANSWERS = 20


@dataclass(frozen=True)
class Line:
    """One line of the sum: its words, what it does to the odds, and the same in log-odds ("" for none)."""

    text: str
    odds: str
    log_odds: str


@dataclass(frozen=True)
class Possible:
    """What could become known or happen: its words, how likely it is ("" if nobody knows), and the probability then."""

    text: str
    share: str
    probability: str
    change: str


@dataclass(frozen=True)
class Asked:
    """An open question and its answers, the likeliest first."""

    question: str
    answers: list[Possible]


@dataclass(frozen=True)
class Decided:
    """What a person decided."""

    when: str
    decision: str
    by: str
    reason: str


def render_lead(told: Mapping[str, Any]) -> str:
    """The page of one lead as one HTML document, of what `leadml explain --json` prints.

    `told` needs lead_id, probability and log_odds, intercept, and the reasons_for and reasons_against that add up to
    them; grade, stage, cutoffs, as_of, horizon_days, prompts, questions, next_question and decisions may be missing.
    Texts are shortened and escaped.
    """
    now = number(told.get("probability")) or 0.0
    return template("lead.html").render(
        lead=told.get("lead_id"),
        claim=claim(told),
        facts=_facts(told),
        held_to=held_to(told),
        waterfall=_waterfall(told),
        lines=_lines(told),
        prompts=[_possible(prompt, "activity", now) for prompt in records(told.get("prompts"))],
        questions=[_asked(question, now) for question in records(told.get("questions"))],
        next_question=told.get("next_question"),
        decisions=[_decided(decision) for decision in records(told.get("decisions"))],
        bundle=str(told.get("bundle") or "")[:12],
    )


def claim(told: Mapping[str, Any]) -> str:
    """The one sentence to remember of a lead."""
    horizon = number(told.get("horizon_days"))
    within = f" within {horizon:g} days" if horizon else ""
    return f"{chance(told.get('probability'))} likely to be won{within}."


def held_to(told: Mapping[str, Any]) -> str:
    """The cutoffs that a lead is held to, and its segment where it has one; "" where nothing tells."""
    given = told.get("cutoffs")
    if not isinstance(given, Mapping):
        return ""
    mql, sql = number(given.get("mql")), number(given.get("sql"))
    found = [f"MQL from {percent(mql)}"] if mql is not None else []
    found += [f"SQL from {percent(sql)}{' with intent shown' * bool(given.get('sql_needs_intent'))}"] if sql else []
    whose = f"Segment {plain(given['segment'], 80)}: " if given.get("segment") else ""
    why = [plain(one, 600) for one in given.get("why") or ()]
    return whose + " ".join([*([f"{', '.join(found)}."] if found else []), *why])


def chance(value: object) -> str:
    """A probability as a percentage that never reads as certain."""
    share = number(value)
    return UNKNOWN if share is None else percent(min(max(share, 0.001), 0.999))


def _facts(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    stage = told.get("stage") or "not decided"
    facts = [("Grade", plain(told.get("grade", UNKNOWN), 8)), ("Recommended stage", plain(stage, 24))]
    return facts + ([("As of", _minute(told["as_of"]))] if told.get("as_of") else [])


def _reasons(told: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Reasons for and against, the strongest first."""
    both = [*records(told.get("reasons_for")), *records(told.get("reasons_against"))]
    found = [(str(reason.get("reason")), number(reason.get("log_odds")) or 0.0) for reason in both]
    return sorted(found, key=lambda reason: -abs(reason[1]))


def _waterfall(told: Mapping[str, Any]) -> Markup:
    intercept, reasons = number(told.get("intercept")) or 0.0, _reasons(told)
    steps = charts.waterfall_steps(intercept, reasons)
    said = "; ".join(f"{plain(step.text, 60)} {_signed(step.end - step.start)}" for step in steps)
    words = f"Waterfall from a lead like any other to this lead, in log-odds: {said}."
    return drawn(charts.waterfall(intercept, reasons), "waterfall", words)


def _lines(told: Mapping[str, Any]) -> list[Line]:
    """The sum as a table; what is left after the strongest reasons is one line."""
    reasons = _reasons(told)
    rest = [log_odds for _, log_odds in reasons[MOST_REASONS:]]
    small = [(f"{len(rest)} smaller reason{'s' * (len(rest) > 1)} together", math.fsum(rest))] if rest else []
    shown = [Line(plain(text), factor(value), _signed(value)) for text, value in [*reasons[:MOST_REASONS], *small]]
    first = Line("A lead like any other", "", _signed(number(told.get("intercept")) or 0.0))
    return [first, *shown, Line("Sum", "", _signed(number(told.get("log_odds")) or 0.0))]


def _asked(question: Mapping[str, Any], now: float) -> Asked:
    answers = [_possible(answer, "answer", now) for answer in records(question.get("answers"))]
    return Asked(plain(question.get("question"), 200), answers[:MOST_ANSWERS])


def _possible(entry: Mapping[str, Any], words: str, now: float) -> Possible:
    then = number(entry.get("probability"))
    change = "" if then is None else f"{_signed(100 * (then - now), 1)} points"
    share = percent(entry["share"], 0) if number(entry.get("share")) is not None else ""
    return Possible(plain(entry.get(words)), share, chance(then), change)


def _decided(decision: Mapping[str, Any]) -> Decided:
    texts = [plain(decision.get(key) or UNKNOWN, 200) for key in ("decision", "decided_by", "reason")]
    return Decided(_minute(decision.get("decided_at")), *texts)


def _signed(value: float, digits: int = 2) -> str:
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _minute(moment: object) -> str:
    return plain(str(moment)[:16].replace("T", " "), 16)
