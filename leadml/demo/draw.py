"""Draw accounts, their hidden deals, and the contacts that arrive while the deal is open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leadml.demo import law
from leadml.demo.law import FIRST, TODAY, WEEK, Floats, Ints

__all__ = ["Accounts", "Contacts", "draw_accounts", "draw_contacts", "pick"]


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """One entry per account; `won` and `closing` are hidden until `closing` (seconds since 1970)."""

    start: Ints  # week of the first contact
    industry: Ints
    size: Ints
    employees: Ints
    country: Ints
    product: Ints
    direction: Ints
    source: Ints
    won: Ints
    closing: Ints

    def __len__(self) -> int:
        return len(self.start)

    @property
    def closed(self) -> npt.NDArray[np.bool_]:
        """Whether the deal has closed by today."""
        return np.asarray(self.closing < TODAY)


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """One entry per lead, ordered by account and arrival."""

    account: Ints  # position in Accounts
    created: Ints  # seconds since 1970
    role: Ints

    def __len__(self) -> int:
        return len(self.account)

    @property
    def first(self) -> npt.NDArray[np.bool_]:
        """Whether the contact is the first of its account."""
        return np.diff(self.account, prepend=-1) > 0

    @property
    def week(self) -> Ints:
        """Week of creation."""
        return (self.created - FIRST) // WEEK


def draw_accounts(rng: np.random.Generator, n: int) -> Accounts:
    """Draw n accounts with their deals."""
    start = rng.choice(law.WEEKS, n, p=law.starts())
    size = rng.choice(len(law.SIZES), n, p=law.SIZE_SHARE)
    direction = rng.choice(len(law.DIRECTIONS), n, p=law.DIRECTION_SHARE)
    known = {
        "start": start,
        "industry": pick(rng, law.industries()[start]),
        "size": size,
        "country": rng.choice(len(law.COUNTRIES), n, p=law.COUNTRY_SHARE),
        "product": rng.choice(len(law.PRODUCTS), n, p=law.PRODUCT_SHARE),
        "direction": direction,
        "source": pick(rng, law.SOURCE_SHARE[direction]),
    }
    won = (rng.random(n) < 1 / (1 + np.exp(-law.win_log_odds(known)))).astype(np.int64)
    delay = 1 + pick(rng, law.delays()[won, size])
    employees = law.EMPLOYEES[size, rng.integers(law.EMPLOYEES.shape[1], size=n)]
    # Strictly within its week: no deal closes at the very moment at which it is looked at.
    closing = FIRST + (start + delay) * WEEK + rng.integers(1, WEEK, n)
    return Accounts(**known, employees=employees, won=won, closing=closing)


def draw_contacts(rng: np.random.Generator, accounts: Accounts, limit: int) -> Contacts:
    """Draw at most `limit` contacts.

    Who is cut off are the latest to arrive at the last account: that depends on no outcome, so no law is bent.
    """
    most = len(law.CONTACTS_SHARE)
    people = 1 + rng.choice(most, len(accounts), p=law.CONTACTS_SHARE)
    gaps = np.ceil(rng.exponential(law.CONTACT_GAP * WEEK, (len(accounts), most))).astype(np.int64)
    gaps[:, 0] = FIRST + accounts.start * WEEK + rng.integers(1, WEEK, len(accounts))
    arrival = np.cumsum(gaps, axis=1)
    ends = np.minimum(accounts.closing, TODAY)
    comes = (np.arange(most) < people[:, None]) & (arrival < ends[:, None])
    account = np.nonzero(comes)[0][:limit]
    role = pick(rng, law.roles()[accounts.won[account], accounts.product[account]])
    return Contacts(account=account, created=arrival[comes][:limit], role=role)


def pick(rng: np.random.Generator, share: Floats) -> Ints:
    """One category per row of `share` (n, categories), whose rows add up to one."""
    reached = np.cumsum(share, axis=1)
    reached[:, -1] = 1.0
    return np.asarray(np.argmax(rng.random((len(share), 1)) < reached, axis=1), dtype=np.int64)
