"""Put drawn numbers into words: the rows of the lead database, as a careless company would keep them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadml.demo import law
from leadml.demo.draw import Accounts, Contacts
from leadml.demo.law import Ints
from leadml.demo.records import Activities, Answers, everyone_at
from leadml.demo.words import FIRST_NAMES, LAST_NAMES, NOTES, OWNERS, TEAMS

__all__ = ["LEAD_COLUMNS", "Numbering", "account_rows", "activity_rows", "history_rows", "lead_rows", "moment"]

Row = tuple[Any, ...]

LEAD_COLUMNS = {
    "lead_id": "TEXT",
    "account_id": "TEXT",
    "created_at": "TEXT",
    "status": "TEXT",
    "closed_at": "TEXT",
    "source": "TEXT",
    "direction": "TEXT",
    "industry": "TEXT",
    "country": "TEXT",
    "company_size": "INTEGER",
    "role": "TEXT",
    "product_interest": "TEXT",
    "owner": "TEXT",
    "team": "TEXT",
    "deal_value": "REAL",
    "lead_cost": "REAL",
    "budget": "TEXT",
    "authority": "TEXT",
    "need": "TEXT",
    "timeline": "TEXT",
    "onboarding_manager": "TEXT",
    "full_name": "TEXT",
    "e_mail": "TEXT",
    "phone": "TEXT",
    "fax": "TEXT",
    "note": "TEXT",
}
SLOPPY = 0.003  # share of statuses, industries and countries typed in other letters


@dataclass(frozen=True)
class Numbering:
    """Where the numbers of this block's leads, accounts and activities begin."""

    leads: int
    accounts: int
    activities: int

    def lead(self, position: Ints) -> list[str]:
        """Lead ids."""
        return [f"L{n:07d}" for n in (position + self.leads + 1).tolist()]

    def account(self, position: Ints) -> list[str]:
        """Account ids."""
        return [f"A{n:07d}" for n in (position + self.accounts + 1).tolist()]


def account_rows(accounts: Accounts, numbering: Numbering, met: int) -> Iterator[Row]:
    """The first `met` accounts: account_id, industry, country, employees."""
    return zip(
        numbering.account(np.arange(met)),
        _named(law.INDUSTRIES, accounts.industry[:met]),
        _named(law.COUNTRIES, accounts.country[:met]),
        accounts.employees[:met].tolist(),
        strict=True,
    )


def lead_rows(
    rng: np.random.Generator, accounts: Accounts, contacts: Contacts, answers: Answers, numbering: Numbering
) -> list[Row]:
    """One row per contact, in the order of LEAD_COLUMNS."""
    account, n = contacts.account, len(contacts)
    closed, won = accounts.closed[account], accounts.won[account] == 1
    owner = rng.integers(len(OWNERS), size=n)
    value = accounts.employees[account] ** 0.6 * rng.lognormal(6.0, 0.5, n)
    cost = law.SOURCE_COST[accounts.source[account]] * rng.lognormal(0.0, 0.3, n)
    status = np.where(closed, np.where(won, 1, 2), 0)
    welcomed = np.where(closed & won, rng.integers(len(OWNERS), size=n), -1)
    columns: dict[str, list[Any]] = {
        "lead_id": numbering.lead(np.arange(n)),
        "account_id": numbering.account(account),
        "created_at": moment(contacts.created),
        "status": _sloppy(rng, ("open", "won", "lost"), status),
        "closed_at": _where(closed, moment(accounts.closing[account])),
        "source": _named(law.SOURCES, accounts.source[account]),
        "direction": _named(law.DIRECTIONS, accounts.direction[account]),
        "industry": _sloppy(rng, law.INDUSTRIES, accounts.industry[account]),
        "country": _sloppy(rng, law.COUNTRIES, accounts.country[account]),
        "company_size": accounts.employees[account].tolist(),
        "role": _named(law.ROLES, contacts.role),
        "product_interest": _named(law.PRODUCTS, accounts.product[account]),
        "owner": _named(OWNERS, owner),
        "team": _named(TEAMS, owner % len(TEAMS)),
        "deal_value": np.round(value, 2).tolist(),
        "lead_cost": np.round(cost, 2).tolist(),
        **_current(answers, contacts, len(accounts)),
        "onboarding_manager": _named(OWNERS, welcomed),
        **_person(rng, contacts, numbering),
        "fax": [None] * n,
        "note": _named(NOTES, rng.integers(-2 * len(NOTES), len(NOTES), n)),
    }
    return list(zip(*(columns[name] for name in LEAD_COLUMNS), strict=True))


