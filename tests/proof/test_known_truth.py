"""How near the scorer comes to the best there can be, on companies whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

LEAK = {"onboarding_manager"}


def test_on_a_small_company_the_leak_is_left_out_and_the_scorer_beats_the_base_rate(closeness_to_truth) -> None:
    found = closeness_to_truth(seed=100, leads=1500)
    assert found.left_out == LEAK
    assert found.log_loss["leadml"] < found.log_loss["base rate"]
    assert found.auc > found.true_auc - 0.1
    assert found.ece_to_truth < 0.05


@pytest.mark.proof
def test_over_twenty_companies_the_scorer_is_near_the_truth(closeness_to_truth, record_property) -> None:
    found = []
    for seed in range(1000, 1020):
        found.append(closeness_to_truth(seed, leads=20_000))
        one = found[-1]
        print(
            f"seed {seed}: AUC {one.auc:.4f}, true {one.true_auc:.4f}, ECE to truth {one.ece_to_truth:.4f}, "
            + ", ".join(f"{name} {loss:.4f}" for name, loss in one.log_loss.items())
            + f", suspected {sorted(one.suspected)}",
            flush=True,
        )
    gap = np.median([one.true_auc - one.auc for one in found])
    ece = np.median([one.ece_to_truth for one in found])
    print(f"median gap in AUC {gap:.4f}, median ECE to truth {ece:.4f}")
    assert all(one.left_out == LEAK for one in found)
    assert gap <= 0.02
    assert ece <= 0.02
    for other in ("rules alone", "logistic regression"):
        assert np.median([one.log_loss["leadml"] - one.log_loss[other] for one in found]) < 0
