"""The next question is the one whose answer is worth most to the decision, worked out over every answer there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadml.predict import Scorer
from leadml.predict.asking.answers import Answers, questioned
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.rules.rulebook_text import parse_rulebook
from leadml.predict.tables import Pair, ScoreTables
from leadml.predict.trees import Trees
from leadml.rules import Names, map_rulebook

several = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])

BOOK = {
    "name": "Three questions",
    "dimension": [
        {
            "name": "Budget",
            "answer": "budget",
            "question": "Is there a budget?",
            "missing": 3,
            "rule": [
                {"label": "much", "points": 30, "at_least": 100},
                {"label": "some", "points": 10, "at_least": 10},
            ],
        },
        {
            "name": "Need",
            "answer": "need",
            "question": "Which need?",
            "only": {"attribute": "way", "one_of": ["inbound"]},
            "rule": [
                {"label": "clear", "points": 20, "one_of": ["clear", "urgent"]},
                {"label": "none", "points": -20, "one_of": ["none"]},
            ],
        },
        {
            "name": "Together",
            "counts": "all",
            "most_points": 12,
            "rule": [
                {
                    "label": "a clear need with a budget",
                    "points": 10,
                    "answer": "need",
                    "one_of": ["clear"],
                    "and": [{"answer": "budget", "at_least": 10}],
                },
                {"label": "inbound", "points": 5, "attribute": "way", "one_of": ["inbound"]},
            ],
        },
    ],
    "gate": [{"name": "a need", "must": "have", "stops": "SQL", "answer": "need", "none_of": ["none"]}],
}


@pytest.fixture(scope="module")
def asking():
    """A scorer whose questions are learned from too, in tables and a pair, with rules over several columns."""
    rng = np.random.default_rng(3)
    kinds = {"budget": "number", "need": "category", "way": "category", "visits": "number"}
    features = (
        Feature("budget", "budget", "number", "answer", "Budget", edges=np.array([5.0, 50.0])),
        Feature("need", "need", "category", "answer", "Need", levels=("clear", "urgent", "none")),
        Feature("visits", "visits", "number", "intent", "Visits", edges=np.array([0.5, 3.5])),
    )
    maps = [np.arange(feature.n_codes).astype(np.uint16) for feature in features]
    pairs = (
        Pair(1, 2, maps[1], maps[2], rng.normal(scale=0.5, size=(5, 4))),
        Pair(0, 1, maps[0], maps[1], rng.normal(scale=0.5, size=(4, 5))),
    )
    main = tuple(rng.normal(scale=0.5, size=feature.n_codes) for feature in features)
    return Scorer(
        columns=tuple(Column(name, kind, "answer", name) for name, kind in kinds.items()),
        features=features,
        tables=ScoreTables(-1.0, main, pairs, rules_weight=0.05),
        policy=Policy((0.6, 0.4, 0.2), mql=0.25, sql=0.5, sql_needs_intent=True),
        rulebook=map_rulebook(parse_rulebook(BOOK, "book"), Names(kinds), advice="")[0],
    )


@pytest.fixture(scope="module")
def leads():
    rng = np.random.default_rng(5)
    count = 300
    return pa.table(
        {
            "budget": pa.array(rng.choice([2.0, 20.0, 200.0], count), mask=rng.random(count) < 0.5),
            "need": pa.array(rng.choice(["clear", "Urgent", "none", "odd"], count), mask=rng.random(count) < 0.5),
            "way": pa.array(rng.choice(["inbound", "outbound"], count)),
            "visits": pa.array(rng.choice([0.0, 2.0, 9.0], count)),
        }
    )


def _filled(rows, scorer, column, value):
    kind = {c.name: c for c in scorer.columns}[column]
    answer = replace(Answers(column, (value,), (), ((1.0,),))).as_column(kind)
    whole = answer.take(pa.array(np.zeros(rows.num_rows, np.int64)))
    return rows.set_column(rows.column_names.index(column), column, whole)


def _column_of(scorer, question):
    return next(d.column for d in scorer.rulebook.dimensions if d.name == question.dimension)


def _answers_of(scorer, column):
    return scorer._questions._asking and next(
        one.filling.answers for one in scorer._questions._asking if one.filling.column.name == column
    )


def _check_law(scorer, rows):
    """Each probability after an answer is that of the row with the answer filled in."""
    for question in scorer.open_questions(rows):
        column = _column_of(scorer, question)
        for value, chance in zip(_answers_of(scorer, column).values, question.probability, strict=True):
            filled = scorer.probability(_filled(rows, scorer, column, value).take(pa.array(question.rows)))
            assert chance == pytest.approx(filled, abs=1e-9)
        assert question.share.sum(axis=0) == pytest.approx(np.ones(len(question.rows)))


def test_the_score_after_an_answer_is_that_of_the_row_with_the_answer_filled_in(asking, leads):
    _check_law(asking, leads)
    assert [question.dimension for question in asking.open_questions(leads)] == ["Budget", "Need"]


@several
@given(world=st.data())
def test_the_same_holds_for_scorers_of_every_kind(worlds, world):
    scorer, rows = world.draw(worlds)
    if rows.num_rows:
        _check_law(scorer, rows)


def test_the_same_holds_where_lightgbm_itself_is_served(asking, leads):
    rng = np.random.default_rng(0)
    codes = np.array(asking.encode(leads)).T.astype(float)
    label = rng.random(len(codes)) < 1 / (1 + np.exp(2 - codes[:, 1]))
    settings = {"objective": "binary", "verbosity": -1, "num_leaves": 5, "boost_from_average": False, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(codes, label), 5)
    trees, end, _ = booster.model_to_string().partition("end of trees\n")
    places = tuple(np.arange(float(feature.n_codes)) for feature in asking.features)
    _check_law(replace(asking, trees=(Trees(trees + end, places, 2.0),)), leads)


def test_answers_that_are_moments_are_filled_in_as_moments():
    need = Feature("since", "since", "month", "answer", "Since")
    column = Column("since", "time", "answer", "Since")
    rule = {"label": "said", "points": 10, "known": True}
    book = {"name": "B", "dimension": [{"name": "Since", "answer": "since", "question": "Since when?", "rule": [rule]}]}
    scorer = Scorer(
        (column,),
        (need,),
        ScoreTables(-1.0, (np.linspace(-2, 2, 13),), rules_weight=0.05),
        Policy((0.6, 0.4, 0.2)),
        map_rulebook(parse_rulebook(book, "book"), Names(["since"]), advice="")[0],
        answers=(Answers("since", ("2025-02-01T00:00:00", "2025-12-01T08:30:00"), (), ((0.5, 0.5),)),),
    )
    rows = pa.table({"since": pa.array([None, datetime(2024, 5, 5)], pa.timestamp("us"))})  # noqa: DTZ001 (UTC)
    _check_law(scorer, rows)
    assert scorer.score(rows)["next_question"].to_pylist() == ["Since when?", None]
    assert replace(scorer, answers=()).score(rows)["next_question"].to_pylist() == [None, None]


def _stage_allows(scorer, rows, stage):
    """By the definition: the stage of the row if its probability were 1."""
    sure = replace(scorer, policy=replace(scorer.policy, mql=0.0, sql=0.0))
    stages = sure.score(rows)["stage"].to_pylist()
    return np.array([found == "SQL" or (found == "MQL" and stage == "MQL") for found in stages])


def test_the_value_is_what_deciding_after_the_answer_gains_over_deciding_now(asking, leads):
    for question in asking.open_questions(leads):
        column = _column_of(asking, question)
        rows = leads.take(pa.array(question.rows))
        expected = np.zeros(rows.num_rows)
        for stage, cutoff in (("MQL", asking.policy.mql), ("SQL", asking.policy.sql)):
            gain = question.probability - cutoff
            if column == "need" and stage == "SQL":  # the gate looks at it, and intent is as it is now
                intent = asking.subtotals(rows)["intent"] > 0
                none = np.array([value == "none" for value in _answers_of(asking, column).values])
                after = (question.share * np.maximum(0, gain) * ~none[:, None]).sum(axis=0) * intent
                now = np.zeros(rows.num_rows)  # without a need nobody is an SQL yet
            else:
                may = _stage_allows(asking, rows, stage)
                after = (question.share * np.maximum(0, gain)).sum(axis=0) * may
                now = np.maximum(0, (question.share * gain).sum(axis=0)) * may
            expected += after - now
        assert question.value == pytest.approx(expected, abs=1e-12)
        assert (question.value >= 0).all()


def test_a_lead_is_asked_the_question_of_most_value_and_of_equal_ones_the_first(asking, leads):
    scored = asking.score(leads)
    best, texts = np.zeros(leads.num_rows), np.full(leads.num_rows, None, object)
    for question in asking.open_questions(leads):
        better = question.value > best[question.rows]
        best[question.rows[better]] = question.value[better]
        texts[question.rows[better]] = question.question
    assert scored["next_question"].to_pylist() == texts.tolist()
    assert scored["next_question_value"].to_pylist() == best.tolist()
    assert set(texts) == {None, "Is there a budget?", "Which need?"}
    twice = replace(asking.rulebook.dimensions[0], name="Money", question="How much money?")
    book = replace(asking.rulebook, dimensions=(*asking.rulebook.dimensions, twice))
    assert "How much money?" not in replace(asking, rulebook=book).score(leads)["next_question"].to_pylist()


def test_a_lead_that_has_answered_everything_is_asked_nothing(asking, leads):
    known = leads.filter(pc.and_(leads["budget"].is_valid(), leads["need"].is_valid()))
    scored = asking.score(known)
    assert known.num_rows > 20
    assert scored["next_question"].null_count == known.num_rows
    assert not any(scored["next_question_value"].to_pylist())
    assert all(not len(question.rows) for question in asking.open_questions(known))


def test_a_question_that_no_answer_makes_a_difference_to_is_worth_exactly_nothing(asking, leads):
    for cutoff in (0.0, 1.0):
        decided = replace(asking, policy=replace(asking.policy, mql=cutoff, sql=None))
        for question in decided.open_questions(leads):
            assert not question.value.any()
        assert decided.score(leads)["next_question"].null_count == leads.num_rows


def test_asking_must_be_worth_its_cost(asking, leads):
    free = asking.score(leads)["next_question_value"].to_numpy()
    cost = float(np.median(free[free > 0]))
    dear = replace(asking, policy=replace(asking.policy, cost_of_asking=cost)).score(leads)
    assert dear["next_question_value"].to_numpy() == pytest.approx(np.maximum(free - cost, 0), abs=1e-15)
    assert [text is not None for text in dear["next_question"].to_pylist()] == (free > cost).tolist()


def test_without_cutoffs_the_base_rate_is_what_is_decided_by(asking, leads):
    graded = replace(asking, policy=Policy((0.9, 0.8, 0.25)))
    cut = replace(asking, policy=Policy((0.9, 0.8, 0.1), mql=0.25))
    values = [scorer.score(leads)["next_question_value"].to_pylist() for scorer in (graded, cut)]
    assert values[0] == values[1]
    assert any(values[0])


def test_answers_that_were_seen_weigh_as_often_as_they_were_given(asking, leads):
    likely = Answers("budget", (2.0, 200.0), (-1.0,), ((0.9, 0.1), (0.3, 0.7)))
    seen = replace(asking, answers=(likely,))
    budget, _ = seen.open_questions(leads)
    low = seen.log_odds(leads)[budget.rows] < -1.0
    assert budget.share[0].tolist() == np.where(low, 0.9, 0.3).tolist()
    assert budget.answers == ("under 5", "50 or more")
    never = replace(likely, shares=((1.0, 0.0), (1.0, 0.0)))
    assert not replace(asking, answers=(never,)).open_questions(leads)[0].value.any()


@several
@given(world=st.data())
def test_rows_are_asked_the_same_alone_and_among_others_and_in_any_order(worlds, world):
    scorer, rows = world.draw(worlds)
    asked = scorer.score(rows).select(["next_question", "next_question_value"]).to_pylist()
    order = world.draw(st.permutations(range(rows.num_rows)))
    shuffled = scorer.score(rows.take(pa.array(order, pa.int64()))).select(["next_question", "next_question_value"])
    assert shuffled.to_pylist() == [asked[row] for row in order]
    for row in range(min(rows.num_rows, 4)):
        alone = scorer.score(rows.slice(row, 1)).select(["next_question", "next_question_value"])
        assert alone.to_pylist() == asked[row : row + 1]
    assert all(value >= 0 and (value > 0) == (text is not None) for text, value in (one.values() for one in asked))


def test_questions_of_every_segment_fill_the_columns_of_the_rulebook(asking):
    assert questioned(asking.rulebook) == ("budget", "need")
