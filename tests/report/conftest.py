from __future__ import annotations

import calendar
import copy
import itertools
import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leadml.charts import Shape
from leadml.report import render


def _curve(power: float) -> list[float]:
    return [1 - (1 - i / 50) ** power for i in range(51)]


def _moved(cutoff: float, weekly: float, recall: float, all_wins: float) -> dict[str, Any]:
    """What a cutoff would do, beside what the facts of the published ones say."""
    won, width = recall * all_wins, 0.9 / math.sqrt(weekly + 3)

    def around(value: float, width: float, most: float = math.inf) -> list[float]:
        return [value, value * (1 - width), min(most, value * (1 + width))]

    return {
        "cutoff": cutoff,
        "per_week": around(weekly, 0.6 * width),
        "leads": around(20 * weekly, 0.6 * width),
        "precision": around(won / weekly, width, 1.0),
        "recall": around(recall, 0.4 * width, 1.0),
        "missed_per_week": around(all_wins - won, 0.4 * width),
        "missed": around(20 * (all_wins - won), 0.4 * width),
        "value_per_week": around(won * 1900 - 190 * weekly, width),
    }


def _what_if(published: dict[str, Any], most: float) -> list[dict[str, Any]]:
    """Rows of a stage that meets 320 leads a week, going through its published cutoff."""
    weekly, recall, power = published["per_week"][0], published["recall"][0], 1.35
    scale = weekly / (-math.log(published["probability"] / 0.66)) ** power
    bend = math.log(1 - recall) / math.log(1 - weekly / 321)
    all_wins = published["precision"][0] * weekly / recall
    volumes = sorted({weekly, *(1 + i * (most - 1) / 69 for i in range(70))}, reverse=True)
    cutoffs = [0.66 * math.exp(-((volume / scale) ** (1 / power))) for volume in volumes]
    cutoffs[volumes.index(weekly)] = published["probability"]
    rows = [
        _moved(cutoff, volume, 1 - (1 - volume / 321) ** bend, all_wins)
        for cutoff, volume in zip(cutoffs, volumes, strict=True)
    ]
    rows[volumes.index(weekly)] |= {
        key: published[key] for key in ("per_week", "precision", "recall", "value_per_week")
    }
    return rows


