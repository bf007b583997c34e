from __future__ import annotations

import numpy as np

from leadml.predict.encoding import Feature
from leadml.training.review.traits import in_common

ROWS = 1_500
INDUSTRY = Feature("industry", "industry", "category", "fit", "Industry", levels=("retail", "health", "steel"))
SIZE = Feature("size", "size", "number", "fit", "Company size", edges=np.array([10.5, 50.5, 200.5, 999.5]))


def company(seed: int, planted: float = 0.0):
    """Leads, two to an account, of whom some were wrong, the more often the higher they scored, and in retail."""
    random = np.random.default_rng(seed)
    industry = random.integers(1, 5, ROWS).astype(np.uint16)
    size = random.integers(0, 6, ROWS).astype(np.uint16)
    probability = np.where(industry == 3, 0.1, 0.0) + random.random(ROWS) * 0.3  # health scores higher
    wrong = random.random(ROWS) < probability + planted * (industry == 2)
    account = np.arange(ROWS) // 2
    return (industry, size), probability, wrong, account


def told(seed: int, planted: float):
    codes, probability, wrong, account = company(seed, planted)
    return in_common((INDUSTRY, SIZE), codes, probability, wrong, account, np.ones(ROWS, dtype=bool))


def test_what_is_planted_is_found_with_its_count_and_what_only_scores_higher_is_not():
    by_chance = 0
    for seed in range(10):
        codes, _, wrong, _ = company(seed, 0.2)
        one, *more = told(seed, 0.2)
        by_chance += len(more)
        assert one["feature"] == "industry"
        assert "retail" in one["what"]
        assert one["count"] == int((wrong & (codes[0] == 2)).sum())
        assert one["of"] == int(wrong.sum())
        assert one["share"] > one["among_others"] + 0.1
    assert by_chance <= 2


def test_by_chance_something_is_said_of_at_most_about_one_company_in_twenty():
    said = sum(bool(told(seed, 0.0)) for seed in range(200))
    assert said <= 18  # 5 % of 200, and two standard errors and a half


def test_copies_of_an_account_are_no_further_evidence():
    random = np.random.default_rng(4)
    said = 0
    for _ in range(60):
        industry = np.repeat(random.integers(1, 5, 40), 30).astype(np.uint16)
        wrong = np.repeat(random.random(40) < 0.3, 30)
        account = np.repeat(np.arange(40), 30)
        probability = np.full(1200, 0.3)
        said += bool(in_common((INDUSTRY,), (industry,), probability, wrong, account, np.ones(1200, dtype=bool)))
    assert said <= 9


def test_few_leads_and_leads_that_are_all_wrong_say_nothing():
    codes, probability, _, account = company(1)
    everyone = np.ones(ROWS, dtype=bool)
    few = np.zeros(ROWS, dtype=bool)
    few[:9] = True
    for wrong in (everyone, ~everyone, few):
        assert in_common((INDUSTRY, SIZE), codes, probability, wrong, account, everyone) == []


def test_a_feature_that_is_missing_in_every_row_says_nothing_and_stops_nothing():
    codes, probability, wrong, account = company(0, 0.2)
    empty = np.zeros_like(codes[0])
    for feature in (INDUSTRY, SIZE):
        assert in_common((feature,), (empty,), probability, wrong, account, np.ones(ROWS, dtype=bool)) == []
