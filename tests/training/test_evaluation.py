import numpy as np
import pytest

from leadml.training.evaluation import drawn_sums, evaluate, gain, resampled_accounts, wilson
from leadml.training.metrics import METRICS


def company(seed, n_accounts=150, contacts=4, spread=1.5):
    """Contacts of an account share its log-odds, so that rows are far from independent."""
    random = np.random.default_rng(seed)
    truth = np.repeat(random.normal(-1, spread, n_accounts), contacts) + random.normal(0, 0.3, n_accounts * contacts)
    probability = 1 / (1 + np.exp(-truth))
    deal = np.repeat(random.random(n_accounts), contacts)
    return (deal < probability).astype(float), probability, np.repeat(np.arange(n_accounts), contacts).astype(str)


def test_every_model_gets_every_figure_between_its_limits():
    label, probability, groups = company(0)
    found = evaluate(label, {"leadml": probability, "base rate": np.full(len(label), label.mean())}, groups, repeats=50)
    assert set(found) == {"leadml", "base rate"}
    for name, (value, low, high) in found["leadml"].items():
        assert low <= high
        assert value == pytest.approx(METRICS[name](label, probability))
    assert found["base rate"]["auc"] == pytest.approx((0.5, 0.5, 0.5))


def test_the_row_order_changes_no_interval():
    label, probability, groups = company(1)
    shuffled = np.random.default_rng(0).permutation(len(label))
    first = evaluate(label, {"m": probability}, groups, repeats=20)
    second = evaluate(label[shuffled], {"m": probability[shuffled]}, groups[shuffled], repeats=20)
    for name in METRICS:
        assert second["m"][name] == pytest.approx(first["m"][name])


def test_intervals_widen_where_rows_share_accounts():
    label, probability, groups = company(2)
    together = evaluate(label, {"m": probability}, groups)["m"]["log_loss"]
    alone = evaluate(label, {"m": probability}, np.arange(len(label)))["m"]["log_loss"]
    assert together[2] - together[1] > 1.3 * (alone[2] - alone[1])


def test_intervals_over_accounts_cover_the_truth_about_as_often_as_they_say():
    truth = np.mean([METRICS["brier"](*company(seed)[:2]) for seed in range(1000, 1300)])
    inside = 0
    for seed in range(60):
        label, probability, groups = company(seed)
        _, low, high = evaluate(label, {"m": probability}, groups, repeats=100, seed=seed)["m"]["brier"]
        inside += low <= truth <= high
    assert inside >= 50  # 57 expected; an honest interval falls below 50 less than once in 1,000 times


def test_wilsons_interval_is_the_published_one():
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(5, 10, level=0.99) == pytest.approx((0.1842, 0.8158), abs=1e-4)


def test_gain_runs_from_nothing_to_everything_and_passes_through_the_top_fifth():
    label, probability, _ = company(6)
    curve = gain(label, probability)
    found = [point["captured"] for point in curve]
    assert (curve[0]["share"], found[0]) == (0, 0)
    assert (curve[-1]["share"], found[-1]) == (1, pytest.approx(1))
    assert found == sorted(found)
    assert curve[10]["share"] == pytest.approx(0.2)
    assert found[10] == pytest.approx(METRICS["top_20"](label, probability))


def test_sums_over_drawn_accounts_are_those_of_their_rows():
    rows = np.random.default_rng(0).random((60, 2))
    accounts = np.arange(60) // 3
    by_account = np.stack([np.bincount(accounts, weights=column) for column in rows.T], axis=1)
    expected = [times @ rows for times in resampled_accounts(accounts, 5, 7)]
    assert np.allclose(drawn_sums(by_account, 5, 7), expected)
