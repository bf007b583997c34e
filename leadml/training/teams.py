"""What segments by team can promise where nobody recorded which team a lead had when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leadml.features.teams import teams_have_a_history
from leadml.schema import LeadTables
from leadml.training.choices import Choices
from leadml.training.cutoffs import Cutoff
from leadml.training.findings import Finding

_NO_PROMISE = "Nothing is promised, as teams are known only as they are now."


def teams_as_they_are_now(tables: LeadTables, choices: Choices) -> list[Finding]:
    """Say so where segments go by teams, leads have a past, and nothing tells what their team was then.

    A lead that is passed on because it is about to be won stands in its last team's past, too, and flatters it.
    """
    if not choices.by_team or "created_at" not in tables.leads.column_names or teams_have_a_history(tables):
        return []
    message = "Cutoffs go by team, and teams are known only as they are now: leads may have been passed on since."
    advice = (
        "Figures of these segments may flatter, and nothing is promised for them. Bring the changes of the team in the "
        "field history ([history]), or tell segments apart by what is known from the beginning."
    )
    return [Finding("R115", "warning", None, message, advice)]


def without_promises(cutoffs: Sequence[Cutoff]) -> list[Cutoff]:
    """The cutoffs, those of segments without a guarantee."""
    return [
        one
        if one.segment is None or one.guarantee is None
        else replace(one, guarantee=None, why=f"{one.why} {_NO_PROMISE}")
        for one in cutoffs
    ]
