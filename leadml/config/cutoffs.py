"""The section of leadml.toml on cutoffs: what is asked of them, for all leads or for parts of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from leadml.config.fields import (
    A_COLUMN,
    A_NUMBER,
    A_SHARE,
    A_SWITCH,
    Amount,
    Between,
    Positive,
    Section,
    Share,
    Switch,
    Text,
    Texts,
    Whole,
    key,
)

# As long as the page and tables show of it: longer ones could not be told apart there.
SegmentName = Annotated[Text, Field(max_length=80)]

_A_TABLE = "a section, such as one with per_week = 40"


class StageSettings(Section):
    """What is asked of one stage's cutoff; where nothing is, its leads convert at (SQL: twice) the base rate."""

    per_week: Whole | None = key("capacity: no more leads a week than can be worked", A_NUMBER, None)
    target_per_week: Whole | None = key("target: as near to so many leads a week as can be", A_NUMBER, None)
    minimum_precision: Share | None = key("share of these leads that must be won within the horizon", A_SHARE, None)
    confidence: Between | None = key(
        "how sure minimum_precision must be; a plain estimate when left out",
        "a number between 0 and 1, such as 0.95",
        None,
    )
    minimum_recall: Share | None = key("share of all wins that must be among these leads", A_SHARE, None)
    expected_value: Switch = key("true: what brings most, less cutoffs.cost_of_working", A_SWITCH, False)
    f_beta: Positive | None = key(
        "the highest F-beta: recall counts so many times as much as precision", "a number above 0, such as 1", None
    )
    probability: Between | None = key(
        "the cutoff itself, set by hand; stands alone", "a number between 0 and 1, such as 0.2", None
    )


class CutoffSegment(Section):
    """Cutoffs for some of the leads only: those whose column has one of the values."""

    name: SegmentName = key("what the segment is called", "a text in quotes, of 80 characters at most")
    column: Text = key("what tells segments apart: an attribute of the leads, or leads.team", A_COLUMN)
    one_of: Annotated[Texts, Field(min_length=1)] = key("its values in this segment", 'a list such as ["Enterprise"]')
    mql: StageSettings = key("what is asked of its MQL cutoff", _A_TABLE, StageSettings())
    sql: StageSettings = key("what is asked of its SQL cutoff", _A_TABLE, StageSettings())


class CutoffSettings(Section):
    """From which probability on a lead is an MQL or an SQL."""

    sql_needs_intent: Switch = key("true: an SQL has also shown intent", A_SWITCH, True)
    cost_of_working: Amount = key(
        "what working one lead costs, in the currency of the deals", "a number of 0 or more, such as 150", 0.0
    )
    mql: StageSettings = key("what is asked of the MQL cutoff; all of it holds together", _A_TABLE, StageSettings())
    sql: StageSettings = key("what is asked of the SQL cutoff, which never lies below MQL", _A_TABLE, StageSettings())
    segments: tuple[CutoffSegment, ...] = key(
        "parts of the leads with cutoffs of their own, such as teams; all others go by the cutoffs above",
        "[[cutoffs.segments]] tables",
        (),
    )