FACTS: dict[str, Any] = {
    "name": "Northwind Robotics",
    "trained_at": "2025-12-02T06:00:11+00:00",
    "version": "0.1.0",
    "horizon_days": 90,
    "data_until": "2025-12-01T22:41:00",
    "population": {
        "snapshots": 41873,
        "leads": 20000,
        "won": 2214,
        "lost": 13120,
        "open": 4666,
        "rejected": 187,
        "base_rate": 0.0812,
        "from": "2023-12-04T00:00:00",
        "until": "2025-09-02T00:00:00",
    },
    "signal": True,
    "evaluation": {
        "part": "newest 20 % (2025-04-14 to 2025-09-01)",
        "rows": 8421,
        "won": 671,
        "base_rate": 0.0797,
        "models": {
            "leadml": {
                "auc": [0.8034, 0.7871, 0.8192],
                "average_precision": [0.2871, 0.2552, 0.3190],
                "log_loss": [0.2312, 0.2208, 0.2419],
                "brier": [0.0651, 0.0618, 0.0687],
                "ece": [0.0084, 0.0061, 0.0132],
                "top_20": [0.5812, 0.5436, 0.6170],
            },
            "logistic regression": {
                "auc": [0.7871, 0.7702, 0.8040],
                "average_precision": [0.2590, 0.2291, 0.2904],
                "log_loss": [0.2377, 0.2268, 0.2489],
                "brier": [0.0668, 0.0634, 0.0704],
                "ece": [0.0121, 0.0088, 0.0167],
                "top_20": [0.5514, 0.5139, 0.5887],
            },
            "rules alone": {
                "auc": [0.6630, 0.6421, 0.6838],
                "average_precision": [0.1494, 0.1302, 0.1702],
                "log_loss": [0.2651, 0.2533, 0.2770],
                "brier": [0.0714, 0.0675, 0.0754],
                "ece": [0.0203, 0.0160, 0.0259],
                "top_20": [0.3920, 0.3541, 0.4298],
            },
            "base rate": {
                "auc": [0.5, 0.5, 0.5],
                "average_precision": [0.0797, 0.0735, 0.0860],
                "log_loss": [0.2787, 0.2651, 0.2923],
                "brier": [0.0734, 0.0690, 0.0778],
                "ece": [0.0015, 0.0002, 0.0078],
                "top_20": [0.2, 0.1720, 0.2281],
            },
        },
        "reliability": [
            {"predicted": p, "observed": o, "low": o - w, "high": o + w, "rows": n}
            for p, o, w, n in [
                (0.008, 0.007, 0.004, 1684),
                (0.019, 0.021, 0.008, 1684),
                (0.034, 0.030, 0.009, 1263),
                (0.052, 0.058, 0.013, 1263),
                (0.081, 0.078, 0.017, 842),
                (0.127, 0.131, 0.024, 758),
                (0.198, 0.187, 0.034, 505),
                (0.291, 0.305, 0.055, 253),
                (0.402, 0.381, 0.088, 120),
                (0.537, 0.571, 0.135, 49),
            ]
        ],
        "gain": [
            {"share": i / 50, "captured": a, "rules": b}
            for i, (a, b) in enumerate(zip(_curve(3.9), _curve(2.23), strict=True))
        ],
    },
    "cutoffs": [
        {
            "stage": "MQL",
            "probability": 0.1382,
            "binding": "capacity",
            "segment": None,
            "per_week": [61.4, 56.6, 66.2],
            "precision": [0.2291, 0.2054, 0.2533],
            "recall": [0.5007, 0.4610, 0.5402],
            "value_per_week": [15061.0, 13372.0, 16750.0],
            "guarantee": None,
            "confirmation": {
                "asked": "a cutoff within the capacity of 60 leads a week",
                "cutoff": 0.1411,
                "got": {
                    "per_week": [57.9, 52.0, 64.1],
                    "precision": [0.2334, 0.2001, 0.2672],
                    "recall": [0.4890, 0.4310, 0.5477],
                    "value_per_week": None,
                },
                "held": True,
            },
            "why": "60 leads a week is what sales can call; a lower cutoff would bring more than that.",
        },
        {
            "stage": "SQL",
            "probability": 0.2745,
            "binding": "minimum precision",
            "segment": None,
            "per_week": [17.2, 15.1, 19.3],
            "precision": [0.3510, 0.3062, 0.3984],
            "recall": [0.2206, 0.1891, 0.2530],
            "value_per_week": [8203.0, 6560.0, 9845.0],
            "guarantee": {"minimum_precision": 0.3, "confidence": 0.95},
            "confirmation": None,
            "why": "At least 30 % of SQLs shall be won with 95 % certainty; intent must be shown.",
        },
    ],
    "grades": [
        {"grade": "A", "from": 0.3188, "share": 0.0441, "observed": 0.4124},
        {"grade": "B", "from": 0.1594, "share": 0.0978, "observed": 0.2163},
        {"grade": "C", "from": 0.0797, "share": 0.1610, "observed": 0.1108},
        {"grade": "D", "from": 0.0, "share": 0.6971, "observed": 0.0285},
    ],
    "findings": [
        {
            "code": "R101",
            "level": "warning",
            "column": "contract_number",
            "message": "Column 'contract_number' gives the outcome away: it is filled in for 99.8 % of won leads "
            "and for 0.1 % of the others, and only after the deal is closed.",
            "advice": "It was left out. If it is known before the deal is won, name it in columns.keep.",
        },
        {
            "code": "R204",
            "level": "note",
            "column": "budget",
            "message": "Column 'budget' is missing for 71.3 % of leads.",
            "advice": "Missing counts as an answer of its own; asking for it would sharpen the score.",
        },
        {
            "code": "R310",
            "level": "warning",
            "column": None,
            "message": "The win rate fell from 9.1 % to 7.4 % over the last six months.",
            "advice": "Retrain monthly and watch the calibration.",
        },
    ],
    "excluded": [
        {"column": "contract_number", "why": "gives the outcome away"},
        {"column": "email", "why": "personal data"},
        {"column": "fax", "why": "no value in any row"},
        {"column": "import_batch", "why": "the same value in every row"},
    ],
    "rules": {
        "name": "BANT",
        "weight": 0.0412,
        "interval": [0.0351, 0.0474],
        "dimensions": [
            {"name": n, "points_low": lo, "points_high": hi, "answered": a, "won_with": w, "won_without": v}
            for n, lo, hi, a, w, v in [
                ("budget", -5, 15, 0.287, 0.1904, 0.0581),
                ("authority", -5, 15, 0.644, 0.1160, 0.0475),
                ("need", 0, 20, 0.412, 0.1712, 0.0398),
                ("timeline", -10, 15, 0.233, 0.2145, 0.0622),
            ]
        ],
    },
    "drivers": [
        {"feature": f, "label": label, "group": g, "importance": v}
        for f, label, g, v in [
            ("pricing_30", "pricing page views, last 30 days", "intent", 0.612),
            ("recency", "days since the last activity", "engagement", 0.488),
            ("industry", "industry", "fit", 0.341),
            ("role", "role of the contact", "fit", 0.302),
            ("employees", "employees", "fit", 0.251),
            ("need", "need", "answer", 0.204),
            ("source", "source", "fit", 0.118),
            ("month", "month of creation", "fit", 0.061),
            ("country", "country", "fit", 0.033),
        ]
    ],
    "grade_bounds": {"why": "kept since 2025-03-01"},
    "grade_moves": {
        "as_of": "2025-12-01T22:41:00",
        "which": "leads open at the end of the data",
        "leads": 4666,
        "previous_trained_at": "2025-11-01T06:00:00",
        "compared": 4666,
        "table": [[180, 21, 2, 0], [30, 390, 41, 5], [3, 52, 690, 88], [0, 4, 95, 3065]],
        "moved": 341,
        "up": 184,
        "down": 157,
        "then": {"as_of": "2025-11-01T05:10:00", "grades": [198, 450, 800, 3010]},
        "why": None,
    },
    "review": {
        "cutoffs": [0.1382],
        "missed": {
            "count": 212,
            "of": 671,
            "gated": 4,
            "listed": 200,
            "common": [
                {"what": "Source: partner", "count": 61, "of": 212, "share": 0.29, "among_others": 0.11, "p": 1e-5}
            ],
        },
        "alarms": {"count": 901, "of": 1402, "won_later": 33, "listed": 200, "common": []},
        "why": None,
    },
    "fairness": [
        {
            "column": "gender",
            "label": "Gender",
            "leads": 3120,
            "known": 2988,
            "groups": [
                {
                    "group": name,
                    "leads": leads,
                    "selected": [rate, rate - 0.03, rate + 0.03],
                    "ratio": [ratio, ratio - 0.08, ratio + 0.08],
                    "four_fifths": verdict,
                    "predicted": 0.081,
                    "observed": [0.079, 0.068, 0.091],
                    "calibrated": "no difference shown",
                    "precision": [0.23, 0.19, 0.27],
                    "recall": [0.5, 0.43, 0.57],
                }
                for name, leads, rate, ratio, verdict in [
                    ("male", 1811, 0.21, 1.0, "highest rate"),
                    ("female", 1102, 0.14, 0.667, "breached"),
                    ("prefers not to say, or says something longer", 75, 0.17, 0.81, "cannot be told"),
                ]
            ],
            "sql": [],
            "score_tells": 0.013,
            "features": [
                {"feature": "role", "label": "Role", "tells": 0.081, "moves": 0.21, "between": 0.3, "named": True}
            ],
            "why": None,
        }
    ],
    "velocity": {
        "qualified": "crossed",
        "cutoff": 0.138,
        "months": [
            {"month": f"2025-{month:02}", "leads": float(leads), "looks": looks}
            for month, leads, looks in [(7, 33, 4.0), (8, 27, 4.0), (9, 45, 5.0), (10, 45, 4.0), (11, 54, 4.0)]
        ],
        "newest_months": 3,
        "change": [1.168, 0.992, 1.376],
        "per_month": [48.0, 40.8, 56.5],
        "win_rate": [0.37, 0.3, 0.44],
        "deal_value": [21870.8, 18072.5, 26467.5],
        "cycle_days": [52.3, 48.4, 56.5],
        "deals": 211,
        "deals_valued": 209,
        "leads_per_deal": 1.37,
        "per_day": [5427.8, 3901.9, 7550.3],
        "missing": [],
    },
    "returns": {
        "rows": [
            {
                "source": "website",
                "leads": 349,
                "cost": 4275.3,
                "wins": 60.0,
                "revenue": 1230442.5,
                "per_cost": [287.8, 194.0, 426.9],
                "cost_per_win": [71.3, 56.4, 90.0],
            },
            {
                "source": "trade fair",
                "leads": 174,
                "cost": 21962.5,
                "wins": 3.5,
                "revenue": 498025.9,
                "per_cost": [22.7, None, None],
                "cost_per_win": [6275.0, None, None],
            },
        ],
        "total": {
            "source": "all sources",
            "leads": 523,
            "cost": 26237.8,
            "wins": 63.5,
            "revenue": 1728468.4,
            "per_cost": [65.9, 48.0, 90.5],
            "cost_per_win": [413.2, 330.0, 517.4],
        },
        "created_until": "2025-08-08",
        "too_young": 363,
        "missing": ["12 leads have no cost on record and are not counted."],
    },
    "candidates": [
        {"name": "glass-box", "weight": 0.7, "log_loss": 0.2318},
        {"name": "boosted trees", "weight": 0.2, "log_loss": 0.2335},
        {"name": "logistic regression", "weight": 0.1, "log_loss": 0.2381},
    ],
}


