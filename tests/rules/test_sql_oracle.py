"""Random rulebooks over random leads against SQL that is written from the rulebook's text alone.

Ten thousand leads in all. Everything is on the way: activities are counted by the features on one side, and by SQLite's
subqueries on the other.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta

import numpy as np
import pytest

from leadml.features import snapshots_at
from leadml.predict import Scorer
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook_text import parse_rulebook, rulebook_to_dict
from leadml.predict.tables import ScoreTables
from leadml.rules import map_rulebook
from leadml.training.choices import Choices
from leadml.training.examination import rule_names
from tests.features.conftest import make_tables

LEADS = 2_000
BOOKS = 6
NOW = datetime.fromisoformat("2024-06-01T12:00")
WORDS = [
    "Software",
    "software ",
    "RETAIL",
    "o'clock",
    "unknown",
    "?",
    "",
    " ",
    "1",
    "1.0",
    "10",
    "-3",
    "1e2",
    "nan",
    "no",
]
SAID = [word for word in WORDS if word.strip()] + ["never said", "20", "-1"]
TEXTS, NUMBERS = ("industry", "need"), ("employees", "amount")
ANSWERS = ("need", "amount")
TYPES = ("page_view", "webinar", "demo", "x'y")
UNANSWERED = ["Unknown", "?", "-1"]


def company(rng):
    """Leads by column, and activities as (lead, hours ago, type, value)."""
    ids = [f"L{place}" for place in range(LEADS)]
    columns = {"lead_id": ids, "account_id": [f"A{one}" for one in rng.integers(0, LEADS // 2, LEADS)]}
    columns |= {"created_at": [NOW - timedelta(days=300)] * LEADS, "closed_at": [None] * LEADS}
    columns |= {"outcome": [None] * LEADS}
    columns |= {name: [maybe(rng, str(one)) for one in rng.choice(WORDS, LEADS)] for name in TEXTS}
    sizes = [-1.0, 0.0, 1.0, 2.5, 10.0, 20.0, 100.0, 1e6]
    columns |= {name: [maybe(rng, float(one)) for one in rng.choice(sizes, LEADS)] for name in NUMBERS}
    n = 4 * LEADS
    hours = 12 * rng.integers(0, 250, n) + 1 + rng.integers(0, 3, n)
    drawn = rng.choice(ids, n), hours, rng.choice(TYPES, n), rng.choice([0.5, 1.0, 2.0], n)
    return columns, [(str(a), int(b), str(c), float(d)) for a, b, c, d in zip(*drawn, strict=True)]


def maybe(rng, value):
    return value if rng.random() < 0.85 else None


class Draw:
    """Parts of rulebooks, as the keys of their tables."""

    def __init__(self, rng):
        self.rng = rng
        self.counts = [self.count() for _ in range(8)]
        self.faded = [self.count() | self.fading() for _ in range(6)]

    def one(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def often(self, share, make):
        return make() if self.rng.random() < share else {}

    def points(self):
        return int(self.rng.integers(-20, 21)) or 3

    def types(self):
        return [str(one) for one in self.rng.choice([*TYPES, "*"], self.rng.integers(1, 3), replace=False)]

    def count(self):
        count = {"activity": self.types(), "whose": self.one("lead", "account")}
        count |= self.often(0.6, lambda: {"within_days": self.one(7.0, 30.0, 45.5)})
        gap = self.often(0.5, lambda: {"gap_days": self.one(0.5, 3.0)})
        steps = int(self.rng.integers(1, 3))
        return count | self.often(0.4, lambda: {"after": [self.types() for _ in range(steps)], **gap})

    def fading(self):
        fade = self.one({}, {"half_life_days": 30.0}, {"lifespan_days": 60.0})
        return fade | self.often(0.5, lambda: {"per_day": self.one(1.0, 2.5)})

    def bounds(self, low, high):
        at_least = float(self.rng.integers(low, high))
        both = {"at_least": at_least, "at_most": at_least + float(self.rng.integers(0, high))}
        return self.one(both, {"at_least": at_least}, {"at_most": at_least})

    def condition(self, answer=None):
        kind = self.rng.random()
        if kind < 0.3:
            return self.one(*self.counts) | self.one({}, self.bounds(1, 5), {"at_most": 0.0})
        if kind < 0.4:
            return {"account": self.one("contacts", "engaged_contacts"), **self.bounds(1, 4)}
        about = self.one("industry", "need", "employees", "amount")
        subject = {"answer" if about in ANSWERS else "attribute": about}
        words = [str(one) for one in self.rng.choice(SAID, self.rng.integers(1, 4))]
        asked = self.one({"one_of": words}, {"none_of": words}, {"known": bool(kind < 0.7)}, self.bounds(-5, 50))
        return ({} if about == answer else subject) | asked

    def when(self, answer=None):
        more = [self.condition() for _ in range(self.one(0, 0, 1, 2))]
        return self.condition(answer) | ({"and": more} if more else {})

    def rule(self, place, answer):
        rule = {"label": f"r{place}", "points": self.points()}
        if self.rng.random() < 0.3:
            more = [self.condition() for _ in range(self.one(0, 1))]
            cap = {"each": True, "most_points": float(self.rng.integers(1, 30))}
            return rule | self.one(*self.faded) | cap | ({"and": more} if more else {})
        return rule | self.when(answer)

    def dimension(self, place):
        dimension = {"name": f"D{place}", "counts": self.one("first", "all")}
        answer = self.one(None, *ANSWERS)
        if answer:
            dimension |= {"answer": answer, "question": "?"}
        if dimension["counts"] == "all":
            dimension |= self.often(0.5, lambda: {"most_points": float(self.rng.integers(1, 25))})
            dimension |= self.often(0.5, lambda: {"least_points": -float(self.rng.integers(1, 25))})
        else:
            dimension |= {"otherwise": self.points()} | ({"missing": self.points()} if answer else {})
        dimension |= self.often(0.3, lambda: {"only": self.when()})
        return dimension | {"rule": [self.rule(at, answer) for at in range(self.one(1, 3, 6))]}

    def gate(self, place):
        gate = {"name": f"g{place}", "must": self.one("have", "not have"), "stops": self.one("MQL", "SQL")}
        return gate | self.when() | self.often(0.4, lambda: {"only": self.when()})

    def book(self):
        return {
            "name": "drawn",
            "unanswered": UNANSWERED,
            "tier": [{"name": f"t{at}", "points": self.points()} | self.when() for at in range(self.one(0, 2))],
            "dimension": [self.dimension(at) for at in range(self.one(2, 4))],
            "gate": [self.gate(at) for at in range(self.one(0, 3))],
        }


class Oracle:
    """The same in SQL: a table of leads, and a column per count."""

    def __init__(self, columns, activities):
        self.db = sqlite3.connect(":memory:")
        self.db.create_function("half", 2, lambda age, days: 0.5 ** (age / days), deterministic=True)
        self.db.execute(
            "CREATE TABLE leads (row INTEGER, id TEXT, account TEXT, industry TEXT, industry_number REAL, need TEXT, "
            "need_number REAL, employees REAL, amount REAL)"
        )
        names = ("lead_id", "account_id", *TEXTS, *NUMBERS)
        for row, (lead, account, industry, need, *sizes) in enumerate(zip(*(columns[n] for n in names), strict=True)):
            cells = (row, lead, account, industry, number(industry), need, number(need), *sizes)
            self.db.execute("INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", cells)
        self.db.execute("CREATE TABLE done (lead TEXT, account TEXT, hours INTEGER, kind TEXT, value REAL)")
        account_of = dict(zip(columns["lead_id"], columns["account_id"], strict=True))
        rows = [(lead, account_of[lead], hours, kind, value) for lead, hours, kind, value in activities]
        self.db.executemany("INSERT INTO done VALUES (?, ?, ?, ?, ?)", rows)
        self.db.execute("CREATE INDEX by_lead ON done (lead)")
        self.db.execute("CREATE INDEX by_account ON done (account)")
        self.db.execute("CREATE INDEX by_its_account ON leads (account)")
        self.counts = {}
        engaged = "SELECT COUNT(DISTINCT lead) FROM done WHERE done.account = leads.account AND hours <= 90 * 24"
        self.column("contacts", "SELECT COUNT(*) FROM leads other WHERE other.account = leads.account")
        self.column("engaged_contacts", engaged)

    def column(self, name, query):
        self.db.execute(f"ALTER TABLE leads ADD COLUMN {name} REAL")
        self.db.execute(f"UPDATE leads SET {name} = ({query})")

    def rows(self, expressions):
        return self.db.execute(f"SELECT {', '.join(expressions)} FROM leads ORDER BY row").fetchall()

    def count(self, said):
        keys = ("activity", "whose", "within_days", "after", "gap_days", "half_life_days", "lifespan_days", "per_day")
        key = json.dumps({name: said.get(name) for name in keys})
        if key not in self.counts:
            self.counts[key], reached = f"count{len(self.counts)}", None
            for step, types in enumerate(said.get("after", ())):
                name = f"{self.counts[key]}_{step}"
                self.column(name, f"SELECT MAX(hours) FROM done WHERE {near(said, reached)} AND {of(types)}")
                reached = name
            self.column(self.counts[key], counting(said, reached))
        return self.counts[key]

    def holds(self, table, answer=None):
        conditions = [] if table.get("each") else [self.condition(table, answer)]
        conditions += [self.condition(other, answer) for other in table.get("and", ())]
        return f"({' AND '.join(conditions)})" if conditions else "(1)"

    def condition(self, said, answer):
        if "activity" in said:
            bounded = "at_least" in said or "at_most" in said
            return between(self.count(said), said if bounded else {"at_least": 1})
        if "account" in said:
            return between(said["account"], said)
        name = said.get("attribute", said.get("answer", answer))
        if "known" in said:
            return known(name) if said["known"] else f"NOT {known(name)}"
        if "one_of" in said or "none_of" in said:
            words = [word.strip().lower() for word in said.get("one_of", said.get("none_of"))]
            among = f"{text(name)} IN ({listed(words)})" if name in TEXTS else f"{name} IN ({numbers(words)})"
            return f"({known(name)} AND {'NOT ' if 'none_of' in said else ''}({among}))"
        return f"({known(name)} AND {between(f'{name}_number' if name in TEXTS else name, said)})"

    def given(self, rule):
        if not rule.get("each"):
            return str(float(rule["points"]))
        low, high = sorted([0.0, float(np.copysign(rule["most_points"], rule["points"]))])
        return f"MIN(MAX({rule['points']} * {self.count(rule)}, {low}), {high})"

    def rule_holds(self, rule, answer):
        held = self.holds(rule, answer)
        return f"({held} AND {self.count(rule)} > 0)" if rule.get("each") else held

    def dimension(self, said):
        answer = said.get("answer")
        rules = [(self.rule_holds(rule, answer), self.given(rule)) for rule in said["rule"]]
        only = self.holds(said["only"]) if "only" in said else "(1)"
        if said["counts"] == "all":
            total = " + ".join(f"(CASE WHEN {held} THEN {given} ELSE 0 END)" for held, given in rules)
            low, high = said.get("least_points", -1e9), said.get("most_points", 1e9)
            return f"CASE WHEN {only} THEN MIN(MAX({total}, {low}), {high}) ELSE 0 END"
        cases = [f"WHEN NOT {only} THEN 0", *(f"WHEN {held} THEN {given}" for held, given in rules)]
        cases += [f"WHEN NOT {known(answer)} THEN {said['missing']}"] if answer else []
        return f"CASE {' '.join(cases)} ELSE {said['otherwise']} END"

    def tier(self, tiers, otherwise, key):
        cases = " ".join(f"WHEN {self.holds(tier)} THEN {key(tier)}" for tier in tiers)
        return f"CASE {cases} ELSE {otherwise} END"

    def gate(self, gate):
        held = self.holds(gate)
        only = self.holds(gate["only"]) if "only" in gate else "(1)"
        return f"{only} AND {'NOT ' if gate['must'] == 'have' else ''}{held}"


def whose(said):
    return {"lead": "done.lead = leads.id", "account": "done.account = leads.account"}[said["whose"]]


def near(said, reached):
    """Activities that may count; `reached` is the column with when the chain had got that far, in hours ago."""
    recent = f"{whose(said)} AND hours <= {said.get('within_days', 1e9) * 24}"
    after = f" AND hours < {reached} AND {reached} - hours >= {said.get('gap_days', 0) * 24}"
    return recent + (after if reached else "")


def counting(said, reached):
    """The sum of what counts, for the lead of the row."""
    fade = "1.0"
    if "half_life_days" in said:
        fade = f"half(hours, {said['half_life_days'] * 24})"
    if "lifespan_days" in said:
        fade = f"MAX(0.0, 1.0 - hours / {said['lifespan_days'] * 24})"
    # Now is noon: what was up to 12 hours ago was today.
    day = "SUM(value) OVER (PARTITION BY (hours + 11) / 24)"
    of_days = f"SELECT *, {day} AS of_day FROM done WHERE {near(said, reached)} AND {of(said['activity'])}"
    worth = f"value * {fade} * MIN(1.0, {said.get('per_day', 1e9)} / of_day)"
    return f"SELECT COALESCE(SUM({worth}), 0) FROM ({of_days}) AS done"


def of(types):
    return "1" if "*" in types else f"kind IN ({listed(types)})"


def between(column, said):
    low, high = said.get("at_least", -1e99), said.get("at_most", 1e99)
    return f"COALESCE({column} >= {low} AND {column} <= {high}, 0)"


def text(column):
    return f"LOWER(TRIM({column}))"


def known(column):
    if column in TEXTS:
        return f"({column} IS NOT NULL AND {text(column)} NOT IN ({listed(['', 'unknown', '?', '-1'])}))"
    return f"({column} IS NOT NULL AND {column} <> -1)"


def listed(words):
    return ", ".join("'" + word.replace("'", "''") + "'" for word in words)


def numbers(words):
    return ", ".join(str(value) for word in words if (value := number(word)) is not None)  # none: SQLite takes IN ()


def number(word):
    try:
        return None if word is None or np.isnan(float(word)) else float(word)
    except ValueError:
        return None


@pytest.mark.parametrize("seed", range(10_000 // LEADS))
def test_random_rulebooks_give_ten_thousand_random_leads_what_sql_gives_them(seed):
    rng = np.random.default_rng(seed)
    columns, activities = company(rng)
    moments = [(lead, NOW - timedelta(hours=hours), kind, value) for lead, hours, kind, value in activities]
    tables = make_tables(columns, moments, answers={name: name for name in ANSWERS})
    names = rule_names(Choices(), tables)
    draw, oracle = Draw(rng), Oracle(columns, activities)
    drawn = [draw.book() for _ in range(BOOKS)]
    books = [parse_rulebook(content, "drawn") for content in drawn]
    mapped = [map_rulebook(book, names, advice="") for book in books]
    counts = tuple(dict.fromkeys(count for book, _ in mapped for count in book.counts))
    snapshots = snapshots_at(tables, NOW, counts=counts, open_only=False)
    rows = {lead: row for row, lead in enumerate(columns["lead_id"])}
    order = [rows[lead] for lead in snapshots.lead_id.to_pylist()]
    for content, written, (book, unmapped) in zip(drawn, books, mapped, strict=True):
        assert unmapped == ()
        for one in (written, book):
            assert parse_rulebook(json.loads(json.dumps(rulebook_to_dict(one))), "json") == one
        points = np.array(list(book.points(snapshots.features).values())).T
        assert points == pytest.approx(np.array(expected_points(oracle, content))[order], abs=1e-3)
        expected = expected_of(oracle, content)
        assert said_of(book, snapshots) == [expected[row] for row in order]


def expected_points(oracle, content):
    tiers = content["tier"]
    tier = [oracle.tier(tiers, 0, lambda tier: tier["points"])] if tiers else []
    return oracle.rows([*tier, *map(oracle.dimension, content["dimension"])])


def expected_of(oracle, content):
    """The tier of each lead, and the gates that stop it."""
    tiers, gates = content["tier"], content["gate"]
    tier = oracle.tier(tiers, "NULL", lambda tier: f"'{tier['name']}'") if tiers else "NULL"
    names = [gate["name"] for gate in gates]
    rows = oracle.rows([tier, *map(oracle.gate, gates)])
    return [(of_tier, [name for name, one in zip(names, stopped, strict=True) if one]) for of_tier, *stopped in rows]


def said_of(book, snapshots):
    tables = ScoreTables(intercept=0.0, main=(), pairs=(), rules_weight=0.01)
    scorer = Scorer(snapshots.columns, (), tables, Policy((0.9, 0.8, 0.7)), book)
    scored = scorer.score(snapshots.features)
    return list(zip(scored["tier"].to_pylist(), scored["stopped_by"].to_pylist(), strict=True))
