"""Names in the settings that nothing in the data has."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from leadml.schema import LeadTables
from leadml.training.choices import Choices
from leadml.training.cutoffs import CutoffPolicy, SegmentPolicy
from leadml.training.unseen import names_not_seen

MOMENT = datetime(2024, 1, 1)  # noqa: DTZ001 (UTC)


@pytest.fixture
def tables() -> LeadTables:
    leads = pa.table({"lead_id": ["a", "b"], "region": ["Europe", "Asia"], "size": [10.0, 20.0]})
    activities = pa.table({"lead_id": ["a"], "occurred_at": [MOMENT], "type": ["demo_request"]})
    history = pa.table({"lead_id": ["a"], "field": ["region"], "value": ["Africa"], "changed_at": [MOMENT]})
    return LeadTables(
        leads=leads,
        activities=activities,
        history=history,
        attributes=("region", "size"),
        answers={},
        rejects={},
        counts={},
    )


def asked(column: str, *values: str) -> Choices:
    segment = SegmentPolicy(name="x", column=column, one_of=values)
    return Choices(cutoffs=CutoffPolicy(segments=(segment,)))


def test_a_value_of_a_segment_that_no_lead_ever_had_is_named_with_what_was_meant(tables) -> None:
    (found,) = names_not_seen(tables, asked("region", "Eurpe", " asia ", "AFRICA"))
    assert found.message == "cutoffs.segments[1].one_of: no lead has 'Eurpe' in 'region'."
    assert found.advice == "Did you mean 'Europe'? Mend it, or take it out."
    assert not names_not_seen(tables, asked("size", "10", "20.0"))


def test_activity_types_to_label_or_prompt_that_do_not_occur_are_named(tables) -> None:
    choices = Choices(activity_labels={"demo_reqest": "Demo", "demo_request": "Demo"}, prompt_types=("demo-request",))
    assert [(one.message, one.advice.split("?")[0]) for one in names_not_seen(tables, choices)] == [
        ("activities.labels: no activity is of type 'demo_reqest'.", "Did you mean 'demo_request'"),
        ("activities.prompt_types: no activity is of type 'demo-request'.", "Did you mean 'demo_request'"),
    ]