_ASKED = ("cutoff", "per_week", "precision", "recall", "value_per_week")
FACTS["what_if"] = {
    cutoff["stage"]: _what_if(cutoff, most) for cutoff, most in zip(FACTS["cutoffs"], (319.0, 190.0), strict=True)
}


FACTS["alternatives"] = [
    {"stage": stage, "segment": None, "asked": asked, "why": why, **dict.fromkeys(_ASKED), **figures}
    for stage, asked, why, figures in [
        ("MQL", "capacity 72 a week (+20 %)", "", {
            "cutoff": 0.1127, "per_week": [71.8, 66.2, 77.4], "precision": [0.2201, 0.1980, 0.2420],
            "recall": [0.5621, 0.5240, 0.6003], "value_per_week": [16420.0, 14710.0, 18133.0]}),
        ("SQL", "minimum precision 35.0 % (+5 points)", "", {
            "cutoff": 0.4012, "per_week": [9.1, 7.6, 10.8], "precision": [0.4220, 0.3531, 0.4911],
            "recall": [0.1402, 0.1120, 0.1689], "value_per_week": [5521.0, 4210.0, 6830.0]}),
        ("SQL", "minimum precision 50.0 % at 99 % confidence", "No cutoff reaches that with so few leads.", {}),
    ]
]  # fmt: skip
FACTS["forecast"] = {
    "MQL": {
        "level": 0.9,
        "weeks": [
            {"from": f"2025-12-{day:02}", "expected": 60.4 + day / 10, "low": 44.0, "high": 79.0 + day / 5}
            for day in (1, 8, 15, 22)
        ],
        "seen": [
            {"from": f"2025-{month:02}-{day:02}", "leads": 61 + (month * day * 7) % 23 - 11}
            for month in (8, 9, 10, 11)
            for day in (1, 8, 15, 22)
        ],
        "too_little": None,
    },
    "SQL": {
        "level": 0.9,
        "weeks": [],
        "seen": [],
        "too_little": "Only 5 weeks were seen: no range can be promised yet.",
    },
}
FACTS["cutoffs"].append(
    FACTS["cutoffs"][0]
    | {
        "segment": "health care",
        "probability": 0.1091,
        "per_week": [11.2, 9.1, 13.0],
        "why": "12 a week for team south.",
    }
)