def activity_rows(rng: np.random.Generator, activities: Activities, numbering: Numbering) -> list[Row]:
    """activity_id, lead_id, occurred_at, type, value: the pages of a page view, else 1."""
    n = len(activities.at)
    kind = activities.kind
    value = np.where(kind == law.ACTIVITIES.index("page_view"), rng.geometric(0.6, n), 1)
    return list(
        zip(
            range(numbering.activities + 1, numbering.activities + n + 1),
            numbering.lead(activities.contact),
            moment(activities.at),
            _named(law.ACTIVITIES, kind),
            value.tolist(),
            strict=True,
        )
    )


def history_rows(answers: Answers, contacts: Contacts, numbering: Numbering) -> list[Row]:
    """lead_id, field, value, changed_at: an answer about a deal stands at every contact of it.

    A contact who arrives later gets, on arrival, what stands then.
    """
    answer, contact = _answers_of_contacts(answers, contacts)
    at = np.maximum(answers.at[answer], contacts.created[contact])
    order = np.lexsort([at, contact])
    answer, contact = answer[order], contact[order]
    fields = np.array(law.QUESTIONS, dtype=object)[answers.question[answer]]
    values = np.array(law.ANSWERS, dtype=object)[answers.question[answer], answers.answer[answer]]
    return list(zip(numbering.lead(contact), fields.tolist(), values.tolist(), moment(at[order]), strict=True))


def _answers_of_contacts(answers: Answers, contacts: Contacts) -> tuple[Ints, Ints]:
    """Pairs (position of an answer, position of a contact) of one account, where the contact saw the answer stand."""
    answer, contact = everyone_at(contacts, answers.account)
    standing = _replaced_at(answers)[answer] > contacts.created[contact]
    return answer[standing], contact[standing]


def _replaced_at(answers: Answers) -> Ints:
    """When the account's next answer to the same question came; a time beyond all others where none did."""
    order = np.lexsort([answers.at, answers.question, answers.account])
    key = answers.account[order] * len(law.QUESTIONS) + answers.question[order]
    replaced = np.full(len(order), np.iinfo(np.int64).max)
    again = np.flatnonzero(key[1:] == key[:-1])
    replaced[order[again]] = answers.at[order[again + 1]]
    return replaced


def moment(seconds: Ints) -> list[str]:
    """ISO texts, 2025-01-06T09:30:00."""
    texts: list[str] = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    return texts


def _current(answers: Answers, contacts: Contacts, accounts: int) -> dict[str, list[str | None]]:
    latest = np.full((accounts, len(law.QUESTIONS)), -1)
    latest[answers.account, answers.question] = answers.answer  # in order of time: the last one stays
    mine = latest[contacts.account]
    return {name: _named(law.ANSWERS[question], mine[:, question]) for question, name in enumerate(law.QUESTIONS)}


def _person(rng: np.random.Generator, contacts: Contacts, numbering: Numbering) -> dict[str, list[Any]]:
    n = len(contacts)
    first = _named(FIRST_NAMES, rng.integers(len(FIRST_NAMES), size=n))
    last = _named(LAST_NAMES, rng.integers(len(LAST_NAMES), size=n))
    leads, companies = numbering.lead(np.arange(n)), numbering.account(contacts.account)
    phone = rng.integers(10**7, 10**8, n).tolist()
    return {
        "full_name": [f"{a} {b}" for a, b in zip(first, last, strict=True)],
        "e_mail": [f"{a}@{b}.example".lower() for a, b in zip(leads, companies, strict=True)],
        "phone": [f"+49 30 {number}" for number in phone],
    }


def _named(words: tuple[str, ...], position: Ints) -> list[Any]:
    """Words by position; None where it is negative."""
    named: list[Any] = np.array([*words, None], dtype=object)[np.maximum(position, -1)].tolist()
    return named


def _sloppy(rng: np.random.Generator, words: tuple[str, ...], position: Ints) -> list[Any]:
    """Words by position, a few in other letters."""
    style = np.where(rng.random(len(position)) < SLOPPY, rng.integers(1, 4, len(position)), 0)
    spelled = np.array(
        [words, [w.upper() for w in words], [w.lower() for w in words], [w.title() for w in words]], dtype=object
    )
    texts: list[Any] = spelled[style, position].tolist()
    return texts


def _where(condition: np.ndarray[Any, np.dtype[np.bool_]], texts: list[str]) -> list[str | None]:
    return [text if kept else None for kept, text in zip(condition.tolist(), texts, strict=True)]
