"""Leads whose points were worked out by hand from the presets' files, all the way through the features."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from leadml.features import Snapshots, snapshots_at
from leadml.predict import Scorer
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook import Rulebook
from leadml.predict.tables import ScoreTables
from leadml.rules import by_segment, load_rulebook, map_rulebook
from leadml.training.choices import Choices
from leadml.training.examination import rule_names
from tests.features.conftest import make_tables

NOW = datetime.fromisoformat("2024-06-01T12:00")
DAY = timedelta(days=1)
MOMENT = 1 / 86_400_000_000  # a microsecond, in days


@dataclass(frozen=True)
class Scored:
    """Leads as of now under a rulebook."""

    book: Rulebook
    snapshots: Snapshots
    unmapped: tuple[str, ...]

    def points(self) -> dict[str, list[float]]:
        points = self.book.points(self.snapshots.features)
        return {name: [pytest.approx(one, abs=1e-5) for one in values.tolist()] for name, values in points.items()}

    def rows(self, mql: float = 0.5, sql: float = 0.6) -> list[dict[str, object]]:
        """Score rows of a scorer that knows the rules alone: 10 points double the odds."""
        tables = ScoreTables(intercept=0.0, main=(), pairs=(), rules_weight=0.0693)
        policy = Policy((0.8, 0.6, 0.5), mql, sql)
        scorer = Scorer(self.snapshots.columns, (), tables, policy, self.book)
        return scorer.score(self.snapshots.features).to_pylist()


def scored(rulebook, leads, activities=(), accounts=None):
    """Leads as dictionaries of attributes and answers; activities as (days ago, type[, number of the lead])."""
    book = load_rulebook(rulebook) if isinstance(rulebook, str) else rulebook
    ids = [f"L{place}" for place in range(len(leads))]
    columns = {"lead_id": ids, "account_id": accounts or ids, "created_at": [NOW - 365 * DAY] * len(ids)}
    columns |= {"closed_at": [None] * len(ids), "outcome": [None] * len(ids)}
    columns |= {name: [lead.get(name) for lead in leads] for name in dict.fromkeys(n for lead in leads for n in lead)}
    rows = [(f"L{one[2] if len(one) > 2 else 0}", NOW - one[0] * DAY, one[1]) for one in activities]
    tables = make_tables(columns, rows)
    mapped, unmapped = map_rulebook(book, rule_names(Choices(), tables), advice="")
    return Scored(mapped, snapshots_at(tables, NOW, counts=mapped.counts, open_only=False), unmapped)


def test_champ_by_hand():
    lead = {"challenges": "Critical", "authority": "influencer", "money": "50000", "prioritization": "this year"}
    found = scored("champ", [lead])
    assert found.points() == {"Challenges": [35], "Authority": [12], "Money": [15], "Prioritization": [10]}


def test_gpctba_ci_by_hand_with_consequences_below_zero():
    lead = {"goals": "measurable", "plans": "in-house", "challenges": "some", "timeline": "next quarter"}
    lead |= {"budget": "approved", "authority": "user", "consequences": "none", "implications": "significant"}
    found = scored("gpctba_ci", [lead, dict.fromkeys(lead, "yes")])
    assert found.points() == {
        "Goals": [15, 15],
        "Plans": [-5, 10],
        "Challenges": [6, 15],
        "Timeline": [6, 0],
        "Budget": [15, 15],
        "Authority": [0, 15],
        "Negative consequences": [-10, 10],
        "Positive implications": [5, 5],
    }
    assert found.book.total(found.snapshots.features).tolist() == [32, 85]


P_MAP_LEAD = {"employees": 120.0, "role": "Manager", "need": "Defined", "timeline": "now"}
P_MAP_SEEN = [
    *((30, "page_view"), (30, "page_view"), (30, "email_click")),
    *((45, "webinar"), (45, "white_paper"), (45, "white_paper")),
    *((30, "pricing_page"), (30, "demo_request")),
]


def test_p_map_by_hand_along_the_journey():
    found = scored("p_map", [P_MAP_LEAD], P_MAP_SEEN)
    assert found.unmapped == ("Decision: uses the trial",)
    assert found.points() == {
        "Profile": [15 + 10],
        "Awareness": [(1 + 1 + 2) / 2],
        "Consideration": [25 + 5 / 2 + 3 / 2],  # two white papers of one day count as one
        "Decision": [15 + 10 / 2 + 20 / 2],
    }


def test_e_map_by_hand_with_intent_data_of_the_whole_account():
    lead = {"need": "none", "authority": "user", "timeline": "someday", "budget": "approved"}
    seen = [(30, "intent_signal", 1), (30, "email_open"), (30, "email_click"), (45, "webinar")]
    seen += [(30, "pricing_page"), (30, "demo_request"), (30, "trial_use")]
    found = scored("e_map", [lead, {}], seen, accounts=["A", "A"])
    points = {name: values[0] for name, values in found.points().items()}
    assert points == {
        "Evidence of need": -20 + 5 / 2,
        "Awareness": 1 / 2 + 4 / 2,
        "Consideration": 4 / 2,
        "Decision": 15 + 8 / 2 + 10 / 2,  # demo and trial of one day count as one
    }
    first, second = found.rows()
    assert first["stopped_by"] == ["says that there is no need"]
    assert second["stopped_by"] == []


def test_engagement_points_by_hand():
    seen = [(30, "page_view")] * 7 + [(60, "page_view")] + [(30, "email_click")] * 3
    seen += [(30, "white_paper"), (30, "webinar"), (30, "demo_request"), (30, "pricing_page")]
    seen += [(45, "trial_use"), (30, "intent_signal"), (20, "unsubscribe"), (90, "careers_page")]
    found = scored("engagement_points", [{"x": "y"}], seen)
    assert found.unmapped == ()
    assert found.points() == {
        "Interest": [5 / 2 + 1 / 4 + 2 / 2 + 3 / 2 + 5 / 2],
        "Intent": [10 / 2 + 10 / 2 + 9 / 2 + 5 / 2],
        "Second thoughts": [-20 - 5 / 2],
    }


EVERY_TYPE = ("page_view", "email_click", "white_paper", "webinar", "demo_request", "pricing_page", "trial_use")


def engaged(*stories):
    """Leads who did nothing but what is told of each: (days ago, type)."""
    seen = [(*one, place) for place, story in enumerate(stories) for one in story]
    return scored("engagement_points", [{"x": "y"}] * len(stories), seen).points()


def test_nine_points_for_the_trial_fade_evenly_over_ninety_days():
    points = engaged(*([(days, "trial_use")] for days in (MOMENT, 3, 45, 90)))
    assert points["Intent"] == [9, 8.7, 4.5, 0]


def test_five_points_for_a_webinar_are_halved_every_thirty_days():
    points = engaged(*([(days, "webinar")] for days in (MOMENT, 3, 30, 45, 90)))
    assert points["Interest"] == [5, 5 * 0.5**0.1, 2.5, 5 * 0.5**1.5, 5 / 8]


def test_points_are_capped_per_day_per_type_and_together():
    stories = {
        4: [(0.01, "page_view")] * 4,
        5: [(0.01, "page_view")] * 40,  # per day
        10: [(day + 0.01, "page_view") for day in range(8) for _ in range(5)],  # per type
        15: [(day + 0.01, "webinar") for day in range(9)],
        30: [(day + 0.01, kind) for day in range(9) for kind in EVERY_TYPE[:4] for _ in range(5)],  # together
    }
    points = engaged(*stories.values())["Interest"]
    # What happened a quarter of an hour ago has faded by as much.
    assert [one.expected for one in points] == pytest.approx(list(stories), rel=1e-3)


def test_only_who_comes_back_gets_points_for_the_pricing_page():
    at_once = [(9, "pricing_page")]
    one_visit = [(9, "page_view"), (8.5, "pricing_page")]
    came_back = [(30, "pricing_page"), (9.5, "page_view"), (9, "pricing_page")]
    assert engaged(at_once, one_visit, came_back)["Intent"] == [0, 0, 10 * 0.5 ** (9 / 30)]


def test_silence_costs_points():
    points = scored("engagement_points", [{"x": "y"}, {}, {}], [(46, "webinar"), (44, "webinar", 1)]).points()
    assert points["Second thoughts"] == [-5, 0, -5]


ICP_LEADS = [
    {"employees": 800.0, "industry": "Health Care", "salespeople": 10.0, "growth": 0.12, "role": "CEO"},
    {"employees": 500.0, "industry": "Retail", "salespeople": 3.0, "growth": -0.2, "role": "CEO"},
    {"employees": 51.0, "industry": "Health care", "relationship": "Competitor", "email_domain": "acme.example"},
    {"employees": 50.0, "salespeople": 0.0, "role": "Student", "email_domain": "gmail.com"},
    {"employees": 9.0, "growth": 0.1, "role": "CEO"},
    {"role": "unknown"},
]


def test_the_ideal_customer_profile_by_hand():
    found = scored("icp", ICP_LEADS)
    assert found.points() == {
        "Tier": [40, 20, 20, 0, 0, 0],
        "Size": [15, 15, 10, 0, -10, 0],
        "Sales team": [10, 0, 0, -10, 0, 0],
        "Growth": [10, -5, 0, 0, 10, 0],
    }
    rows = found.rows()
    assert [row["tier"] for row in rows] == ["ideal customer profile", "target market", "target market"] + [None] * 3
    assert [row["stopped_by"] for row in rows] == [
        [],
        [],
        ["a competitor"],
        ["in the target market", "a student", "a free e-mail address"],
        ["in the target market"],
        ["in the target market"],
    ]


def test_gates_keep_leads_from_mql_and_from_sql_whatever_their_points():
    rows = scored("icp", ICP_LEADS).rows(mql=0.001, sql=0.002)
    assert [row["stage"] for row in rows] == ["SQL", "SQL", "raw", "raw", "MQL", "MQL"]
    assert all(row["probability"] > 0.002 for row in rows)


def test_personas_by_hand():
    leads = [
        {"employees": 800.0, "industry": "Software", "country": "Germany", "role": "CFO", "function": "Marketing"},
        {"employees": 60.0, "industry": "Retail", "country": "unknown", "role": "Manager", "function": "Law"},
        {"employees": 5.0, "industry": "Retail", "country": "Brazil", "role": "Student"},
    ]
    leads[0] |= {"need": "exploring", "current_tool": "Excel"}
    leads[1] |= {"need": "urgent", "current_tool": "ours"}
    found = scored("persona", leads)
    assert found.points() == {
        "Company": [30, 10, -15],  # 15 + 10 + 5, 10, and -20 held at the floor
        "Function": [10, 2, 0],
        "Seniority": [15, 12, -20],
        "Persona": [20, 20, 0],
        "Need": [6, 15, 0],
        "Tools in use": [10, 0, 0],
    }


def test_a_lead_of_a_segment_gets_points_and_questions_of_its_own_rulebook_alone():
    books = [
        (way, "direction", (way,), load_rulebook(name)) for way, name in (("inbound", "p_map"), ("outbound", "e_map"))
    ]
    inbound, outbound = P_MAP_LEAD | {"direction": "Inbound"}, P_MAP_LEAD | {"direction": "outbound"}
    neither = P_MAP_LEAD | {"direction": None}
    asked = {"direction": "inbound"}
    leads = [inbound, outbound, neither, asked, asked | {"direction": "outbound"}, asked | {"direction": "else"}]
    leads[1] = leads[1] | {"role": "Student", "need": "defined"}
    found = scored(by_segment(books), leads, [*P_MAP_SEEN, *((days, kind, 1) for days, kind in P_MAP_SEEN)])
    points = found.points()
    assert [values[0] for values in points.values()] == [25, 2, 29, 30, 0, 0, 0, 0]
    of_outbound = {name: values[1] for name, values in points.items()}
    assert of_outbound == {
        **dict.fromkeys(list(points)[:4], 0),
        "outbound: Evidence of need": 30,
        "outbound: Awareness": 4 / 2,
        "outbound: Consideration": 4 / 2,
        "outbound: Decision": 15 + 8 / 2 + 10 / 2,
    }
    assert [values[2] for values in points.values()] == [0] * 8
    questions = {
        way: {one.question for one in found.book.dimensions if one.name.startswith(way)} - {None}
        for way in ("inbound", "outbound")
    }
    rows = found.rows()
    assert rows[3]["next_question"] in questions["inbound"]
    assert rows[4]["next_question"] in questions["outbound"]
    assert [rows[place]["next_question"] for place in (0, 2, 5)] == [None, None, None]
    # The student's gate is that of inbound leads.
    assert [row["stopped_by"] for row in rows] == [[]] * 6
    student = scored(by_segment(books), [inbound | {"role": "student"}], P_MAP_SEEN).rows()
    assert student[0]["stopped_by"] == ["inbound: only learns about the field"]
    assert student[0]["stage"] == "raw"
