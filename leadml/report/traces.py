"""Where each figure of the page comes from: how it was computed, in a sentence, and the function that computed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trace:
    """A section of the page by its title, how its figures came about, and the functions whose docstrings say it all.

    `needs` is the part of the facts without which the section is not there, `unless` one that another section tells
    instead.
    """

    section: str
    how: str
    functions: tuple[str, ...]
    needs: str
    unless: str = ""


TRACES = (
    Trace(
        "How good it is",
        "Each figure on the rows held back, for each model; intervals from drawing whole accounts with replacement.",
        ("leadml.training.evaluation.evaluate",),
        "evaluation",
    ),
    Trace(
        "Does it keep its word?",
        "Up to ten bands of like scores: mean prediction, and share won with an interval over accounts or Wilson’s.",
        ("leadml.training.calibration.bands.reliability",),
        "evaluation",
    ),
    Trace(
        "How early it finds the wins",
        "The share of all wins among the best-scored leads, for each share of leads.",
        ("leadml.training.evaluation.gain",),
        "evaluation",
    ),
    Trace(
        "Cutoffs and weekly volumes",
        "Chosen, week by week, on leads scored by a scorer trained on older ones only. A lead counts once, when it "
        "first reaches the cutoff. Won means won within the horizon from then; reached is their share of all leads "
        "that were won. Value is what won leads were expected to bring, less the cost of working each lead. A promise "
        "is certified for a finite number of leads.",
        (
            "leadml.training.cutoffs.choosing.choose_cutoffs",
            "leadml.training.cutoffs.curve.figures_at",
            "leadml.training.cutoffs.guarantee.guaranteed",
            "leadml.training.cutoffs.confirmation.confirmed",
            "leadml.training.cutoffs.alternatives.alternatives",
        ),
        "cutoffs",
    ),
    Trace(
        "Move the cutoff",
        "The same figures at cutoffs spread over the weekly volume. Intervals come from drawing accounts and weeks; "
        "each is of one cutoff by itself. Missed wins are leads that were won and never reached the cutoff.",
        ("leadml.training.cutoffs.what_if.what_if", "leadml.training.cutoffs.curve.figures_at"),
        "what_if",
    ),
    Trace(
        "The weeks ahead",
        "From the numbers of leads that newly reached the cutoff in past weeks; older weeks count for less.",
        ("leadml.training.cutoffs.forecast.forecast",),
        "forecast",
    ),
    Trace(
        "Grades",
        "Bounds are multiples of the base rate when the project was set up; shares and wins on the rows held back.",
        ("leadml.training.grades.bounds.grade_table", "leadml.training.grades.moves.grade_moves"),
        "grades",
    ),
    Trace(
        "Missed wins and false alarms",
        "Won leads that never reached the MQL cutoff and leads that reached it and were lost, and what they share.",
        ("leadml.training.review.facts.review_facts",),
        "review",
    ),
    Trace(
        "Fairness",
        "Shares handed over and won by group of people, by columns that the scorer does not see.",
        ("leadml.training.fairness.facts.fairness_facts",),
        "fairness",
    ),
    Trace(
        "Sales velocity",
        "Qualified leads × win rate × deal value ÷ leads per deal ÷ cycle length, each over the newest time there is.",
        ("leadml.training.business.velocity.sales_velocity",),
        "velocity",
    ),
    Trace(
        "Return on lead cost",
        "Revenue of won deals over the cost of all leads, by source, of leads old enough to have been decided.",
        ("leadml.training.business.returns.return_on_cost",),
        "returns",
    ),
    Trace(
        "What moves the score",
        "The mean size of what a feature adds to the log-odds, over snapshots; the plots are the tables as they are.",
        ("leadml.training.drivers.driver_facts",),
        "drivers",
    ),
    Trace(
        "What counts in combination",
        "What two features together add to the log-odds beyond each alone.",
        ("leadml.training.interactions.pair_facts",),
        "pairs",
    ),
    Trace(
        "What the rules add",
        "The weight of a point comes from a logistic regression of the outcome on points.",
        ("leadml.training.rules_weight.fit_rules_weight",),
        "rules",
    ),
    Trace(
        "What became of each field",
        "How much worse the score gets without a field, or why it is not used.",
        ("leadml.training.fields.field_facts",),
        "fields",
    ),
    Trace(
        "What was left out, and why",
        "Columns refused when they were read, or by a finding.",
        ("leadml.training.findings.columns_left_out",),
        "excluded",
        unless="fields",
    ),
    Trace(
        "Findings about the data",
        "What the examination before training found.",
        ("leadml.training.examination.examine",),
        "findings",
    ),
)


def traces(facts: Mapping[str, Any]) -> list[Trace]:
    """The traces of the sections that there are facts for."""
    return [trace for trace in TRACES if facts.get(trace.needs) and not facts.get(trace.unless)]
