"""Which cutoffs keep a minimum precision for certain: valid at any number of leads, whatever the scores are worth.

Cutoffs are tested one after another (fixed sequence testing, the *Learn then Test* of Angelopoulos et al. 2021): the
first that cannot be shown to keep the minimum ends the row, so that with the stated confidence *every* cutoff that is
certified keeps it, the one that is picked among them, too. Testing begins at the highest cutoff at which, as the
scores tell, a test would probably succeed: at the very highest there is a lead or two, which prove nothing. The order
depends on scores and numbers of leads alone, never on an outcome; scores that are wrong cost power, not validity.
One thing is outside of that: where the base rate has moved, scores were corrected by what had matured by then
(`calibration.correcting`), so outcomes of earlier weeks, of the same accounts among others, have a say in where later
leads stand. It is one shift of all log-odds at a moment; what it does to the promise has not been measured.

Leads of one account share a deal, so accounts are the exchangeable units. Where every account has one lead the test
is the exact binomial one. Otherwise it is a bet (Waudby-Smith & Ramdas 2023): the accounts come up one by one, and a
capital of 1 is staked on each account's conversions less what the minimum asks of its leads. While the precision lies
at the minimum or below, no way of betting is expected to gain, so the capital reaches 1 / risk with a probability of
at most the risk (Ville 1939). The stakes are those that replicate the payoff "1 / risk above the critical value,
nothing below" (Black & Scholes 1973; recalculated from the capital in hand as in Voracek & Orabona 2025): with many
accounts the bet has the power of the one-sided z test over accounts.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.crossings import Crossings
from leadml.training.folds import Rows
from leadml.training.split import Mask

_STEP = 1.1  # each cutoff tested has a tenth more leads than the one before: fewer, less alike tests
_LIKELY = 0.99  # power, as the scores tell it, that a first test should have
_FEWEST = 30  # accounts of a first test: the few highest scores are the least to be believed
_STAKES = 100  # how often the stake is reconsidered
_MOST_AT_STAKE = 0.9  # of the capital, on one account
_WEIGHT_OF_GUESS = 10  # accounts that the variance of a coin at the minimum counts for, before any is seen


def guaranteed(crossings: Crossings, accounts: Rows, candidates: Floats, *, minimum: float, confidence: float) -> Mask:
    """Which candidate cutoffs are certified to have a precision of at least `minimum`.

    With a probability of at least `confidence` over the accounts seen *all* certified cutoffs have it, so any of them
    may be chosen. Precision is that of leads at their first crossing: expected conversions over expected crossings of
    an account. Assumes that accounts are independent and come from one law (no drift), and that none has more leads
    than the largest one here. Cutoffs between those tested are never certified.

    Args:
        crossings: first crossings on snapshots whose outcomes are all known.
        accounts: int array (snapshots,), the account of each snapshot, from 0.
        candidates: float array (cutoffs,), ascending. Pass only those that could be chosen (say, within a capacity),
            as long as that depends on no outcome: testing then begins among them.
        minimum: the precision, above 0 and below 1.
        confidence: above 0 and below 1.
    """
    certified = np.zeros(len(candidates), dtype=np.bool_)
    largest = int(np.bincount(accounts[crossings.rows(0.0)]).max(initial=0))
    order = np.random.default_rng(0).permutation(int(accounts.max(initial=0)) + 1)
    for place in _sequence(crossings, accounts, candidates, largest, minimum, 1 - confidence):
        rows = crossings.rows(float(candidates[place]))
        won, leads = _by_account(crossings.label[rows], accounts[rows], order)
        if not _exceeds(won, leads, largest, minimum, 1 - confidence):
            break
        certified[place] = True
    return certified


def _by_account(label: Floats, accounts: Rows, order: Rows) -> tuple[Floats, Floats]:
    """Conversions and leads of each account that has any, in an order that no outcome had a say in."""
    place = order[accounts]
    leads = np.bincount(place).astype(float)
    won = np.bincount(place, weights=label)
    return np.asarray(won[leads > 0], dtype=float), leads[leads > 0]


def _exceeds(won: Floats, leads: Floats, largest: int, minimum: float, risk: float) -> bool:
    """Whether accounts show, at a risk of being wrong, that conversions per lead lie above the minimum."""
    if not len(leads):
        return False
    if largest == 1:
        return bool(binom.sf(won.sum() - 1, len(won), minimum) <= risk)
    gains = won - minimum * leads
    return _bet(gains, minimum * largest, minimum * (1 - minimum), risk)


def _bet(gains: Floats, largest_loss: float, guess: float, risk: float) -> bool:
    """Whether a capital of 1, staked on one gain after the other, ever reaches 1 / risk.

    Args:
        gains: float array (accounts,), none below minus `largest_loss`; expected at 0 or less if the claim is wrong.
        largest_loss: what an account can lose at the most.
        guess: variance of a gain before any is seen.
        risk: probability of a wrong claim.
    """
    log_capital, squares, seen = 0.0, _WEIGHT_OF_GUESS * guess, float(_WEIGHT_OF_GUESS)
    goal, left = -np.log(risk), len(gains)
    for some in np.array_split(gains, max(1, min(len(gains), _STAKES))):
        stake = _stake(risk * np.exp(log_capital), np.sqrt(squares / seen * left))
        path = log_capital + np.cumsum(np.log1p(min(stake, _MOST_AT_STAKE / largest_loss) * some))
        if path.max(initial=0.0) >= goal:
            return True
        log_capital = float(path[-1]) if len(path) else 0.0
        squares, seen, left = squares + float((some**2).sum()), seen + len(some), left - len(some)
    return False


def _stake(chance: float, spread: float) -> float:
    """Share of the capital per unit of gain that replicates the payoff, `chance` being its present value."""
    distance = float(ndtri(max(chance, 1e-300)))
    density = np.exp(-(distance**2) / 2) / np.sqrt(2 * np.pi)
    return float(density / max(float(ndtr(distance)), 1e-300) / spread)


def _sequence(
    crossings: Crossings, accounts: Rows, candidates: Floats, largest: int, minimum: float, risk: float
) -> list[int]:
    """The places of the candidates to test, in this order; no outcome has a say in it."""
    if not len(candidates):
        return []
    crossed = crossings.counts(candidates)[0]
    grid = [len(candidates) - 1]
    for place in range(len(candidates) - 2, -1, -1):
        if crossed[place] >= _STEP * crossed[grid[-1]]:
            grid.append(place)
    if grid[-1] != 0:
        grid.append(0)
    powers = []
    for start, place in enumerate(grid):
        rows = crossings.rows(float(candidates[place]))
        leads = np.unique(accounts[rows], return_counts=True)[1].astype(float)
        expected = float(crossings.probability[rows].sum()) / max(len(rows), 1)
        powers.append(_power(expected, leads, largest, minimum, risk))
        if powers[-1] >= _LIKELY:
            return grid[start:]
    return grid[int(np.argmax(powers)) :]


def _power(expected: float, leads: Floats, largest: int, minimum: float, risk: float) -> float:
    """How probably a test would succeed if scores were right and leads of one account converted together.

    Args:
        expected: mean probability of the leads that cross.
        leads: float array (accounts,), how many of each account do.
        largest: the most leads that an account has.
        minimum: the precision to be shown.
        risk: probability of a wrong claim.
    """
    if len(leads) < _FEWEST:
        return -1.0
    if largest == 1:
        return float(binom.sf(binom.isf(risk, len(leads), minimum), len(leads), expected))
    spread = np.sqrt(minimum * (1 - minimum) * (leads**2).sum())
    stake = min(np.sqrt(-2 * np.log(risk)) / spread, _MOST_AT_STAKE / (minimum * largest))
    won, lost = np.log1p(stake * (1 - minimum) * leads), np.log1p(-stake * minimum * leads)
    mean = float((expected * won + (1 - expected) * lost).sum())
    deviation = float(np.sqrt(expected * (1 - expected) * ((won - lost) ** 2).sum()))
    return float(ndtr((mean + np.log(risk)) / max(deviation, 1e-12)))
