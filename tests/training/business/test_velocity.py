"""Sales velocity and its parts, against pandas and by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from leadml.training.business.deals import mean_with_interval, median_with_interval, share_with_interval, won_deals
from leadml.training.business.months import MonthlyCounts
from leadml.training.business.returns import MOST_SOURCES, return_on_cost
from leadml.training.business.velocity import Qualified, first_crossings, sales_velocity
from leadml.training.cutoffs import Cutoff, Figures, OutOfTime

START = pd.Timestamp("2024-01-01")
END = float((pd.Timestamp("2024-12-31 12:00") - pd.Timestamp(0)) / pd.Timedelta(days=1))
HORIZON = 60


def company(seed: int = 0, leads: int = 400) -> pd.DataFrame:
    """Leads of accounts that share deals; some costs, sources and values are not on record."""
    rng = np.random.default_rng(seed)
    account = rng.integers(0, leads // 2, leads)
    created = START + pd.to_timedelta(rng.integers(0, 365 * 24, leads), unit="h")
    outcome = np.where(rng.random(leads // 2) < 0.4, "won", np.where(rng.random(leads // 2) < 0.7, "lost", None))
    frame = pd.DataFrame(
        {
            "lead_id": [f"l{i}" for i in range(leads)],
            "account_id": [f"a{i}" for i in account],
            "created_at": created.astype("datetime64[us]"),
            "outcome": outcome[account],
            "deal_value": np.where(rng.random(leads) < 0.9, rng.lognormal(8, 1, leads), np.nan),
            "lead_cost": np.where(rng.random(leads) < 0.95, rng.lognormal(3, 1, leads), np.nan),
            "source": rng.choice(np.array(["web", "fair", None], dtype=object), leads, p=[0.6, 0.3, 0.1]),
        }
    )
    days = pd.to_timedelta(rng.integers(1, 120, leads), unit="D")
    frame["closed_at"] = (frame["created_at"] + days).where(frame["outcome"].notna()).astype("datetime64[us]")
    return frame


def table(frame: pd.DataFrame) -> pa.Table:
    types = {"outcome": pa.string(), "source": pa.string()}
    return pa.table({name: pa.array(frame[name], types.get(name), from_pandas=True) for name in frame.columns})


def deals_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The won deals by pandas: one row per account."""
    won = frame[frame["outcome"] == "won"].groupby("account_id")
    deals = won.agg(value=("deal_value", "mean"), first=("created_at", "min"), last=("closed_at", "min"))
    return deals.assign(cycle=(deals["last"] - deals["first"]) / pd.Timedelta(days=1), leads=won.size())


def test_without_crossings_the_parts_are_those_of_pandas() -> None:
    frame = company()
    found = sales_velocity(table(frame), qualified=None, horizon_days=HORIZON, end=END)
    deals = deals_of(frame)
    cycle = deals["cycle"].median()
    until = pd.Timestamp(0) + pd.Timedelta(days=END - HORIZON - cycle)
    old = frame[frame["created_at"] <= until]
    months = frame["created_at"].dt.to_period("M").value_counts().sort_index()
    expected = {
        "per_month": months.iloc[-3:].mean(),
        "win_rate": (old["outcome"] == "won").mean(),
        "deal_value": deals["value"].mean(),
        "cycle_days": cycle,
    }
    assert {name: found[name][0] for name in expected} == pytest.approx(expected)
    assert [month["leads"] for month in found["months"]] == months.tolist()
    assert found["leads_per_deal"] == pytest.approx(deals["leads"].mean())
    velocity = expected["per_month"] * expected["win_rate"] * expected["deal_value"] / deals["leads"].mean() / cycle
    assert found["per_day"][0] == pytest.approx(velocity)
    assert found["per_day"][1] < velocity < found["per_day"][2]
    assert found["missing"] == []
    assert found["deals_valued"] == deals["value"].notna().sum()


def test_the_interval_of_the_velocity_is_wider_than_that_of_any_part() -> None:
    found = sales_velocity(table(company()), qualified=None, horizon_days=HORIZON, end=END)
    parts = ("per_month", "win_rate", "deal_value", "cycle_days")
    widths = [np.log(found[name][2] / found[name][1]) for name in parts]
    assert np.log(found["per_day"][2] / found["per_day"][1]) == pytest.approx(np.sqrt(np.sum(np.square(widths))))


