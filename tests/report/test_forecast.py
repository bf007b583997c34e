from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

import pytest

from leadml import charts
from leadml.report import forecast


def test_the_next_week_is_said_with_its_range(facts: dict[str, Any]) -> None:
    mql, sql = forecast.forecasts(facts)
    assert mql.sentence == "60 new MQLs are expected in the week from 2025-12-01; 44 to 79 with 90\u202f% probability."
    assert [row[0] for row in mql.weeks] == ["2025-12-01", "2025-12-08", "2025-12-15", "2025-12-22"]
    assert mql.under_way.startswith("The week from 2025-12-01 is the one that was under way when the data ended")
    assert mql.under_way.endswith("are seen on 2025-12-08.")
    drawn = forecast.chart(mql, "weeks")
    assert drawn is not None
    assert "44 to 79" in ElementTree.fromstring(drawn).attrib["aria-label"]
    assert (sql.weeks, forecast.chart(sql, "weeks")) == ([], None)
    assert sql.too_little.startswith("Only 5 weeks were seen")


def test_where_too_little_was_seen_no_week_is_promised_whatever_the_facts_hold(facts: dict[str, Any]) -> None:
    facts["forecast"]["MQL"]["too_little"] = "Too few weeks."
    assert forecast.forecasts(facts)[0].weeks == []


def test_without_a_signal_or_a_forecast_nothing_is_said(facts: dict[str, Any]) -> None:
    assert forecast.forecasts(facts | {"signal": False}) == forecast.forecasts({}) == []


@pytest.mark.parametrize("gap", [None, math.nan, [], {}, "text", 7, [None], [[]], {"a": None}])
def test_any_part_of_a_forecast_may_be_missing_or_unreadable(gap: object, facts: dict[str, Any]) -> None:
    told = facts["forecast"]["MQL"]
    broken = [gap, {"MQL": gap}, *({"MQL": told | {key: gap}} for key in told)]
    broken += [{"MQL": told | {"weeks": [told["weeks"][0] | {key: gap}]}} for key in told["weeks"][0]]
    for one in broken:
        for told in forecast.forecasts({"forecast": one}):
            forecast.chart(told, "weeks")


def test_a_long_past_is_drawn_by_its_newest_weeks() -> None:
    seen = [{"from": f"w{i:03}", "leads": i} for i in range(100)]
    drawn = charts.weekly(seen, [{"from": "w100", "expected": 9.0, "low": 4.0, "high": 12.0}])
    svg = charts.to_svg(drawn, name="w", description="d")
    assert "w100" in svg
    assert svg.count('fill="var(--chart-faint') == 26
