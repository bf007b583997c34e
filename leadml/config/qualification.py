"""The sections of leadml.toml on rules, the lifecycle, accounts and the work list."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from leadml.config.fields import (
    A_COLUMN,
    A_NUMBER,
    A_SHARE,
    A_TEXT,
    WORKABLE,
    Amount,
    Between,
    Positive,
    Section,
    Share,
    Text,
    Texts,
    Whole,
    Workable,
    key,
)


class RuleSegment(Section):
    """Rules for some of the leads only: those whose column has one of the values."""

    name: Text = key("what the segment is called; it stands before the names of its dimensions", A_TEXT)
    column: Text = key("the attribute that tells segments apart", A_COLUMN)
    one_of: Annotated[Texts, Field(min_length=1)] = key("its values in this segment", 'a list such as ["inbound"]')
    preset: Text | None = key("a rulebook that leadml brings along", 'a text such as "p_map"', None)
    file: Text | None = key("a rulebook of your own", 'the path of a file, such as "inbound.toml"', None)


class RuleSettings(Section):
    """The rules that sales already believe in; neither preset nor file nor segments = no rules.

    What is stated of them holds until leads have closed, and gives way as they do.
    """

    preset: Text | None = key("a rulebook that leadml brings along", 'a text such as "bant"', None)
    file: Text | None = key("a rulebook of your own", 'the path of a file, such as "rules.toml"', None)
    base_rate: Between | None = key(
        "the share of leads that you expect to be won; without closed leads the rules score with it",
        "a number between 0 and 1, such as 0.1",
        None,
    )
    points_that_double_odds: Positive | None = key(
        "how many rule points double the odds; a fifth of the rulebook's range where base_rate is alone",
        "a number above 0, such as 20",
        None,
    )
    cost_of_asking: Share = key(
        "what putting a question to a lead costs, as a share of what a won deal is worth", A_SHARE, 0.0
    )
    segments: tuple[RuleSegment, ...] = key(
        "rulebooks for parts of the leads instead of one for all, such as inbound and outbound",
        "[[rules.segments]] tables",
        (),
    )
    attributes: dict[str, Text] = key(
        'attributes of the rulebook and the columns that hold them: employees = "Company size"',
        'lines such as employees = "Company size"',
        {},
    )
    activities: dict[str, Texts] = key(
        'activities of the rulebook and your types: pricing_page = ["Visited pricing"]',
        'lines such as pricing_page = ["Visited pricing"]',
        {},
    )


class LifecycleSettings(Section):
    """How leads move from stage to stage."""

    file: Text | None = key(
        "a lifecycle of your own; the one that leadml brings along when left out",
        'the path of a file, such as "lifecycle.toml"',
        None,
    )


class QueueSettings(Section):
    """Whom to call today."""

    per_day: Whole = key("leads that one rep works in a day", A_NUMBER, 20)
    half_life_days: Positive = key(
        "in so many days a lead that waits for its first contact loses half its value",
        "a number above 0, such as 7",
        7.0,
    )
    contact_types: Texts = key(
        "types of activities by which we contact a lead", 'a list of texts, such as ["call", "meeting"]', ()
    )
    stages: Annotated[tuple[Workable, ...], Field(min_length=1)] = key(
        "stages at which leads are worked", f"a list of stages, each one of {WORKABLE}", ("MQL", "SAL", "SQL", "PQL")
    )
    value_by: Text | None = key("tells deals apart whose values differ, such as a product", A_COLUMN, None)
    values: dict[str, Amount] = key(
        'what a deal is worth, by value of value_by ("*" = any other); told by deals won when left out',
        'lines such as Enterprise = 50000, or "*" = 8000',
        {},
    )


class AccountSettings(Section):
    """What a buying committee is made of."""

    roles: Texts = key(
        "roles that a purchase needs among an account's contacts; every role that occurs when left out",
        'a list of values of leads.role, such as ["C-level", "Manager"]',
        (),
    )
