import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import binom

from leadml.training.cutoffs import OutOfTime
from leadml.training.cutoffs.guarantee import guaranteed


def leads_of(n_accounts, *, seed=0, people=(0.7, 0.2, 0.1), overconfident=0.0, base=-2.0):
    """One snapshot per lead; the leads of an account share its deal, and each has a score of its own."""
    random = np.random.default_rng(seed)
    account = np.repeat(np.arange(n_accounts), random.choice(len(people), n_accounts, p=people) + 1)
    appeal = base + random.normal(0, 1.5, n_accounts)
    won = (random.random(n_accounts) < expit(appeal)).astype(float)
    score = expit(appeal[account] + random.normal(0, 0.7, len(account)) + overconfident)
    return OutOfTime(score, won[account], np.arange(len(account)), account, None)


def certified(leads, minimum=0.25, confidence=0.95, candidates=None):
    crossings = leads.crossings("MQL")
    candidates = crossings.candidates(0.0) if candidates is None else np.asarray(candidates)
    return candidates[guaranteed(crossings, leads.account, candidates, minimum=minimum, confidence=confidence)]


def test_no_leads_keep_no_promise():
    nobody = np.empty(0)
    leads = OutOfTime(nobody, nobody, nobody.astype(int), nobody.astype(int), None)
    assert not len(certified(leads))
    assert not len(certified(leads, candidates=[0.1, 0.5]))
    assert not len(certified(leads_of(300), candidates=[1.0]))


def test_a_handful_of_leads_keeps_no_promise_even_if_all_of_them_convert():
    leads = leads_of(20)
    assert not len(certified(OutOfTime(leads.probability, leads.label * 0 + 1, leads.lead, leads.account, None)))


def test_a_precision_that_is_clearly_higher_is_certified_down_to_near_where_it_ends():
    leads = leads_of(2_000)
    cutoffs = certified(leads)
    crossings = leads.crossings("MQL")
    crossed, won = crossings.counts(cutoffs)
    assert (won / crossed > 0.25).all()
    assert 0.25 < won[0] / crossed[0] < 0.32


def test_where_each_account_has_one_lead_the_test_is_the_exact_binomial_one():
    leads = leads_of(60, people=(1.0,))
    order = np.argsort(leads.probability)
    for won in range(10, 40):
        label = np.zeros(60)
        label[order[:won]] = 1
        some = OutOfTime(leads.probability, label, leads.lead, leads.account, None)
        exact = binom.sf(won - 1, 60, 0.3) <= 0.05
        assert bool(len(certified(some, 0.3, candidates=[0.0]))) == exact


def test_the_row_order_changes_nothing():
    leads = leads_of(800)
    shuffled = leads.take(np.random.default_rng(3).permutation(len(leads.label)))
    assert certified(leads).tolist() == certified(shuffled).tolist()


def test_a_higher_confidence_or_minimum_certifies_no_more():
    leads = leads_of(1_500)
    lowest = [
        certified(leads, minimum, confidence)[0] for minimum, confidence in [(0.2, 0.9), (0.2, 0.99), (0.3, 0.99)]
    ]
    assert lowest == sorted(lowest)


def test_one_huge_account_is_no_proof():
    alone = leads_of(400)
    account = np.where(alone.probability > 0.3, 0, alone.account)  # the best leads all belong to one company
    label = np.where(account == 0, 1.0, alone.label)
    assert not len(certified(OutOfTime(alone.probability, label, alone.lead, account, None), 0.5))


@pytest.mark.parametrize("people", [(1.0,), (0.7, 0.2, 0.1)])
def test_the_promise_is_kept_as_often_as_it_says(people):
    many = leads_of(200_000, seed=99, people=people, overconfident=1.0).crossings("MQL")
    grid = np.linspace(0.001, 0.8, 800)
    crossed, won = many.counts(grid)
    broken = 0
    for seed in range(50):
        cutoffs = certified(leads_of(200, seed=seed, people=people, overconfident=1.0), confidence=0.9)
        broken += bool(len(cutoffs)) and np.interp(cutoffs, grid, won / crossed).min() < 0.25
    assert broken <= 5 + 2.33 * 2.12  # a tenth, and the error of fifty repeats at 99 %
