"""Draw what is recorded about contacts until their deal closes: weekly activities, and answers over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.demo import law
from leadml.demo.draw import Accounts, Contacts, pick
from leadml.demo.law import FIRST, TODAY, WEEK, Floats, Ints

__all__ = ["Activities", "Answers", "Weeks", "draw_activities", "draw_answers", "draw_weeks", "everyone_at"]


@dataclass(frozen=True, kw_only=True)
class Weeks:
    """One entry per contact and week in which it was seen: how often it did what, within how much of the week."""

    contact: Ints
    week: Ints
    begin: Ints  # seconds since 1970: Monday, or the contact's creation
    length: Ints  # seconds until the next Monday, or the closing
    counts: Ints  # (n, activity types); what contacts share is counted at the first one


@dataclass(frozen=True, kw_only=True)
class Activities:
    """One entry per activity, ordered by contact and time."""

    contact: Ints
    kind: Ints
    at: Ints  # seconds since 1970


@dataclass(frozen=True, kw_only=True)
class Answers:
    """One entry per answer that an account gives about its deal, ordered by account and time."""

    account: Ints
    question: Ints
    answer: Ints
    at: Ints  # seconds since 1970


def draw_weeks(rng: np.random.Generator, accounts: Accounts, contacts: Contacts) -> Weeks:
    """Count activities per contact and week."""
    closing = accounts.closing[contacts.account]
    last = np.minimum((closing - FIRST) // WEEK, law.WEEKS - 1)
    contact, week = _spans(contacts.week, last + 1)
    monday = FIRST + week * WEEK
    begin = np.maximum(monday, contacts.created[contact])
    length = np.minimum(monday + WEEK, closing[contact]) - begin
    to_closing = np.minimum((closing[contact] - FIRST) // WEEK - week, law.NEAR)
    won = accounts.won[contacts.account[contact]]
    rate = law.rates()[won, accounts.direction[contacts.account[contact]], to_closing]
    rate[np.ix_(~contacts.first[contact], law.SHARED)] = 0.0
    counts = rng.poisson(rate * (length / WEEK)[:, None])
    return Weeks(contact=contact, week=week, begin=begin, length=length, counts=counts)


def draw_activities(rng: np.random.Generator, contacts: Contacts, weeks: Weeks) -> Activities:
    """Spread the counted activities evenly over the part of the week in which they can happen.

    What contacts share is logged at every contact who is there by then.
    """
    span, kind = (np.repeat(position, weeks.counts[weeks.counts > 0]) for position in np.nonzero(weeks.counts))
    within = np.floor(rng.random(len(span)) * weeks.length[span]).astype(np.int64)
    contact, at = weeks.contact[span], weeks.begin[span] + within
    event, mate = everyone_at(contacts, contacts.account[contact])
    logged = (mate == contact[event]) | (law.SHARED[kind[event]] & (contacts.created[mate] < at[event]))
    event, mate = event[logged], mate[logged]
    order = np.lexsort([at[event], mate])
    return Activities(contact=mate[order], kind=kind[event[order]], at=at[event[order]])


def draw_answers(rng: np.random.Generator, accounts: Accounts) -> Answers:
    """Ask each account each question at most twice; answers due after the closing or today are never given."""
    asked = rng.random((len(accounts), len(law.QUESTIONS))) < law.ASKED[accounts.direction]
    account, question = np.nonzero(asked)
    first = FIRST + (accounts.start[account] + 1) * WEEK + _wait(rng, law.ANSWER_DELAY, len(account))
    again = rng.random(len(account)) < law.ASKED_AGAIN
    second = first[again] + _wait(rng, law.AGAIN_DELAY, int(again.sum()))
    account = np.concatenate([account, account[again]])
    question = np.concatenate([question, question[again]])
    at = np.concatenate([first, second])
    answer = pick(rng, law.answers()[accounts.won[account], question, accounts.size[account]])
    given = np.flatnonzero(at < np.minimum(accounts.closing[account], TODAY))
    kept = given[np.lexsort([at[given], account[given]])]
    return Answers(account=account[kept], question=question[kept], answer=answer[kept], at=at[kept])


def everyone_at(contacts: Contacts, account: Ints) -> tuple[Ints, Ints]:
    """Every pair (position in `account`, position of a contact of that account)."""
    first = np.searchsorted(contacts.account, account, side="left")
    return _spans(first, np.searchsorted(contacts.account, account, side="right"))


def _spans(first: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Every whole number in [first, end), with the position of the pair it belongs to."""
    length = end - first
    owner = np.repeat(np.arange(len(first)), length)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
    return owner, first[owner] + offset


def _wait(rng: np.random.Generator, mean: float, n: int) -> Ints:
    seconds: Floats = rng.exponential(mean * WEEK, n)
    return np.ceil(seconds).astype(np.int64)
