import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.errors import TrainingError
from leadml.predict.encoding import Column
from leadml.predict.rules.conditions import ActivityCount, CountCondition
from leadml.predict.rules.rulebook_text import read_rulebook
from leadml.rules import Names, map_rulebook
from leadml.rules.toml_text import rulebook_to_toml
from leadml.training import metrics
from leadml.training.card.learning import learn_card
from leadml.training.card.lines import Line, design, disjoint, merged, round_edges, roundest
from leadml.training.card.rounding import fit_weights, rounded

COLUMNS = (
    Column("visits", "number", "engagement", "Visits"),
    Column("source", "category", "fit", "Source"),
    Column("noise", "number", "fit", "Noise"),
    Column("created", "time", "fit", "Created"),
)


@pytest.fixture(scope="module")
def leads():
    draw = np.random.default_rng(0)
    n = 3000
    visits = draw.poisson(3, n).astype(float)
    source = draw.choice(["web", "fair", "list"], n)
    asked = draw.random(n) < 0.8
    log_odds = 0.5 * np.minimum(visits, 6) + 2.0 * (source == "fair") - 1.5 * ~asked - 3
    won = (draw.random(n) < 1 / (1 + np.exp(-log_odds))).astype(float)
    table = pa.table(
        {
            "visits": pa.array(visits),
            "source": pa.array(np.where(asked, source, None).tolist(), pa.string()),
            "noise": pa.array(draw.normal(size=n)),
            "created": pa.array(np.arange(n), pa.timestamp("us")),
        }
    )
    return table, won, 1 / (1 + np.exp(-log_odds))


def test_a_card_finds_what_tells_in_few_lines_and_whole_points(leads):
    table, won, truth = leads
    card = learn_card(table, COLUMNS, won, name="c", lines=8)
    points = [rule.points for dimension in card.rulebook.dimensions for rule in dimension.rules]
    assert card.length == len(points) <= 8
    assert all(point == int(point) and abs(point) <= 10 for point in points)
    assert {dimension.name for dimension in card.rulebook.dimensions} >= {"Visits", "Source"}
    assert metrics.auc(won, card.probability(table)) > metrics.auc(won, truth) - 0.03
    assert metrics.log_loss(won, card.probability(table)) < metrics.log_loss(won, card.unrounded(table)) + 0.01


def test_the_written_card_gives_every_lead_the_points_that_were_learned(leads):
    table, won, _ = leads
    card = learn_card(table, COLUMNS, won, name="c", lines=8)
    again = read_rulebook(rulebook_to_toml(card.rulebook), "card.toml")
    mapped, unmapped = map_rulebook(again, Names(table.column_names), advice="")
    assert not unmapped
    np.testing.assert_array_equal(mapped.total(table), card.resolved.total(table))


@pytest.mark.parametrize("lines", [1, 3])
def test_a_card_is_never_longer_than_asked(leads, lines):
    table, won, _ = leads
    assert learn_card(table, COLUMNS, won, name="c", lines=lines).length <= lines


def test_counts_of_activities_are_asked_as_counts(leads):
    table, won, _ = leads
    count = ActivityCount(("visit",), within_days=30.0)
    counted = table.append_column(count.column, table["visits"]).drop_columns(["visits"])
    columns = (Column(count.column, "number", "engagement", "visit, last 30 days"), *COLUMNS[1:3])
    card = learn_card(counted, columns, won, name="c", counts={count.column: count}, lines=6)
    asked = [rule.when[0] for one in card.rulebook.dimensions for rule in one.rules if one.group == "engagement"]
    assert asked
    assert all(isinstance(condition, CountCondition) and condition.count == count for condition in asked)


def test_noise_and_a_single_outcome_give_no_card():
    draw = np.random.default_rng(1)
    table = pa.table({"noise": pa.array(draw.normal(size=400))})
    with pytest.raises(TrainingError, match="all outcomes are the same"):
        learn_card(table, COLUMNS[2:3], np.ones(400), name="c")
    with pytest.raises(TrainingError, match="No column tells who converts"):
        learn_card(table, COLUMNS[2:3], (np.arange(400) % 2).astype(float), name="c", order=np.arange(400.0))


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_the_roundest_number_lies_where_it_must(low, width):
    high = low + width
    if high > low:
        assert low < roundest(low, high) <= high


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [(87, 134, 100), (0.21, 0.33, 0.3), (460, 540, 500), (-3, 2, 0), (0, 1, 1), (0.1, 0.2, 0.2)],
)
def test_bounds_are_numbers_that_people_say(low, high, wanted):
    assert roundest(low, high) == wanted


def test_few_values_are_all_told_apart_and_many_zeros_from_the_rest():
    assert round_edges(np.array([0.0, 1, 2, 2, np.nan])) == [1.0, 2.0]
    many = np.concatenate([np.zeros(500), np.arange(1, 1000)])
    assert round_edges(many)[0] == 1.0


def test_disjoint_lines_never_hold_together(leads):
    table, *_ = leads
    lines = disjoint(
        [Line("visits", low=2.0), Line("visits", low=5.0), Line("source", levels=("web",)), Line("source")]
    )
    held = design(table, lines)
    for name in ("visits", "source"):
        own = [place for place, line in enumerate(lines) if line.column == name]
        assert held[:, own].sum(axis=1).max() == 1


def test_merging_changes_no_points_of_any_lead(leads):
    table, *_ = leads
    lines = disjoint(
        [
            *(Line("visits", low=float(low)) for low in (1, 2, 3, 4)),
            *(Line("source", levels=(s,)) for s in ("web", "fair")),
        ]
    )
    points = dict(zip(lines, (3, 0, 0, 2, 4, 4), strict=True))
    shorter = merged(lines, points)
    assert [(line.label, worth) for line, worth in shorter.items()] == [
        ("4 or more", 3),
        ("2 to under 4", 0),
        ("1 to under 2", 2),
        ("web or fair", 4),
    ]
    whole = design(table, lines) @ np.array([points[line] for line in lines])
    np.testing.assert_array_equal(design(table, list(shorter)) @ np.array(list(shorter.values())), whole)


def test_rounding_together_loses_no_more_than_rounding_one_by_one():
    draw = np.random.default_rng(2)
    held = (draw.random((2000, 6)) < 0.4).astype(float)
    won = (draw.random(2000) < 1 / (1 + np.exp(-held @ np.array([0.9, 0.44, 0.31, -0.52, 0.13, 0.26]) + 0.5))).astype(
        float
    )
    exact = fit_weights(held, won)

    def loss(points):
        total = (held @ points)[:, None]
        return metrics.log_loss(won, 1 / (1 + np.exp(-fit_weights(total, won).log_odds(total))))

    naive = np.round(exact.weights * 10 / np.abs(exact.weights).max())
    assert loss(rounded(exact, held, won)) <= loss(naive) + 1e-9
