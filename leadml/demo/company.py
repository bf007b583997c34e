"""Draw the demo company block by block: whole accounts, each block from its own stream of random numbers.

A block is all that is ever in memory, and what is in it depends on the seed and its number alone: a larger company
begins with the smaller one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leadml.demo import dirt
from leadml.demo.draw import Accounts, Contacts, draw_accounts, draw_contacts
from leadml.demo.records import Answers, Weeks, draw_activities, draw_answers, draw_weeks
from leadml.demo.rows import Numbering, Row, account_rows, activity_rows, history_rows, lead_rows, moment
from leadml.demo.truth import open_moments

__all__ = ["Block", "Drawn", "Tally", "blocks", "drawn_blocks"]

BLOCK_ACCOUNTS = 1_000


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts of sound entries; `won`, `lost` and `open` are leads."""

    leads: int = 0
    accounts: int = 0
    activities: int = 0
    answers: int = 0
    won: int = 0
    lost: int = 0
    open: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(**{name: count + getattr(other, name) for name, count in vars(self).items()})


@dataclass(frozen=True, kw_only=True)
class Block:
    """Rows ready to be written, dirt included, and the counts without it."""

    accounts: list[Row]
    leads: list[Row]
    activities: list[Row]
    history: list[Row]
    truth: list[Row]  # empty unless asked for
    tally: Tally


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What the records of a block come from: its deals, hidden until they close, and what is recorded of them."""

    accounts: Accounts
    contacts: Contacts
    weeks: Weeks
    answers: Answers
    lead_ids: list[str]


def drawn_blocks(leads: int, seed: int) -> Iterator[Drawn]:
    """The blocks of a company as they were drawn, for benchmarks: nothing of the product may see them."""
    done = number = 0
    while done < leads:
        deals, people, weekly, _, asking, _, _ = np.random.default_rng([seed, number]).spawn(7)
        accounts = draw_accounts(deals, BLOCK_ACCOUNTS)
        contacts = draw_contacts(people, accounts, leads - done)
        ids = Numbering(done, 0, 0).lead(np.arange(len(contacts)))
        weeks, answers = draw_weeks(weekly, accounts, contacts), draw_answers(asking, accounts)
        yield Drawn(accounts=accounts, contacts=contacts, weeks=weeks, answers=answers, lead_ids=ids)
        done += len(contacts)
        number += 1


def blocks(leads: int, seed: int, *, truth: bool) -> Iterator[Block]:
    """Blocks that hold exactly `leads` sound leads together."""
    total = Tally()
    number = 0
    while total.leads < leads:
        block = _block(np.random.default_rng([seed, number]), total, leads - total.leads, truth)
        total += block.tally
        number += 1
        yield block


def _block(rng: np.random.Generator, before: Tally, limit: int, with_truth: bool) -> Block:
    # One stream per table: cutting one of them short changes nothing in the others.
    deals, people, weekly, times, asking, words, views = rng.spawn(7)
    accounts = draw_accounts(deals, BLOCK_ACCOUNTS)
    contacts = draw_contacts(people, accounts, limit)
    weeks = draw_weeks(weekly, accounts, contacts)
    activities = draw_activities(times, contacts, weeks)
    answers = draw_answers(asking, accounts)
    numbering = Numbering(before.leads, before.accounts, before.activities)
    met = int(contacts.account[-1]) + 1
    history = history_rows(answers, contacts, numbering)
    acted = activity_rows(views, activities, numbering)
    known = lead_rows(words, accounts, contacts, answers, numbering)
    truth: list[Row] = []
    if with_truth:
        moments = open_moments(accounts, contacts, weeks, answers)
        columns = numbering.lead(moments.contact), moment(moments.as_of), moments.probability.tolist()
        truth = list(zip(*columns, strict=True))
    return Block(
        accounts=list(account_rows(accounts, numbering, met)),
        leads=dirt.with_bad_leads(known, before.leads),
        activities=dirt.with_bad_activities(acted, before.activities),
        history=dirt.with_bad_history(history, before.answers),
        truth=truth,
        tally=Tally(leads=len(known), accounts=met, activities=len(acted), answers=len(history))
        + _outcomes(accounts, contacts.account),
    )


def _outcomes(accounts: Accounts, account: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Tally:
    closed = accounts.closed[account]
    won = int((closed & (accounts.won[account] == 1)).sum())
    return Tally(won=won, lost=int(closed.sum()) - won, open=int((~closed).sum()))