def test_with_crossings_these_are_the_qualified_leads() -> None:
    counts = MonthlyCounts(("2024-10", "2024-11"), np.array([30.0, 50.0]), np.array([4.0, 4.0]))
    qualified = Qualified(0.2, counts, (0.5, 0.4, 0.6))
    found = sales_velocity(table(company()), qualified=qualified, horizon_days=HORIZON, end=END)
    assert (found["qualified"], found["cutoff"], found["newest_months"]) == ("crossed", 0.2, 2)
    assert found["per_month"][0] == 40
    assert found["win_rate"] == (0.5, 0.4, 0.6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.drop(columns="deal_value"), "No column says what a deal is worth (leads.deal_value)."),
        (lambda f: f.assign(deal_value=np.nan), "No won deal has its value on record."),
        (lambda f: f.assign(closed_at=pd.NaT), "No won deal has its close date on record (leads.closed_at)."),
        (
            lambda f: f.assign(created_at=pd.Timestamp("2024-11-15"), closed_at=pd.Timestamp("2024-11-25")),
            "No lead is old enough to tell the win rate.",
        ),
    ],
)
def test_what_is_missing_is_said_and_no_velocity_told(change, said: str) -> None:
    frame = change(company()).astype({"closed_at": "datetime64[us]", "created_at": "datetime64[us]"})
    found = sales_velocity(table(frame), qualified=None, horizon_days=HORIZON, end=END)
    assert said in found["missing"]
    assert not found["per_day"][0] > 0


