"""The law of the demo company: every number its data follow, and nothing else.

A company (account) enters in some week with a *deal* that ends `delay` whole weeks later, won or lost. Both are hidden
until the deal closes. What is recorded meanwhile is drawn given (won, delay), independently over contacts, weeks and
questions, so that the posterior over (won, delay) is a plain sum (`leadml.demo.truth`).

Effects are written as log-odds of won against lost. Where an effect sits on a value recorded later (a contact's
role, an answer), the value's share among won deals is its share among lost ones tilted by the effect.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# --- the calendar: 104 weeks that start on Mondays; week w covers [FIRST + w weeks, FIRST + (w + 1) weeks) ---
DAY = 86_400
WEEK = 7 * DAY
FIRST = int(np.datetime64("2024-01-01T00:00:00", "s").astype(np.int64))
WEEKS = 104
TODAY = FIRST + WEEKS * WEEK  # Monday 2025-12-29, 00:00; nothing is newer
LONGEST = 40  # weeks a deal can take
HORIZON = 90 * DAY

LOST, WON = 0, 1

# --- who comes ---
INDUSTRIES = ("Software", "Manufacturing", "Health care", "Retail")
INDUSTRY_SHARE = np.array([0.32, 0.28, 0.22, 0.18])
INDUSTRY_TREND = np.array([0.4, -0.2, 0.2, -0.4])  # change of log share over the two years
SIZES = ("small", "medium", "large")
SIZE_SHARE = np.array([0.45, 0.35, 0.20])
EMPLOYEES = np.array([[5, 10, 20, 35], [50, 100, 150, 250], [500, 1_000, 2_000, 8_000]])  # as companies state them
COUNTRIES = ("Germany", "France", "United Kingdom", "Spain", "Netherlands", "Poland")
COUNTRY_SHARE = np.array([0.30, 0.18, 0.18, 0.12, 0.12, 0.10])
PRODUCTS = ("Analytics", "Automation", "Platform")
PRODUCT_SHARE = np.array([0.40, 0.35, 0.25])
DIRECTIONS = ("inbound", "outbound")
DIRECTION_SHARE = np.array([0.6, 0.4])
SOURCES = ("website", "advertising", "referral", "partner", "trade fair")
SOURCE_SHARE = np.array([[0.40, 0.30, 0.14, 0.09, 0.07], [0.08, 0.14, 0.16, 0.27, 0.35]])
SOURCE_COST = np.array([12.0, 65.0, 8.0, 40.0, 120.0])
CONTACTS_SHARE = np.array([0.68, 0.17, 0.07, 0.04, 0.02, 0.02])  # 1 to 6 people who would come by themselves
CONTACT_GAP = 3.0  # mean weeks between them; whoever would come after the deal has closed never does
GROWTH = 0.5  # log growth of new accounts over the two years
MONTH_DEMAND = np.array([1.05, 1.1, 1.1, 1.0, 1.0, 0.9, 0.8, 0.7, 1.1, 1.15, 1.1, 0.75])

# --- which deals are won: log-odds of industry x size do not add up to industry + size ---
BASE = -1.4
INDUSTRY_SIZE = np.array([[-0.5, 0.5, 1.1], [-2.2, 0.2, 2.6], [-0.5, 0.5, 1.1], [-1.4, -0.6, 0.2]])
SOURCE = np.array([[0.0, -1.0, 1.4, 0.3, 0.0], [0.0, -1.0, 1.4, 0.3, -0.6]])  # direction x source
SOURCE_DRIFT = np.array([0.0, -0.2, 0.0, 0.0, 0.2])  # added by the end of the two years
SEASON = 0.1  # deals that start in spring do better than those of autumn
DECLINE = 0.2  # log-odds lost over the two years

# --- how long deals take: log-normal weeks; big companies are slow, wins are quicker than losses ---
DELAY_MEDIAN = np.array([[8.0, 8.5, 9.5], [7.0, 7.5, 8.5]])  # [lost, won] x size
DELAY_SPREAD = np.array([0.70, 0.55])

# --- who turns up: shares of roles among lost deals, then effects ---
ROLES = ("C-level", "Manager", "Specialist", "Student")
ROLE_SHARE = np.array([0.20, 0.36, 0.32, 0.12])
ROLE_EFFECT = np.array(  # by product: a platform is bought from above, automation from the middle
    [[0.2, 0.1, -0.1, -0.3], [0.0, 0.2, 0.0, -0.3], [0.3, 0.0, -0.1, -0.3]]
)

# --- what contacts do: Poisson counts per week and contact; the rate depends on how far away the closing is ---
ACTIVITIES = (
    "page_view",
    "pricing_page",
    "email_open",
    "email_click",
    "webinar",
    "white_paper",
    "demo_request",
    "trial_use",
    "intent_signal",
)
# A deal's demos, trial and third-party signals are the company's: they happen once and are logged at every contact.
SHARED = np.array([False, False, False, False, False, False, True, True, True])
RATE = np.array(
    [
        [0.36, 0.080, 0.26, 0.09, 0.030, 0.050, 0.010, 0.120, 0.040],
        [0.20, 0.050, 0.36, 0.09, 0.025, 0.030, 0.007, 0.100, 0.060],
    ]
)
SURGE = np.array([0.0, 0.4, 0.0, 0.0, 0.0, 0.0, 3.4, 3.0, 2.0])  # won deals, at the closing
SURGE_SHARE = np.array([1.0, 0.9])  # an outbound contact's surge is weaker
SURGE_WEEKS = 5.0
NEAR = 16  # weeks before the closing from which on the distance matters

# --- what contacts answer: when they are asked has nothing to do with the outcome, what they say has ---
QUESTIONS = ("budget", "authority", "need", "timeline")
ANSWERS = (
    ("approved", "planned", "none"),
    ("decision maker", "influencer", "user"),
    ("defined", "exploring", "none"),
    ("this quarter", "this year", "no plan"),
)
ASKED = np.array([[0.65, 0.40, 0.70, 0.40], [0.70, 0.45, 0.65, 0.45]])  # direction x question
ANSWER_DELAY = 1.5  # mean weeks from the week after the first contact
ASKED_AGAIN = 0.1
AGAIN_DELAY = 5.0
# question x size of the company x answer: among lost deals, then the effect
ANSWER_SHARE = np.array(
    [
        [[0.25, 0.40, 0.35], [0.20, 0.40, 0.40], [0.15, 0.40, 0.45]],
        [[0.40, 0.30, 0.30], [0.25, 0.40, 0.35], [0.15, 0.45, 0.40]],
        [[0.30, 0.45, 0.25], [0.30, 0.45, 0.25], [0.30, 0.45, 0.25]],
        [[0.25, 0.40, 0.35], [0.20, 0.40, 0.40], [0.12, 0.40, 0.48]],
    ]
)
ANSWER_EFFECT = np.array(
    [
        [[1.3, 0.2, -1.6], [1.4, 0.2, -1.6], [1.9, 0.3, -1.8]],
        [[0.5, 0.2, -0.5], [0.5, 0.2, -0.5], [0.5, 0.2, -0.5]],
        [[1.8, 0.0, -1.9], [1.8, 0.0, -1.9], [1.8, 0.0, -1.9]],
        [[0.6, 0.0, -0.5], [0.6, 0.0, -0.5], [0.5, 0.2, -0.5]],
    ]
)


def starts() -> Floats:
    """Share of accounts that enter in each of the 104 weeks."""
    week = np.arange(WEEKS)
    monday = (FIRST + week * WEEK).astype("datetime64[s]")
    month = monday.astype("datetime64[M]").astype(np.int64) % 12
    return _share(np.exp(GROWTH * week / WEEKS) * MONTH_DEMAND[month])


def industries() -> Floats:
    """Share of each industry among accounts that enter in a week, shape (104, industries)."""
    tilt = np.arange(WEEKS)[:, None] / WEEKS * INDUSTRY_TREND
    return _share(INDUSTRY_SHARE * np.exp(tilt))


def win_log_odds(attributes: Mapping[str, Ints]) -> Floats:
    """Log-odds that an account's deal is won, before anybody does or says anything.

    `attributes`: start, industry, size, direction and source of each account.
    """
    past = attributes["start"] / WEEKS
    season = SEASON * np.cos(2 * np.pi * (attributes["start"] - 14) / 52)
    fit = INDUSTRY_SIZE[attributes["industry"], attributes["size"]]
    origin = SOURCE[attributes["direction"], attributes["source"]] + SOURCE_DRIFT[attributes["source"]] * past
    return np.asarray(BASE + fit + origin + season - DECLINE * past, dtype=np.float64)


def delays() -> Floats:
    """P(delay = 1..40 weeks), shape (2 classes, 3 sizes, 40)."""
    weeks = np.arange(1, LONGEST + 1)
    z = (np.log(weeks) - np.log(DELAY_MEDIAN)[:, :, None]) / DELAY_SPREAD[:, None, None]
    return _share(np.exp(-0.5 * z**2) / weeks)


def roles() -> Floats:
    """P(role | class, product), shape (2, products, roles)."""
    return _by_class(ROLE_SHARE, ROLE_EFFECT)


def answers() -> Floats:
    """P(answer | class, question, size), shape (2, questions, sizes, 3)."""
    return _by_class(ANSWER_SHARE, ANSWER_EFFECT)


def rates() -> Floats:
    """Activities per week, shape (2 classes, directions, weeks to the closing 0..NEAR, types); NEAR stands for more."""
    weeks = np.arange(NEAR + 1)[:, None]
    surging = SURGE_SHARE[:, None, None] * SURGE * np.exp(-weeks / SURGE_WEEKS)
    return np.asarray(RATE[:, None, :] * np.exp(np.stack([np.zeros_like(surging), surging])), dtype=np.float64)


def _by_class(share: Floats, effect: Floats) -> Floats:
    lost = np.broadcast_to(share, effect.shape)
    return np.stack([_share(lost), _share(lost * np.exp(effect))])


def _share(weight: Floats) -> Floats:
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True), dtype=np.float64)
