import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import norm

from leadml.training.findings import CODES
from leadml.training.readiness import auc_standard_error, check_readiness, smallest_lift


def check(won, lost, *, order="time", groups=None, **columns):
    n = won + lost
    random = np.random.default_rng(0)
    label = np.r_[np.ones(won), np.zeros(lost)]
    table = pa.table(columns or {"visits": random.random(n)})
    time = np.arange(n, dtype=float) if isinstance(order, str) else order
    return check_readiness(table, table.column_names, label, time, np.arange(n) if groups is None else groups)


def codes(findings):
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("won", "lost", "code", "message"),
    [
        (0, 50, "R001", "0 leads with a win and 50 without"),
        (50, 0, "R001", "with one outcome there is nothing to tell apart"),
        (9, 10, "R002", "a model needs 20 in all"),
        (4, 40, "R003", "a model needs 5 of each"),
    ],
)
def test_data_that_cannot_carry_a_model_is_one_numbered_error(won, lost, code, message):
    (finding,) = check(won, lost)
    assert (finding.code, finding.level) == (code, "error")
    assert message in finding.message


def test_no_closed_lead_is_an_error_of_its_own_that_says_what_to_state():
    (finding,) = check_readiness(pa.table({"visits": [1.0]}), ["visits"], np.array([np.nan]), None, np.arange(1))
    assert (finding.code, finding.level) == ("R004", "error")
    assert "state rules.base_rate" in finding.advice


def test_thirty_leads_train_with_a_warning_that_says_what_can_be_promised():
    (finding,) = check(15, 15)
    assert (finding.code, finding.level) == ("R101", "warning")
    assert "15 leads with a win and 15 without" in finding.message
    assert "±0.18" in finding.message
    assert "less than 2.0 times the average could not be told from chance" in finding.message
    assert "Dynamics 365" in finding.message


def test_a_middling_history_is_measured_against_einsteins_minimum():
    (finding,) = check(100, 2000)
    assert finding.code == "R102"
    assert "1,000 leads with 120 conversions" in finding.message


def test_much_data_leaves_a_note_with_its_promise():
    (finding,) = check(500, 1500)
    assert (finding.code, finding.level) == ("R100", "note")


def test_snapshots_of_one_account_count_as_one():
    (finding,) = check(60, 60, groups=np.r_[np.arange(60) % 8, 100 + np.arange(60) % 8])
    assert finding.code == "R002"
    assert "8 accounts with a win and 8 without" in finding.message


def test_leads_whose_outcome_is_not_yet_known_count_for_nothing():
    label = np.r_[np.ones(10), np.zeros(5), np.full(100, np.nan)]
    table = pa.table({"visits": np.arange(115.0)})
    assert codes(check_readiness(table, ["visits"], label, None, np.arange(115))) == ["R002"]


@pytest.mark.parametrize("order", [None, np.ones(2000)])
def test_no_spread_in_time_is_said(order):
    assert "R103" in codes(check(500, 1500, order=order))


def test_a_very_rare_outcome_is_said():
    assert "R107" in codes(check(130, 20_000))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (pa.array(["x"] * 2000), "R104"),
        (pa.array([7.0] * 2000), "R104"),
        (pa.array([None] * 2000, pa.string()), "R104"),
        (pa.array([float("nan")] * 2000), "R104"),
        (pa.array(["x", "y"] * 20 + [None] * 1960), "R105"),
        (pa.array([f"comment {i}" for i in range(2000)]), "R106"),
    ],
)
def test_columns_that_carry_nothing_are_named(values, code):
    findings = check(500, 1500, visits=np.arange(2000.0), poor=values)
    assert [(f.code, f.column) for f in findings if f.level != "note"] == [(code, "poor")]


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["x", None] * 1000),
        pa.array(np.arange(2000.0)),
        pa.array([f"title {i % 300}" for i in range(2000)]),
        pa.array([True, False] * 1000).cast(pa.string()),
        pa.array(np.arange(2000), pa.timestamp("us")),
    ],
)
def test_ordinary_columns_are_left_in_peace(values):
    assert codes(check(500, 1500, visits=np.arange(2000.0), fine=values)) == ["R100"]


def test_a_text_that_names_the_account_is_an_id_even_over_many_snapshots():
    groups = np.arange(2000) // 4
    findings = check(500, 1500, groups=groups, visits=np.arange(2000.0), company=[f"Company {g}" for g in groups])
    assert "R106" in codes(findings)


def test_rows_repeated_across_accounts_are_noted_and_within_one_account_not():
    values = np.arange(2000) // 2
    assert "R108" in codes(check(500, 1500, visits=values.astype(float)))
    assert "R108" not in codes(check(500, 1500, visits=values.astype(float), groups=values))


def test_with_no_informative_column_only_the_rules_can_tell_leads_apart():
    assert "R109" in codes(check(500, 1500, constant=np.ones(2000)))


def test_every_code_raised_here_is_in_the_table():
    raised = codes(check(500, 1500, order=None, constant=np.ones(2000))) + codes(check(0, 1))
    assert raised
    assert set(raised) <= set(CODES)


def test_the_standard_error_of_auc_is_what_repeated_samples_show():
    random = np.random.default_rng(0)
    shift = norm.ppf(0.75) * np.sqrt(2)
    measured = [(random.normal(shift, 1, 40)[:, None] > random.normal(0, 1, 80)[None, :]).mean() for _ in range(2000)]
    assert auc_standard_error(40, 80) == pytest.approx(np.std(measured), rel=0.1)


def test_a_lift_of_the_promised_size_is_seen_four_times_in_five():
    random = np.random.default_rng(1)
    won, lost = 300, 1700
    base, top = won / (won + lost), 400
    lift = smallest_lift(won, lost)
    rest = base * (1 - 0.2 * lift) / 0.8
    seen = 0
    for _ in range(1000):
        high, low = random.binomial(top, base * lift), random.binomial(2000 - top, rest)
        rate = (high + low) / 2000
        seen += (high / top / rate - 1) > 1.96 * np.sqrt(4 * (1 - rate) / rate / 2000)
    assert 720 < seen < 880
