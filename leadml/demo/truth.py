"""The true probability that a lead is won within 90 days, given everything recorded strictly before a moment.

Bayes' rule over the hypotheses (won or lost) x (delay 1 to 40 weeks) of an account's deal. Given a hypothesis, every
count and every answer of the account's contacts is independent with a known law, so the posterior is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from leadml.demo import law
from leadml.demo.draw import Accounts, Contacts
from leadml.demo.law import FIRST, HORIZON, LONGEST, NEAR, WEEK, WON, Floats, Ints
from leadml.demo.records import Answers, Weeks

__all__ = ["Moments", "open_moments", "win_probabilities"]


@dataclass(frozen=True, kw_only=True)
class Moments:
    """One entry per open lead and Monday."""

    contact: Ints
    as_of: Ints  # seconds since 1970
    probability: Floats


def open_moments(accounts: Accounts, contacts: Contacts, weeks: Weeks, answers: Answers) -> Moments:
    """Read off the truth for each Monday on which a lead exists and its deal is open."""
    # A contact is open at a Monday iff it was seen in the week before and the deal did not close in that week.
    monday = weeks.week + 1
    as_of = FIRST + monday * WEEK
    still = accounts.closing[contacts.account[weeks.contact]] >= as_of
    contact, monday = weeks.contact[still], monday[still]
    account = contacts.account[contact]
    chance = win_probabilities(accounts, contacts, weeks, answers)
    age = monday - accounts.start[account]
    return Moments(contact=contact, as_of=as_of[still], probability=chance[account, age - 1])


def win_probabilities(accounts: Accounts, contacts: Contacts, weeks: Weeks, answers: Answers) -> Floats:
    """P(won within 90 days | open, records) at each account's 1st to 40th Monday, shape (accounts, 40).

    `accounts.won` and `accounts.closing` are not read.
    """
    evidence = _evidence(accounts, contacts, weeks, answers)
    belief = _prior(accounts)
    within = _within_horizon()
    chance = np.empty((len(accounts), LONGEST))
    for age in range(1, LONGEST + 1):
        # The deal is open: delays below `age` are ruled out; week age - 1 is now on record.
        to_closing = np.arange(age, LONGEST + 1) - (age - 1)
        belief = belief[:, :, -len(to_closing) :]
        belief += evidence[:, age - 1][:, :, np.minimum(to_closing, NEAR) - 1]
        weight = np.exp(belief - belief.max(axis=(1, 2), keepdims=True))
        won = weight[:, WON] @ within[: len(to_closing)]
        chance[:, age - 1] = won / weight.sum(axis=(1, 2))
    return chance


def _prior(accounts: Accounts) -> Floats:
    """Log P(class, delay) before any record, shape (accounts, 2, 40)."""
    log_odds = law.win_log_odds(vars(accounts))
    log_class = -np.logaddexp(0.0, np.stack([log_odds, -log_odds], axis=1))
    log_delay = np.log(law.delays())[:, accounts.size].transpose(1, 0, 2)
    return np.asarray(log_class[:, :, None] + log_delay, dtype=np.float64)


def _within_horizon() -> Floats:
    """Share of a closing week, 0 to 39 weeks ahead, within the horizon; closings are even over its seconds."""
    seconds = np.clip(HORIZON - np.arange(LONGEST) * WEEK, 0, WEEK - 1)
    return seconds / (WEEK - 1)


def _evidence(accounts: Accounts, contacts: Contacts, weeks: Weeks, answers: Answers) -> Floats:
    """Log-likelihood of each week's records, shape (accounts, 40 weeks from the start, 2, 1..NEAR to closing)."""
    rate = law.rates()[:, :, 1:]  # (class, direction, to closing, type); closing week 0 is never followed by a moment
    counts, exposure = _by_direction(accounts, contacts, weeks)
    said = _class_evidence(accounts, contacts, answers)
    acted = np.einsum("awdt,cdkt->awck", counts, np.log(rate), optimize=True)
    own_and_shared = np.stack([rate[..., ~law.SHARED].sum(axis=-1), rate[..., law.SHARED].sum(axis=-1)])
    acted -= np.einsum("sawd,scdk->awck", exposure, own_and_shared, optimize=True)
    return np.asarray(acted + said[..., None], dtype=np.float64)


def _by_direction(accounts: Accounts, contacts: Contacts, weeks: Weeks) -> tuple[Floats, Floats]:
    """Counts (accounts, 40, directions, types) and exposed weeks (own and shared, accounts, 40, directions)."""
    account = contacts.account[weeks.contact]
    age = weeks.week - accounts.start[account]
    seen = age < LONGEST
    shape = (len(accounts), LONGEST, len(law.DIRECTIONS))
    cells = math.prod(shape)
    account = account[seen]
    place = np.ravel_multi_index((account, age[seen], accounts.direction[account]), shape)
    tally = [np.bincount(place, column, cells).astype(np.float64) for column in weeks.counts[seen].T]
    length = weeks.length[seen] / WEEK
    lengths = (length, length * contacts.first[weeks.contact[seen]])
    exposure = [np.bincount(place, share, cells).astype(np.float64) for share in lengths]
    return np.stack(tally, axis=-1).reshape(*shape, -1), np.stack(exposure).reshape(2, *shape)


def _class_evidence(accounts: Accounts, contacts: Contacts, answers: Answers) -> Floats:
    """What contacts are and say, which tells of the class and not of the delay: shape (accounts, 40, 2)."""
    log = np.zeros((len(accounts), LONGEST + 1, 2))
    product = accounts.product[contacts.account]
    are = np.log(law.roles())[:, product, contacts.role]
    np.add.at(log, (contacts.account, contacts.week - accounts.start[contacts.account]), are.T)
    say = np.log(law.answers())[:, answers.question, accounts.size[answers.account], answers.answer]
    week = (answers.at - FIRST) // WEEK
    np.add.at(log, (answers.account, week - accounts.start[answers.account]), say.T)
    return log[:, :LONGEST]
