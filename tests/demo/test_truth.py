from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from leadml.demo import law
from leadml.demo.draw import draw_accounts, draw_contacts
from leadml.demo.records import draw_answers, draw_weeks
from leadml.demo.truth import open_moments, win_probabilities


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(11)
    accounts = draw_accounts(rng, 6_000)
    contacts = draw_contacts(rng, accounts, limit=10**6)
    return accounts, contacts, draw_weeks(rng, accounts, contacts), draw_answers(rng, accounts)


def test_in_every_decile_the_share_won_is_the_mean_truth(drawn):
    accounts, contacts, *_ = drawn
    moments = open_moments(*drawn)
    account = contacts.account[moments.contact]
    label = (accounts.won[account] == 1) & (accounts.closing[account] <= moments.as_of + law.HORIZON)
    error = label - moments.probability
    for part in np.array_split(np.argsort(moments.probability), 10):
        # Contacts and Mondays of one account stand or fall together: the account is what is drawn.
        per_account = np.bincount(account[part], error[part], len(accounts))
        spread = np.sqrt((per_account**2).sum())
        assert abs(per_account.sum()) < 3.5 * spread


def test_the_truth_separates_well_but_not_perfectly(drawn):
    accounts, contacts, *_ = drawn
    moments = open_moments(*drawn)
    account = contacts.account[moments.contact]
    label = (accounts.won[account] == 1) & (accounts.closing[account] <= moments.as_of + law.HORIZON)
    rank = np.argsort(np.argsort(moments.probability)) + 1
    won = label.sum()
    auc = (rank[label].sum() - won * (won + 1) / 2) / (won * (~label).sum())
    assert 0.80 < auc < 0.93
    assert 0.08 < label.mean() < 0.22


def test_nothing_at_or_after_a_moment_changes_its_truth(drawn):
    accounts, contacts, weeks, answers = drawn
    monday = 60
    moment = law.FIRST + monday * law.WEEK
    past = weeks.week < monday
    seen = replace(weeks, **{name: values[past] for name, values in vars(weeks).items()})
    said = replace(answers, **{name: v[answers.at < moment] for name, v in vars(answers).items()})
    there = contacts.created < moment
    place = np.cumsum(there) - 1
    known = replace(contacts, **{name: values[there] for name, values in vars(contacts).items()})
    seen = replace(seen, contact=place[seen.contact])
    live = np.flatnonzero((accounts.start < monday) & (accounts.closing >= moment))
    age = monday - accounts.start[live]
    whole = win_probabilities(accounts, contacts, weeks, answers)[live, age - 1]
    cut = win_probabilities(accounts, known, seen, said)[live, age - 1]
    assert len(live) > 300
    assert np.array_equal(whole, cut)


def test_the_hidden_outcome_is_not_read():
    rng = np.random.default_rng(5)
    accounts = draw_accounts(rng, 300)
    contacts = draw_contacts(rng, accounts, limit=10**6)
    records = contacts, draw_weeks(rng, accounts, contacts), draw_answers(rng, accounts)
    hidden = replace(accounts, won=1 - accounts.won, closing=accounts.closing[::-1].copy())
    assert np.array_equal(win_probabilities(accounts, *records), win_probabilities(hidden, *records))


def test_the_written_rows_alone_give_the_truth_back(company):
    picked = company.truth.execute(
        "SELECT lead_id, as_of, probability FROM truth WHERE rowid % 1499 = 0 ORDER BY rowid"
    ).fetchall()
    assert len(picked) > 20
    for lead_id, as_of, probability in picked:
        assert by_hand(company.leads, lead_id, as_of) == pytest.approx(probability, rel=1e-9)


def seconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def position(words, text):
    return [word.lower() for word in words].index(text.lower())


def by_hand(database, lead_id, as_of):
    """Bayes' rule from the rows of the database, one hypothesis after another."""
    now = seconds(as_of)
    (account,) = database.execute("SELECT account_id FROM leads WHERE lead_id = ?", [lead_id]).fetchone()
    mates = database.execute(
        "SELECT DISTINCT * FROM leads WHERE account_id = ? AND created_at < ? ORDER BY created_at",
        [account, as_of],
    ).fetchall()
    start = (seconds(mates[0]["created_at"]) - law.FIRST) // law.WEEK
    size = int(np.argmax([mates[0]["company_size"] in sizes for sizes in law.EMPLOYEES]))
    known = {
        "start": start,
        "industry": position(law.INDUSTRIES, mates[0]["industry"]),
        "size": size,
        "direction": position(law.DIRECTIONS, mates[0]["direction"]),
        "source": position(law.SOURCES, mates[0]["source"]),
    }
    log_odds = float(law.win_log_odds(known))
    monday = (now - law.FIRST) // law.WEEK
    weight_won = weight_all = 0.0
    for won in (0, 1):
        for delay in range(monday - start, law.LONGEST + 1):
            weight = law.delays()[won, size, delay - 1] / (1 + np.exp(-log_odds if won else log_odds))
            weight *= likelihood(database, mates, known, won, start + delay, as_of)
            weight_all += weight
            days = np.clip(now + law.HORIZON - law.FIRST - (start + delay) * law.WEEK, 0, law.WEEK - 1)
            weight_won += won * weight * days / (law.WEEK - 1)
    return weight_won / weight_all


def likelihood(database, mates, known, won, closing_week, as_of):
    """P(records of the contacts before the moment | class and closing week), up to a constant."""
    now, result = seconds(as_of), 1.0
    product = position(law.PRODUCTS, mates[0]["product_interest"])
    for field, value in database.execute(
        "SELECT field, value FROM field_history WHERE lead_id = ? AND changed_at < ? AND changed_at != ?",
        [mates[0]["lead_id"], as_of, "2025-02-30T12:00:00"],
    ):
        question = law.QUESTIONS.index(field)
        answer = law.ANSWERS[question].index(value)
        result *= law.answers()[won, question, known["size"], answer]
    for place, mate in enumerate(mates):
        recorded = ~law.SHARED if place else np.ones(len(law.ACTIVITIES), dtype=bool)  # shared: once
        result *= law.roles()[won, product, position(law.ROLES, mate["role"])]
        rates = law.rates()[won, known["direction"]]
        for kind, at in database.execute(
            "SELECT type, occurred_at FROM activities WHERE lead_id = ? AND occurred_at < ? AND activity_id >= 0",
            [mate["lead_id"], as_of],
        ):
            if not recorded[law.ACTIVITIES.index(kind)]:
                continue
            weeks = closing_week - (seconds(at) - law.FIRST) // law.WEEK
            result *= rates[min(weeks, law.NEAR), law.ACTIVITIES.index(kind)]
        at = seconds(mate["created_at"])
        while at < now:
            week = (at - law.FIRST) // law.WEEK
            until = law.FIRST + (week + 1) * law.WEEK
            rate = rates[min(closing_week - week, law.NEAR), recorded].sum()
            result *= np.exp(-rate * (until - at) / law.WEEK)
            at = until
    return result
