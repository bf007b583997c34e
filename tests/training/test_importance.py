"""What would be lost without a part of the score, and what became of each field, on a scorer made by hand."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from leadml.features import FeaturePlan, Snapshots
from leadml.features.plan import Attribute
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.scorer import Scorer
from leadml.predict.tables import Pair, ScoreTables, probability
from leadml.schema import LeadTables
from leadml.training.drivers import driver_facts
from leadml.training.fields import field_facts
from leadml.training.findings import Finding
from leadml.training.importance import lost_without, terms_by_column, terms_by_feature
from leadml.training.interactions import pair_facts

NAMES = ("strong", "weak", "noise", "flat", "story", "rare")
EFFECTS = {"strong": 1.5, "weak": 0.3, "noise": 0.04}
LEADS = 3_000


def category(name: str, *levels: str) -> Feature:
    return Feature(name, name, "category", "fit", name.title(), levels=levels)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """A scorer that is right on what is strong and weak, and believes a little in noise."""
    features = tuple(category(name) if name == "story" else category(name, "yes", "no") for name in NAMES)
    tables = []
    for feature in features:
        effect = EFFECTS.get(feature.name, 0.0)
        tables.append(np.array([0.0, 0.0, effect, -effect])[: feature.n_codes])
    ends = [np.arange(4, dtype=np.uint16)] * 2
    pair = Pair(0, 1, *ends, np.zeros((4, 4)) + np.diag([0, 0, 0.2, 0.2]))
    columns = tuple(Column(one.name, one.kind, one.group, one.label) for one in features)
    return Scorer(columns, features, ScoreTables(-1.0, tuple(tables), (pair,)), Policy((0.6, 0.4, 0.2)))


@pytest.fixture(scope="module")
def leads(scorer: Scorer) -> Snapshots:
    rng = np.random.default_rng(1)
    values = {name: rng.choice(["yes", "no"], LEADS) for name in NAMES}
    values["story"] = np.array([f"text {row}" for row in range(LEADS)])
    table = pa.table(values)
    without_noise = {**values, "noise": np.array([""] * LEADS)}
    label = (rng.random(LEADS) < scorer.probability(pa.table(without_noise))).astype(float)
    plan = FeaturePlan(
        calendar=False, attributes=tuple(Attribute(name, "category", "fit", name.title()) for name in (*NAMES, "gone"))
    )
    ids, accounts = (pa.array([str(row // size) for row in range(LEADS)]) for size in (1, 3))
    return Snapshots(table, scorer.columns, ids, accounts, None, label, None, None, plan)


def test_a_part_is_worth_what_predictions_lose_without_it(scorer: Scorer, leads: Snapshots) -> None:
    lost = lost_without(scorer, leads, terms_by_feature(scorer))
    assert list(lost) == list(NAMES)
    assert all(low <= value <= high for value, low, high in lost.values())
    assert lost["strong"][1] > 0.5
    assert lost["strong"][0] > lost["weak"][0] > 0
    assert lost["noise"][1] < 0 < lost["noise"][2]
    assert lost["flat"] == lost["rare"] == (0.0, 0.0, 0.0)
    # By hand: the strong feature's terms, held at their mean.
    terms = scorer.contributions(leads.features)
    log_odds = scorer.log_odds(leads.features)
    told = terms["strong"].to_numpy() + terms["strong x weak"].to_numpy()

    def loss(of: np.ndarray) -> float:
        chance = probability(of)
        return float(-np.mean(leads.label * np.log(chance) + (1 - leads.label) * np.log(1 - chance)))

    rate = leads.label.mean()
    gain = loss(np.full(LEADS, np.log(rate / (1 - rate)))) - loss(log_odds)
    assert lost["strong"][0] == pytest.approx((loss(log_odds - told + told.mean()) - loss(log_odds)) / gain)


def test_a_scorer_that_gains_nothing_has_nothing_to_lose(scorer: Scorer, leads: Snapshots) -> None:
    rng = np.random.default_rng(0)
    by_chance = leads.take(np.arange(LEADS))
    object.__setattr__(by_chance, "label", rng.permutation(leads.label))
    assert lost_without(scorer, by_chance, terms_by_feature(scorer)) == {}


def test_drivers_come_by_what_would_be_lost_and_leave_out_what_moves_nothing(scorer: Scorer, leads: Snapshots) -> None:
    lost = lost_without(scorer, leads, terms_by_feature(scorer))
    drivers = driver_facts(scorer, leads, lost)
    assert [driver["feature"] for driver in drivers][:2] == ["strong", "weak"]
    assert {driver["feature"] for driver in drivers} == {"strong", "weak", "noise"}
    assert drivers[0]["importance"] == pytest.approx(1.5 + 0.1 * np.mean(_same(leads)))
    assert (drivers[0]["lost"], drivers[0]["low"], drivers[0]["high"]) == lost["strong"]
    assert [driver["low"] for driver in driver_facts(scorer, leads, {})] == [None] * 3


def _same(leads: Snapshots) -> np.ndarray:
    return leads.features["strong"].to_numpy() == leads.features["weak"].to_numpy()


def test_every_field_that_was_read_has_its_importance_or_why_it_is_not_used(scorer: Scorer, leads: Snapshots) -> None:
    dropped = {"mail": "personal data", "tags": "excluded by the user"}
    tables = LeadTables(
        leads=pa.table({name: ["x"] for name in ("lead_id", "account_id", "outcome", "owner")}),
        activities=None,
        history=None,
        attributes=NAMES,
        answers={},
        rejects=pa.table({}),
        counts={},
        dropped=dropped,
    )
    findings = [
        Finding("L001", "warning", "late", "filled after closing.", ""),
        Finding("R105", "note", "rare", "is missing for 99 %.", ""),
    ]
    lost = lost_without(scorer, leads, terms_by_column(scorer))
    entries = {entry["field"]: entry for entry in field_facts(scorer, tables, leads, findings, lost)}
    assert list(entries)[:3] == ["strong", "weak", "noise"]
    assert [entry["used"] for entry in entries.values()] == [True] * 3 + [False] * (len(entries) - 3)
    assert entries["strong"]["importance"] == list(lost["strong"])
    assert all(entry["importance"] is None and entry["why"] for entry in entries.values() if not entry["used"])
    whys = {
        field: entries[field]["why"] for field in ("flat", "story", "rare", "gone", "late", "mail", "tags", "owner")
    }
    assert "told nothing beyond chance" in whys["flat"]
    assert "free text" in whys["story"]
    assert whys["rare"] == "R105: is missing for 99 %."
    assert "the same for every lead" in whys["gone"]
    assert whys["late"] == "L001: filled after closing."
    assert (whys["mail"], whys["tags"]) == ("personal data", "excluded by the user")
    assert "who works the lead" in whys["owner"]


def test_the_strongest_pairs_bring_their_density(scorer: Scorer, leads: Snapshots) -> None:
    (fact,) = pair_facts(scorer, leads)
    rows = np.array(fact["rows"])
    assert fact["pair"] == 0
    assert rows.sum() == LEADS
    assert rows[2, 2] + rows[3, 3] == _same(leads).sum()
    assert fact["importance"] == pytest.approx(0.2 * _same(leads).mean())
