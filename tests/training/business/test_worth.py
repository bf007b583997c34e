from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from leadml.training.business.worth import Deal, deals_won, learn_worth


def deal(key: str, value: float, segment: str | None = None) -> Deal:
    return Deal((key, "then"), segment, value)


def test_without_any_deal_every_lead_counts_one() -> None:
    worth = learn_worth([])
    assert (worth.overall, worth.of(None), worth.of("Cloud")) == (None, 1.0, 1.0)


def test_leads_of_one_deal_count_once() -> None:
    worth = learn_worth([deal("a", 100.0), deal("a", 300.0), deal("b", 400.0)])
    assert (worth.overall, worth.deals) == (300.0, 2)


def test_a_segment_is_drawn_towards_the_mean_of_all_as_if_by_ten_more_deals() -> None:
    deals = [deal(f"x{n}", 100.0, "Small") for n in range(9)] + [deal("big", 1100.0, "Large")]
    worth = learn_worth(deals)
    assert worth.overall == 200.0
    assert worth.of("Large") == pytest.approx((1100 + 10 * 200) / 11)
    assert worth.of(" large ") == worth.of("Large")
    assert worth.of("Small") == pytest.approx((900 + 10 * 200) / 19)
    assert worth.of("never won") == worth.of(None) == 200.0


def test_what_is_stated_overrules_what_was_learned() -> None:
    deals = [deal("a", 100.0, "Small"), deal("b", 300.0, "Large")]
    one = learn_worth(deals, {"large": 5000.0})
    assert (one.of("Large"), one.of("other"), one.of("Small")) == (5000.0, 200.0, (100 + 2000) / 11)
    rest = learn_worth(deals, {"Large": 5000.0, "*": 7.0})
    assert (rest.of("Large"), rest.of("Small"), rest.of(None)) == (5000.0, 7.0, 7.0)


def test_a_deal_belongs_to_the_segment_of_most_of_its_leads() -> None:
    deals = [deal("a", 10.0, "B"), deal("a", 10.0, None), deal("a", 10.0, "A"), deal("a", 10.0, "A"), deal("c", 90.0)]
    assert set(learn_worth(deals).segments) == {"a"}


def test_the_order_of_deals_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    deals = [deal(f"k{rng.integers(20)}", float(rng.random()), str(rng.choice(["A", "B", "a"]))) for _ in range(60)]
    assert learn_worth([deals[i] for i in rng.permutation(60)]) == learn_worth(deals)


def test_leads_of_an_account_won_together_are_one_deal_and_what_is_not_won_or_not_valued_is_none() -> None:
    early, late = datetime(2025, 1, 1), datetime(2025, 2, 1)  # noqa: DTZ001 (UTC)
    rows = [
        *(("a", "x", "won", 100.0, early), ("b", "x", "won", 300.0, early), ("c", "x", "won", 500.0, late)),
        *(("d", "y", "lost", 9.0, early), ("e", "y", "won", 0.0, early), ("f", "y", "won", None, early)),
        ("g", "y", "won", 800.0, None),
    ]
    names = ("lead_id", "account_id", "outcome", "deal_value", "closed_at")
    leads = pa.table({name: [row[place] for row in rows] for place, name in enumerate(names)})
    found = list(deals_won(leads, {"a": "Cloud"}))
    assert [(one.segment, one.value) for one in found] == [("Cloud", 100), (None, 300), (None, 500), (None, 800)]
    assert learn_worth(found).deals == 3
    assert [one.value for one in deals_won(leads, {}, before=late)] == [100, 300]
    assert len({one.key for one in deals_won(leads.drop_columns("closed_at"), {})}) == 4
    assert list(deals_won(leads.drop_columns("deal_value"), {})) == []