def by_source(frame: pd.DataFrame) -> pd.DataFrame:
    """Leads, cost, wins and revenue of each source by pandas, lead by lead."""
    deals = deals_of(frame)
    shares = frame.join(deals, on="account_id")
    won = frame["outcome"] == "won"
    frame = frame.assign(
        wins=np.where(won, 1 / shares["leads"], 0.0),
        revenue=np.where(won, (shares["value"] / shares["leads"]).fillna(0), 0.0),
        source=frame["source"].fillna("not given"),
    )
    until = pd.Timestamp(0) + pd.Timedelta(days=END - HORIZON - deals["cycle"].median())
    counted = frame[(frame["created_at"] <= until) & frame["lead_cost"].notna()]
    return counted.groupby("source").agg(
        leads=("lead_id", "size"), cost=("lead_cost", "sum"), wins=("wins", "sum"), revenue=("revenue", "sum")
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_the_returns_are_those_of_pandas(seed: int) -> None:
    frame = company(seed)
    found = return_on_cost(table(frame), "source", horizon_days=HORIZON, end=END)
    expected = by_source(frame)
    assert [row["source"] for row in found["rows"]] == expected.sort_values("leads", ascending=False).index.tolist()
    for row in found["rows"]:
        wanted = expected.loc[row["source"]]
        assert {key: row[key] for key in wanted.index} == pytest.approx(wanted.to_dict())
        assert row["per_cost"][0] == pytest.approx(wanted["revenue"] / wanted["cost"])
        assert row["cost_per_win"][0] == pytest.approx(wanted["cost"] / wanted["wins"])
    assert found["total"]["revenue"] == pytest.approx(expected["revenue"].sum())


def test_a_deal_counts_once_and_is_shared_among_its_sources() -> None:
    frame = company().iloc[:3].assign(
        account_id=["a", "a", "b"], outcome=["won", "won", "lost"], deal_value=[900.0, 900.0, 7.0],
        lead_cost=[10.0, 20.0, 30.0], source=["web", "fair", "web"], created_at=START,
        closed_at=START + pd.Timedelta(days=30),
    )  # fmt: skip
    found = return_on_cost(table(frame), "source", horizon_days=HORIZON, end=END)
    rows = {row["source"]: (row["leads"], row["cost"], row["wins"], row["revenue"]) for row in found["rows"]}
    assert rows == {"web": (2, 40.0, 0.5, 450.0), "fair": (1, 20.0, 0.5, 450.0)}
    assert found["total"]["wins"] == 1
    assert np.isnan(found["total"]["per_cost"][1])  # one deal is no evidence


def test_young_leads_do_not_count_as_losses() -> None:
    frame = company()
    young = frame.assign(lead_id="y" + frame["lead_id"], account_id="y" + frame["account_id"], outcome=None,
                         created_at=pd.Timestamp("2024-12-01"), closed_at=pd.NaT)  # fmt: skip
    both = pd.concat([frame, young]).astype({"closed_at": "datetime64[us]", "created_at": "datetime64[us]"})
    one, other = (
        return_on_cost(table(rows), "source", horizon_days=HORIZON, end=END) for rows in (frame, both)
    )  # fmt: skip
    assert one["rows"] == other["rows"]
    assert other["too_young"] == one["too_young"] + len(young)


def test_what_the_returns_lack_is_said() -> None:
    frame = company()
    assert return_on_cost(table(frame.drop(columns="lead_cost")), "source", horizon_days=HORIZON, end=END) == {
        "rows": [],
        "total": None,
        "missing": ["No column says what a lead cost (leads.cost)."],
    }
    bare = return_on_cost(table(frame.drop(columns="deal_value")), None, horizon_days=HORIZON, end=END)
    assert [row["source"] for row in bare["rows"]] == ["all leads"]
    assert bare["rows"][0]["revenue"] is None
    assert any("leads.source" in one for one in bare["missing"])
    assert any("no cost on record" in one for one in bare["missing"])
    assert any("leads.deal_value" in one for one in bare["missing"])


def test_very_many_sources_are_pooled_and_nothing_is_lost() -> None:
    frame = company().assign(source=[f"s{i}" for i in range(400)])
    found = return_on_cost(table(frame), "source", horizon_days=HORIZON, end=END)
    assert len(found["rows"]) == MOST_SOURCES + 1
    assert sum(row["leads"] for row in found["rows"]) == found["total"]["leads"]


def test_the_order_of_the_rows_is_no_matter() -> None:
    frame = company()
    turned = frame.sample(frac=1, random_state=0)
    one, other = (
        (
            sales_velocity(table(rows), qualified=None, horizon_days=HORIZON, end=END)["per_day"],
            [row["cost"] for row in return_on_cost(table(rows), "source", horizon_days=HORIZON, end=END)["rows"]],
        )
        for rows in (frame, turned)
    )
    assert one[0] == pytest.approx(other[0])
    assert one[1] == pytest.approx(other[1])


def test_intervals_hold_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    values = [rng.lognormal(0, 0.5, 40) for _ in range(2000)]
    mean, median = np.exp(0.125), 1.0
    held = [low <= mean <= high for _, low, high in map(mean_with_interval, values)]
    assert 0.92 < np.mean(held) < 0.97
    held = [low <= median <= high for _, low, high in map(median_with_interval, values)]
    assert 0.94 < np.mean(held) < 0.98
    assert np.isnan(median_with_interval(np.arange(5.0))[1])
    assert share_with_interval(0, 10)[1] == 0


def test_leads_above_the_cutoff_at_the_first_look_are_not_counted_as_crossing(weekly) -> None:
    cutoff = Cutoff("MQL", 0.5, "none", "", Figures(precision=(0.4, 0.3, 0.5)))
    found = first_crossings(weekly, [cutoff], 7)
    assert found is not None
    assert found.win_rate == (0.4, 0.3, 0.5)
    assert found.counts.month == ("2024-02", "2024-03")
    assert found.counts.leads.tolist() == [1, 0]
    assert first_crossings(weekly, [replace(cutoff, probability=None)], 7) is None


def test_leads_of_segments_cross_the_cutoffs_of_their_own(weekly) -> None:
    known = replace(weekly, label=(weekly.lead == 1).astype(float), segment=np.where(weekly.lead == 1, 0, -1))
    cutoffs = [Cutoff("MQL", 0.5, "none", ""), Cutoff("MQL", 0.15, "none", "", segment="low")]
    found = first_crossings(known, cutoffs, 7)
    assert found is not None
    assert found.cutoff is None
    assert found.counts.leads.tolist() == [0, 0]  # both were above theirs at the first look
    assert found.win_rate[0] == 0.5
    higher = first_crossings(known, [cutoffs[0], replace(cutoffs[1], probability=0.6)], 7)
    assert higher is not None
    assert higher.counts.leads.tolist() == [1, 0]
    lone = first_crossings(known, [cutoffs[0], replace(cutoffs[1], probability=None)], 7)
    assert lone is not None
    assert lone.win_rate[0] == 0.0
    assert first_crossings(known, [replace(one, probability=None) for one in cutoffs], 7) is None


@pytest.fixture
def weekly():
    """Three leads looked at every Monday from January 1 to March 25: one always above, one from February, one never."""
    rises = np.where(np.arange(13) >= 6, 0.7, 0.2)
    rises[9] = 0.1  # falls and crosses again: once is enough
    chances = np.concatenate([np.full(13, 0.9), rises, np.full(13, 0.1)])
    order = np.tile(19_723.0 + 7 * np.arange(13), 3)  # 2024-01-01
    lead = np.repeat([0, 1, 2], 13)
    return OutOfTime(chances, np.full(39, np.nan), lead, lead, order)


def test_a_company_without_a_won_deal_has_no_deals() -> None:
    frame = company().assign(outcome="lost")
    deals = won_deals(table(frame))
    assert len(deals.value) == len(deals.rows) == 0
    found = sales_velocity(table(frame), qualified=None, horizon_days=HORIZON, end=END)
    assert len(found["missing"]) == 2
    returned = return_on_cost(table(frame), "source", horizon_days=HORIZON, end=END)
    assert returned["total"]["wins"] == 0
