from __future__ import annotations

import pytest

from benchmarks.frameworks import FRAMEWORKS, Worth, measure, report
from leadml.rules import preset_names


@pytest.fixture(scope="module")
def measured() -> list[Worth]:
    return measure(1_000, seed=1)


def test_every_preset_is_measured() -> None:
    assert {preset for framework in FRAMEWORKS for preset in framework.presets} == set(preset_names())


def test_every_preset_maps_to_the_demo_and_what_has_no_column_is_listed(measured: list[Worth]) -> None:
    gone = {one.framework.name: one.unmapped for one in measured if one.unmapped}
    assert gone == {
        "GPCTBA/C&I": ("Goals", "Plans", "Negative consequences", "Positive implications"),
        "Points": ("Second thoughts: looks for a job", "Second thoughts: unsubscribed"),
        "ICP / target market": ("Sales team", "Growth", "gate: a competitor", "gate: a free e-mail address"),
        "Personas": ("Function", "Tools in use"),
    }
    for one in measured:
        assert one.mapped == len(one.dimensions) - sum(name in one.dimensions for name in one.unmapped)
        assert one.auc[1] <= one.auc[0] <= one.auc[2]
        assert one.lift[1] <= one.lift[0] <= one.lift[2]


def test_the_report_is_a_table_with_a_row_per_framework(measured: list[Worth]) -> None:
    lines = list(report(measured))
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
    assert [line.split(" | ")[0] for line in lines[2:11]] == [f"| {framework.name}" for framework in FRAMEWORKS]
    of_segments = {one.framework.name: one.rows for one in measured}
    assert of_segments["P-MAP"] + of_segments["E-MAP"] == of_segments["P-MAP and E-MAP"] == of_segments["BANT"]
