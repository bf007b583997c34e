"""The law of expiry: before its moment nothing that the scorer looks at changes by itself, and soon after it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.features import snapshots_at
from leadml.features.expiry import valid_until
from leadml.features.frame import features_of
from leadml.features.plan import TEAM
from leadml.features.planning import make_plan
from leadml.features.spine import Spine
from leadml.predict import Scorer
from leadml.predict.encoding import Feature
from leadml.predict.policy import Policy
from leadml.predict.rules.conditions import ActivityCount, CountCondition
from leadml.predict.rules.rulebook import Dimension, Gate, Rule, Rulebook
from leadml.predict.tables import Pair, ScoreTables
from tests.features.conftest import START, make_tables

TYPES = ("page", "pricing_page", "select")
STEPS = [timedelta(microseconds=1), timedelta(hours=5), timedelta(days=1), timedelta(days=8), timedelta(days=40)]


def random_count(rng):
    def maybe(value):
        return value if rng.random() < 0.5 else None

    fading = [{}, {"half_life_days": 9.0}, {"lifespan_days": 25.0}][rng.integers(3)]
    after = (("page",), ("select",))[: rng.integers(0, 3)]
    return ActivityCount(
        ("*",) if rng.random() < 0.3 else tuple(rng.permutation(TYPES)[: rng.integers(1, 3)].tolist()),
        within_days=maybe(float(rng.integers(2, 60)) / 2),
        after=after if rng.random() < 0.4 else (),
        gap_days=float(rng.integers(0, 3)),
        whose="account" if rng.random() < 0.4 else "lead",
        per_day=maybe(2.0),
        **fading,
    )


def random_rulebook(rng, counts, each):
    dimensions = tuple(
        Dimension(
            f"Counts {number}",
            (
                Rule("enough", 3.0, when=(CountCondition(count, at_least=float(rng.choice([0.5, 1, 2]))),)),
                *((Rule("each", 1.5, each=count, most_points=4.0),) if each else ()),
                Rule("few", -2.0, when=(CountCondition(count, at_most=float(rng.choice([0.0, 1]))),)),
            ),
            counts="all",
        )
        for number, count in enumerate(counts)
    )
    return Rulebook("Counts", "", dimensions, (Gate("None", (CountCondition(counts[0], at_least=1.0),)),))


def random_scorer(rng, snapshots, rulebook):
    features = []
    for column in snapshots.columns:
        if column.kind == "number" and column.name != TEAM.name and rng.random() < 0.7:
            values = snapshots.features[column.name].drop_null().to_numpy()
            near = rng.choice(values, 3) if len(values) else rng.normal(size=3)
            edges = np.unique(np.concatenate([near, near + rng.normal(scale=3, size=3), [0.5]]))
            features.append(Feature(column.name, column.name, "number", column.group, column.label, edges=edges))
    # Some neighbouring bins say the same.
    main = tuple(rng.choice([0.0, 0.1, -0.3], feature.n_codes) for feature in features)
    maps = [rng.integers(0, 2, feature.n_codes).astype(np.uint16) for feature in features[:2]]
    pairs = (Pair(0, 1, *maps, rng.normal(size=(2, 2))),) if len(features) > 1 else ()
    tables = ScoreTables(-1.0, main, pairs, 0.2)
    return Scorer(tuple(snapshots.columns), tuple(features), tables, Policy((0.5, 0.3, 0.1)), rulebook)


def world(company, seed, *, each=False, fading=True):
    rng = np.random.default_rng(seed)
    tables = company(int(rng.integers(0, 8)))
    if not fading:
        counts = [replace(random_count(rng), half_life_days=None, lifespan_days=None) for _ in range(2)]
    else:
        counts = [random_count(rng) for _ in range(2)]
    counts = list(dict.fromkeys(counts))
    plan = make_plan(tables, counts=counts)
    at = START + timedelta(days=int(rng.integers(40, 220)), hours=int(rng.integers(0, 24)))
    snapshots = snapshots_at(tables, at, plan=plan, open_only=False)
    return tables, snapshots, random_scorer(rng, snapshots, random_rulebook(rng, counts, each)), at


def later(tables, snapshots, moments):
    """Features of the same leads at other moments: those of all at the first, then of all at the second, ..."""
    lead = pc.index_in(snapshots.lead_id, value_set=tables.leads["lead_id"].combine_chunks()).to_numpy()
    at = pa.array(moments, pa.timestamp("us")).cast(pa.int64()).to_numpy()
    spine = Spine(np.tile(lead.astype(np.int64), len(at)), np.repeat(at, len(lead)))
    return features_of(tables, spine, snapshots.plan)


def told_at(scorer, tables, snapshots, moments):
    """What `told` says at each moment; shape (moments, terms, rows)."""
    said = told(scorer, later(tables, snapshots, moments))
    return said.reshape(len(said), len(moments), -1).swapaxes(0, 1)


def told(scorer, features):
    """Everything that the score is made of, per row: the terms, and the gates."""
    terms = np.array([column.to_numpy() for column in scorer.contributions(features).columns])
    return np.vstack([terms, scorer.kept_from("MQL", features)])


@settings(max_examples=3)
@given(seed=st.integers(0, 2**32 - 1), each=st.booleans())
def test_before_its_moment_a_lead_scores_the_same(company, seed, each):
    tables, snapshots, scorer, at = world(company, seed, each=each, fading=not each)
    now, until = told(scorer, snapshots.features), valid_until(tables, snapshots, scorer)
    ends = np.array([lasts or at + timedelta(days=999) for lasts in until.to_pylist()])
    just_before = [end - timedelta(microseconds=1) for end in ends[:4] if end > at]
    moments = [*(at + step for step in STEPS), *just_before]
    for moment, then in zip(moments, told_at(scorer, tables, snapshots, moments), strict=True):
        holds = moment < ends
        assert np.array_equal(then[:, holds], now[:, holds]), (moment, until)


def test_leads_expire_when_their_score_changes_and_few_before(company):
    expired, changed, steps = 0, 0, [timedelta(hours=hours) for hours in range(0, 73, 6)]
    for seed in range(2):
        tables, snapshots, scorer, at = world(company, seed)
        until = valid_until(tables, snapshots, scorer)
        gone = np.array([lasts is not None and lasts <= at + steps[-1] for lasts in until.to_pylist()])
        then = told_at(scorer, tables, snapshots, [at + step for step in steps])
        ever = (then != told(scorer, snapshots.features)).any(axis=(0, 1))
        assert not (ever & ~gone).any()
        expired, changed = expired + int(gone.sum()), changed + int(ever.sum())
    assert 0 < changed <= expired <= 1.5 * changed


def test_within_a_tolerance_neither_probability_nor_grade_moves_further_and_scores_hold_longer(company):
    tolerance, longer = 0.02, 0
    for seed in range(2):
        tables, snapshots, scorer, at = world(company, seed, each=True)
        scorer = replace(scorer, tables=replace(scorer.tables, main=tuple(t / 30 for t in scorer.tables.main)))
        scores, exact = scorer.score(snapshots.features), valid_until(tables, snapshots, scorer)
        until = valid_until(tables, snapshots, scorer, tolerance=tolerance, scores=scores)
        ends, ends_exact = (
            np.array([lasts or at + timedelta(days=999) for lasts in each.to_pylist()]) for each in (until, exact)
        )
        assert (ends >= ends_exact).all()
        longer += int((ends > ends_exact).sum())
        moments = [at + timedelta(days=days) for days in (0.1, 0.5, 2, 6)]
        moments += [end - timedelta(microseconds=1) for end in ends[:4] if end > at]
        then = scorer.score(later(tables, snapshots, moments))
        for number, moment in enumerate(moments):
            part, holds = then.slice(number * len(ends), len(ends)), moment < ends
            moved = np.abs(part["probability"].to_numpy() - scores["probability"].to_numpy())
            assert (moved[holds] <= tolerance).all()
            same = pc.equal(part["grade"].cast(pa.string()), scores["grade"].cast(pa.string())).to_numpy()
            assert same[holds].all()
    assert longer


def test_what_nothing_looks_at_and_what_has_no_moment_never_expires(company):
    tables, snapshots, scorer, at = world(company, 3)
    blind = replace(scorer, features=(), tables=ScoreTables(0.0, ()), rulebook=None)
    until = valid_until(tables, snapshots, blind).to_pylist()
    happens = [tables.leads["closed_at"], tables.leads["created_at"], tables.activities["occurred_at"]]
    happens = {moment for column in [*happens, tables.history["changed_at"]] for moment in column.to_pylist()}
    assert None in until
    assert all(lasts is None or (lasts >= at and lasts in happens) for lasts in until)
    flat = replace(snapshots, as_of=None)
    assert valid_until(tables, flat, scorer).equals(pa.nulls(len(flat.lead_id), pa.timestamp("us")))
    moments = pa.array([START + timedelta(days=n) for n in range(len(flat.lead_id))], pa.timestamp("us"))
    with pytest.raises(ValueError, match="Rows of several moments"):
        valid_until(tables, replace(snapshots, as_of=moments), scorer)


def test_points_that_fade_hold_until_the_probability_can_have_moved_by_the_tolerance():
    tables = make_tables(
        {"lead_id": ["one", "two"], "created_at": [START, START], "closed_at": [None, None], "outcome": [None, None]},
        [("one", START + timedelta(days=1), "page")],
    )
    at, count = START + timedelta(days=2), ActivityCount(("page",), half_life_days=30.0)
    snapshots = snapshots_at(tables, at, plan=make_plan(tables, counts=[count]))
    rules = Rulebook("", "", (Dimension("Pages", (Rule("page", 10.0, each=count),), counts="all"),))
    scorer = Scorer(tuple(snapshots.columns), (), ScoreTables(-2.0, (), (), 0.1), Policy((0.9, 0.8, 0.7)), rules)
    scores = scorer.score(snapshots.features)
    for tolerance in (0.0005, 0.01):
        ends = valid_until(tables, snapshots, scorer, tolerance=tolerance, scores=scores).to_pylist()
        assert ends[1] is None
        moved = scorer.probability(later(tables, snapshots, ends[:1])) - scores["probability"].to_numpy()
        assert -tolerance <= moved[0] < -0.9 * tolerance
        rough = valid_until(tables, snapshots, scorer, tolerance=tolerance).to_pylist()
        assert at < rough[0] <= ends[0]
