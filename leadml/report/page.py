"""Facts and shapes in, one HTML page out: no request, no script but our own, the same bytes every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader, Template
from markupsafe import Markup

from leadml.charts import Interaction, Shape, plain
from leadml.report import (
    business,
    calibration,
    cutoffs,
    fairness,
    fields,
    figures,
    forecast,
    formats,
    grades,
    interactions,
    review,
    story,
    traces,
)
from leadml.report.measures import comparison, verdict
from leadml.report.moving import section as moving
from leadml.report.moving.script import embedded, policy, script

# A page must stay small whatever the data was like; what is cut is counted on the page.
MOST_ROWS = 100
# Where the traces go once the page tells which sections it has; no text of the user can hold it, as all are escaped.
_TRACED = Markup("<!-- traces -->")
LEVELS = ("error", "warning", "note")


def render(
    facts: Mapping[str, Any],
    shapes: Sequence[Shape],
    pairs: Sequence[Interaction] = (),
    *,
    reviewed: Sequence[Mapping[str, Any]] | None = None,
) -> str:
    """The report as one HTML document.

    `facts` are the training facts of a bundle (any part may be missing); `shapes` the score tables to draw, of which
    the strongest `figures.MOST_SHAPES` are shown, and `pairs` those of two features; `reviewed` the missed wins and
    false alarms lead by lead, None where they are not at hand. Texts of the user are shortened and escaped.
    """
    findings = _findings(facts)
    reaches = story.reaches(facts)
    moved = moving.blocks(facts)
    running = script() if moved else None
    page = template("page.html").render(
        facts=facts,
        signal=facts.get("signal") is not False,
        by_rules=story.by_rules(facts),
        claim=story.claim(facts),
        lede=story.lede(facts),
        cards=story.cards(facts),
        period=story.period(facts),
        urgent=[f for f in findings if f.get("level") in ("error", "warning")][:3],
        findings=findings,
        comparison=comparison(story.part(facts, "evaluation", "models")),
        verdict=verdict(story.part(facts, "evaluation", "models")),
        reaches=reaches,
        reliability=figures.reliability(facts),
        gain=figures.gain(facts, reaches),
        drivers=figures.drivers(facts),
        shapes=figures.shapes(facts, shapes),
        grades=grades.section(facts),
        fairness=fairness.sections(facts),
        review=review.section(facts, reviewed),
        interactions=interactions.interactions(pairs),
        fields=fields.fields(facts),
        calibration=calibration.section(facts),
        recalibrated=calibration.recalibrated(facts),
        velocity=business.velocity(facts),
        returns=business.returns(facts),
        cutoffs=cutoffs.published(facts),
        none_published=cutoffs.NONE,
        segments=cutoffs.segments(facts),
        alternatives=cutoffs.alternatives(facts),
        unit=story.unit(facts),
        judged_on=story.judged_on(facts),
        within=story.within(facts),
        what_if=moved,
        forecasts=[
            (one, forecast.chart(one, f"weeks-{place}")) for place, one in enumerate(forecast.forecasts(facts), start=1)
        ],
        traced=_TRACED,
        moves=embedded(moving.moves(moved)),
        script=running,
        policy=Markup(policy(running)),  # noqa: S704 - of our own words
        most=MOST_ROWS,
    )
    return page.replace(_TRACED, template("traces.html").render(traces=traces.traces(page)), 1)


def _findings(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Findings, the gravest first, otherwise in the order they were made."""
    return sorted(
        formats.records(facts.get("findings")),
        key=lambda f: LEVELS.index(f["level"]) if f.get("level") in LEVELS else len(LEVELS),
    )


@cache
def template(name: str) -> Template:
    """A page of this package, by the name of its file."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=ChainableUndefined,  # every part of the facts is optional
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (formats.percent, formats.count, formats.decimal, formats.factor, formats.per_week, formats.day)
    environment.filters |= {f.__name__: f for f in (*filters, formats.items, formats.records, formats.triple, plain)}
    return environment.get_template(name)