def _numbers(feature: str, label: str, group: str, effects: list[float], edges: list[float]) -> Shape:
    between = [f"{low:,g} to {high:,g}" for low, high in itertools.pairwise(edges)]
    texts = ["not known", f"under {edges[0]:,g}", *between, f"{edges[-1]:,g} or more"]
    rows = [310, *(int(5000 * math.exp(-i / (len(edges) / 3))) + 4 for i in range(len(edges) + 1))]
    return Shape(feature, label, group, "number", texts, [-0.1, *effects], rows)


def _categories(feature: str, label: str, group: str, effects: dict[str, float]) -> Shape:
    texts = ["not known", "another value", *effects]
    rows = [620, 80, *(4200 // (i + 1) for i in range(len(effects)))]
    return Shape(feature, label, group, "category", texts, [-0.22, 0.03, *effects.values()], rows)


def _shapes() -> list[Shape]:
    recency = [math.log(3.2) * math.exp(-i / 12) - 0.75 for i in range(61)]
    employees = [0.5 * math.sin(i / 9) - 0.1 for i in range(31)]
    months = list(calendar.month_name)[1:]
    industries = {
        "Manufacturing": 0.81, "Logistics": 0.66, "Software": 0.41, "Retail": 0.02, "Health care": 0.11,
        "Education": -0.48, "Public sector": -0.72, "Finance": 0.22, "Energy": 0.3, "Construction": -0.05,
        "Media & entertainment": -0.33, "Agriculture": -0.2, "Hospitality": -0.91, "Mining": 0.1,
    }  # fmt: skip
    return [
        _categories("industry", "industry", "fit", industries),
        _numbers("pricing_30", "pricing page views, last 30 days", "intent", [-0.31, 0.4, 0.92, 1.38], [1, 2, 4]),
        _numbers("recency", "days since the last activity", "engagement", recency, [i * 1.5 for i in range(60)]),
        _categories("role", "role of the contact", "fit",
                    {"engineer": -0.1, "manager": 0.31, "director": 0.52, "student": -1.4}),
        _numbers("employees", "employees", "fit", employees, [10.0 * (i + 1) ** 2 for i in range(30)]),
        _categories("need", "need", "answer", {"confirmed": 0.7, "vague": -0.21, "none": -1.1}),
        _categories("source", "source", "fit", {"Web": 0.11, "Trade fair": 0.31, "Referral": 0.62, "List": -0.4}),
        Shape("month", "month of creation", "fit", "month", ["not known", *months],
              [0.0, 0.1, 0.07, 0.03, -0.02, -0.04, -0.08, -0.13, -0.11, 0.02, 0.06, 0.08, -0.05],
              [0, *(700 + 31 * i for i in range(12))]),
        _categories("country", "country", "fit", {"DE": 0.02, "FR": -0.03}),
    ]  # fmt: skip


def _no_signal(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts of flat data without time, rules or signal."""
    gone = {"horizon_days": None, "data_until": None, "signal": False, "rules": None, "cutoffs": [], "drivers": []}
    facts["population"] |= {"from": None, "until": None}
    for p in facts["evaluation"]["gain"]:
        p |= {"captured": p["share"], "rules": None}
    facts["evaluation"]["models"] = {
        "leadml": facts["evaluation"]["models"]["base rate"],
        "base rate": facts["evaluation"]["models"]["base rate"],
    }
    return facts | gone


HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</style></title><script>alert(2)</script>",
    "{{ 7 * 7 }} {% raw %} ${x} datum.y",
    "مرحبا بالعالم ‮evil‬ שלום",
    "x" * 10_000,
    "👩‍👩‍👧‍👦🔥" * 40,
    "a:b,c[d]\\.e\x00\x1b\ud800",
    "https://example.invalid/" + "long-path/" * 60,
    "x'); DROP TABLE leads;--",
]


def _hostile(facts: dict[str, Any]) -> tuple[dict[str, Any], list[Shape]]:
    """Facts and shapes in which every text that a user could have set is an attack or an accident."""
    facts["name"] = HOSTILE[0] + HOSTILE[5]
    facts["findings"] = [
        {"code": t, "level": ("error", "warning", t)[i % 3], "column": t, "message": t, "advice": t}
        for i, t in enumerate(HOSTILE)
    ]
    facts["excluded"] = [{"column": t, "why": t} for t in HOSTILE]
    facts["evaluation"]["part"] = HOSTILE[1]
    facts["evaluation"]["models"] = dict.fromkeys(["leadml", *HOSTILE[:3]], facts["evaluation"]["models"]["leadml"])
    facts["velocity"] |= {"missing": HOSTILE, "months": [{"month": t, "leads": 3.0} for t in HOSTILE]}
    facts["what_if"] = dict(zip(HOSTILE, [*facts["what_if"].values()] * 2, strict=False))
    facts["forecast"] = dict.fromkeys(HOSTILE[:4], facts["forecast"]["MQL"]) | {
        HOSTILE[4]: facts["forecast"]["SQL"] | {"too_little": HOSTILE[5]}
    }
    told = {"guarantee": {"minimum_precision": HOSTILE[0]}, "confirmation": {"asked": HOSTILE[0], "held": HOSTILE[1]}}
    facts["cutoffs"] = [{**facts["cutoffs"][0], "stage": t, "segment": s, **told} for t in HOSTILE for s in (None, t)]
    facts["alternatives"] = [{"stage": t, "segment": t, "asked": t, "why": t} for t in HOSTILE]
    row = facts["returns"]["total"]
    facts["returns"] |= {"missing": HOSTILE, "created_until": HOSTILE[1], "total": row | {"source": HOSTILE[0]}}
    facts["returns"]["rows"] = [row | {"source": t} for t in HOSTILE]
    for entry, text in zip(facts["drivers"], HOSTILE, strict=False):
        entry |= {"label": text, "group": text, "feature": text}
    for entry, text in zip(facts["rules"]["dimensions"], HOSTILE, strict=False):
        entry["name"] = text
    facts["rules"]["name"] = HOSTILE[5]
    for part, key in (("cutoffs", "stage"), ("cutoffs", "why"), ("grades", "grade"), ("candidates", "name")):
        for entry, text in zip(facts[part], HOSTILE, strict=False):
            entry[key] = text
    size = len(HOSTILE)
    effects, rows = [0.1 * i - 0.4 for i in range(size)], [100] * size
    return facts, [Shape(text, text, text, "category", HOSTILE, effects, rows) for text in HOSTILE]


@pytest.fixture
def facts() -> dict[str, Any]:
    """A realistic set of facts, free to be changed."""
    return copy.deepcopy(FACTS)


@pytest.fixture
def shapes() -> list[Shape]:
    """Shapes of nine features, not in order of importance."""
    return _shapes()


@pytest.fixture(scope="session")
def page() -> str:
    """The page of a good scorer."""
    return render(FACTS, _shapes())


@pytest.fixture(scope="session")
def no_signal_page() -> str:
    """The page of a scorer that found nothing."""
    return render(_no_signal(copy.deepcopy(FACTS)), [])


@pytest.fixture(scope="session")
def hostile_page() -> str:
    """The page of a company of attackers."""
    return render(*_hostile(copy.deepcopy(FACTS)))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real headless Chromium; skips where there is none."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium found (looked for chromium, chromium-browser, google-chrome)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=quiet)
        yield browser
        browser.close()


@pytest.fixture
def seen() -> list[str]:
    """What the browser said and asked for while it showed a page."""
    return []


@pytest.fixture
def visit(browser: Any, tmp_path: Path, seen: list[str]) -> Iterator[Callable[..., Any]]:
    """Open a page at a width, everything unfolded, noting messages, errors, dialogs and requests."""
    contexts = []

    def open_page(html: str, width: int = 1280, scheme: str = "light") -> Any:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: seen.append(message.text))
        tab.on("pageerror", lambda error: seen.append(str(error)))
        tab.on("dialog", lambda dialog: seen.append(dialog.message))
        tab.on("request", lambda request: seen.append(request.url))
        tab.goto(path.as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        return tab

    yield open_page
    for context in contexts:
        context.close()
