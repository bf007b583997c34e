"""The laws of a score: a sum that can be read, the same for a lead wherever and however its row stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadml.errors import ColumnsError
from leadml.predict.encoding import GROUPS

laws = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])


def numbers(table, name):
    return table[name].to_numpy()


@laws
@given(data=st.data())
def test_every_contribution_is_told_and_they_add_up_to_the_log_odds(worlds, data):
    scorer, rows = data.draw(worlds)
    told = scorer.contributions(rows)
    total = sum((column.to_numpy() for column in told.columns), np.zeros(rows.num_rows))
    assert np.abs(total - scorer.log_odds(rows)).max(initial=0) <= 1e-9


@laws
@given(data=st.data())
def test_probability_subtotals_and_log_odds_tell_one_story(worlds, data):
    scorer, rows = data.draw(worlds)
    scored = scorer.score(rows)
    log_odds = numbers(scored, "log_odds")
    assert np.array_equal(log_odds, scorer.log_odds(rows))
    assert np.array_equal(numbers(scored, "probability"), scorer.probability(rows))
    assert np.allclose(numbers(scored, "probability"), 1 / (1 + np.exp(-log_odds)), rtol=1e-12, atol=0)
    subtotals = sum(numbers(scored, group) for group in GROUPS)
    assert np.abs(subtotals + scorer.tables.intercept - log_odds).max(initial=0) <= 1e-9
    for group, subtotal in scorer.subtotals(rows).items():
        assert np.array_equal(numbers(scored, group), subtotal)


@laws
@given(data=st.data())
def test_the_log_odds_are_those_of_a_plain_loop_over_the_tables(worlds, data):
    scorer, rows = data.draw(worlds)
    codes = scorer.encode(rows)
    points = scorer.rulebook.total(rows) if scorer.rulebook else np.zeros(1)
    points = np.broadcast_to(points, rows.num_rows)
    oracle = []
    for row in range(rows.num_rows):
        total = scorer.tables.intercept + scorer.tables.rules_weight * points[row]
        total += sum(table[code[row]] for table, code in zip(scorer.tables.main, codes, strict=True))
        for pair in scorer.tables.pairs:
            total += pair.table[pair.left_map[codes[pair.left][row]], pair.right_map[codes[pair.right][row]]]
        oracle.append(total)
    assert np.abs(np.array(oracle) - scorer.log_odds(rows)).max(initial=0) <= 1e-9
    if codes:
        learned = scorer.tables.log_odds(codes) + scorer.tables.rules_weight * points
        assert np.abs(learned - scorer.log_odds(rows)).max(initial=0) <= 1e-9


@few
@given(data=st.data())
def test_row_by_row_in_chunks_and_at_once_agree_to_the_last_bit(worlds, data):
    scorer, rows = data.draw(worlds)
    at_once = scorer.score(rows).to_pylist()
    size = data.draw(st.integers(1, 7))
    assert [scorer.score(rows.slice(row, 1)).to_pylist()[0] for row in range(rows.num_rows)] == at_once
    chunks = [scorer.score(rows.slice(start, size)).to_pylist() for start in range(0, rows.num_rows, size)]
    assert [row for chunk in chunks for row in chunk] == at_once


def test_a_large_table_scores_as_its_parts_do_whatever_their_borders(scorer, rows_of):
    rows = rows_of(scorer, 5, 16_384 + 3_001)
    at_once = scorer.score(rows)
    borders = [0, 1, 8_000, 16_385, rows.num_rows]
    parts = [scorer.score(rows.slice(low, high - low)) for low, high in pairwise(borders)]
    assert pa.concat_tables(parts).equals(at_once)
    assert np.array_equal(scorer.log_odds(rows), numbers(at_once, "log_odds"))
    some = [0, 16_383, 16_384, rows.num_rows - 1]
    assert [scorer.score(rows.slice(row, 1)).to_pylist()[0] for row in some] == at_once.take(some).to_pylist()


@few
@given(data=st.data())
def test_order_of_columns_extra_columns_and_order_of_rows_change_nothing(worlds, data):
    scorer, rows = data.draw(worlds)
    expected = scorer.score(rows).to_pylist()
    columns = data.draw(st.permutations(rows.column_names))
    extra = rows.select(columns).append_column("an extra column", pa.nulls(rows.num_rows, pa.list_(pa.int8())))
    assert scorer.score(extra).to_pylist() == expected
    order = data.draw(st.permutations(range(rows.num_rows)))
    shuffled = scorer.score(rows.take(pa.array(order, pa.int64()))).to_pylist()
    assert shuffled == [expected[row] for row in order]


@few
@given(data=st.data())
def test_reasons_are_the_strongest_terms_in_order_with_their_exact_log_odds(worlds, data):
    scorer, rows = data.draw(worlds)
    most = data.draw(st.integers(0, 5))
    scored = scorer.score(rows, reasons=most)
    terms = np.array([column.to_numpy() for column in scorer.contributions(rows).columns[1:]])
    for row in range(rows.num_rows):
        values = terms[:, row]
        positive = sorted(values[values > 0], reverse=True)[:most]
        negative = sorted(values[values < 0])[:most]
        assert [reason["log_odds"] for reason in scored["reasons_for"][row].as_py()] == positive
        assert [reason["log_odds"] for reason in scored["reasons_against"][row].as_py()] == negative


def test_of_equal_reasons_the_first_in_the_sum_is_given(scorer, rows_of):
    rows = rows_of(scorer, 1, 50)
    level = replace(
        scorer,
        rulebook=None,
        tables=replace(scorer.tables, pairs=(), main=tuple(m * 0 + 1 for m in scorer.tables.main)),
    )
    first = [f"{feature.label}: " for feature in level.features[:3]]
    for reasons in level.score(rows)["reasons_for"].to_pylist():
        assert all(r["reason"].startswith(label) for r, label in zip(reasons, first, strict=True))


def test_a_reason_says_what_the_lead_brings():
    from leadml.predict import Scorer
    from leadml.predict.encoding import Column, Feature
    from leadml.predict.policy import Policy
    from leadml.predict.tables import Pair, ScoreTables

    size = Feature("size", "size", "number", "fit", "Employees", edges=np.array([9.5, 99.5]))
    source = Feature("source", "source", "category", "intent", "Source", levels=("Webinar",))
    pair = Pair(0, 1, np.array([0, 0, 1, 1], np.uint16), np.array([0, 1, 1], np.uint16), np.array([[0.5, 0], [0, -4]]))
    scorer = Scorer(
        columns=(Column("size", "number", "fit", "Employees"), Column("source", "category", "intent", "Source")),
        features=(size, source),
        tables=ScoreTables(0.0, (np.array([0.0, -1, 2, 3]), np.array([0.0, -2, 1])), (pair,)),
        policy=Policy((0.5, 0.3, 0.1)),
    )
    scored = scorer.score(
        [{"size": 50, "source": "webinar "}, {"size": None, "source": None}, {"size": 3, "source": "?"}]
    )
    assert scored["reasons_for"].to_pylist() == [
        [{"reason": "Employees: 10 to 99", "log_odds": 2.0}, {"reason": "Source: Webinar", "log_odds": 1.0}],
        [{"reason": "Employees: not known or up to 9, with Source: not known", "log_odds": 0.5}],
        [],
    ]
    assert scored["reasons_against"].to_pylist() == [
        [{"reason": "Employees: 10 or more, with Source: another value or Webinar", "log_odds": -4.0}],
        [],
        [{"reason": "Source: another value", "log_odds": -2.0}, {"reason": "Employees: up to 9", "log_odds": -1.0}],
    ]


@pytest.mark.parametrize("log_odds", [-1e6, -800, -7.0, 0.0, 7.0, 800, 1e6])
def test_no_lead_ever_scores_0_or_100(scorer, rows_of, log_odds):
    certain = replace(scorer, tables=replace(scorer.tables, intercept=float(log_odds)))
    scored = numbers(certain.score(rows_of(scorer, 3, 20)), "score")
    assert ((scored >= 0.1) & (scored <= 99.9)).all()
    assert np.array_equal(scored, scored.round(1))


@few
@given(data=st.data())
def test_grades_and_stages_follow_the_policy_and_an_sql_needs_intent_where_it_says_so(worlds, data):
    scorer, rows = data.draw(worlds)
    policy = scorer.policy
    a, b, c = policy.grade_bounds
    for row in scorer.score(rows).to_pylist():
        p = row["probability"]
        assert row["grade"] == ("A" if p >= a else "B" if p >= b else "C" if p >= c else "D")
        if policy.mql is None:
            stage = None
        elif policy.sql is not None and p >= policy.sql and (row["intent"] > 0 or not policy.sql_needs_intent):
            stage = "SQL"
        else:
            stage = "MQL" if p >= policy.mql else "raw"
        assert row["stage"] == stage


def _as_dictionaries(rows):
    return rows.to_pylist()


def _as_pandas(rows):
    return rows.to_pandas()


def _as_nullable(rows):
    return rows.to_pandas().convert_dtypes()


def _as_categories(rows):
    frame = rows.to_pandas()
    return frame.astype(dict.fromkeys(frame, "category"))


def _as_objects(rows):
    return pd.DataFrame({name: pd.Series(rows[name].to_pylist(), dtype=object) for name in rows.column_names})


def _as_arrow_pandas(rows):
    return rows.to_pandas(types_mapper=pd.ArrowDtype)


def _as_dictionary_columns(rows):
    return pa.table({name: rows[name].combine_chunks().dictionary_encode() for name in rows.column_names})


def _cast(rows, types):
    return pa.table({name: rows[name].cast(types.get(rows[name].type, rows[name].type)) for name in rows.column_names})


def _as_large_strings(rows):
    return _cast(rows, {pa.string(): pa.large_string(), pa.timestamp("us"): pa.timestamp("ns", "UTC")})


def _as_string_views(rows):
    return _cast(rows, {pa.string(): pa.string_view(), pa.timestamp("us"): pa.timestamp("s")})


def _as_texts(rows):
    columns = {name: rows[name].to_pylist() for name in rows.column_names}
    text = {name: [None if v is None else str(v) for v in values] for name, values in columns.items()}
    return pa.table({name: pa.array(values, pa.string()) for name, values in text.items()})


def _as_chunks(rows):
    return pa.concat_tables([rows.slice(0, 1), rows.slice(1, 0), rows.slice(1)])


def _as_record_batch(rows):
    return rows.combine_chunks().to_batches()[0] if rows.num_rows else rows


def _as_stream(rows):
    return rows.to_reader(max_chunksize=3)


@pytest.mark.parametrize(
    "dress",
    [
        *(_as_dictionaries, _as_pandas, _as_nullable, _as_categories, _as_objects, _as_arrow_pandas),
        *(_as_dictionary_columns, _as_large_strings, _as_string_views, _as_texts, _as_chunks, _as_record_batch),
        _as_stream,
    ],
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_same_leads_score_the_same_in_every_dress(worlds, dress, data):
    scorer, rows = data.draw(worlds)
    assert scorer.score(dress(rows)).to_pylist() == scorer.score(rows).to_pylist()


def test_a_number_column_takes_every_kind_of_number(scorer, rows_of):
    name = next(column.name for column in scorer.columns if column.kind == "number")
    rows = rows_of(scorer, 8, 4)
    position = rows.column_names.index(name)

    def score(values):
        return scorer.log_odds(rows.set_column(position, name, values)).tolist()

    expected = score(pa.array([1.0, 0.0, None, 3.0]))
    for kind in [pa.int8(), pa.uint64(), pa.decimal128(9, 2), pa.float32(), pa.float16(), pa.decimal256(40, 2)]:
        assert score(pa.array([1.0, 0.0, None, 3.0]).cast(kind)) == expected, kind
    assert score(pa.array([True, False, None, True])) == score(pa.array([1.0, 0.0, None, 1.0]))
    # Beyond 2^53 a whole number is rounded, not refused.
    assert score(pa.array([2**60 + 1, 0, None, 3])) == score(pa.array([2.0**60, 0, None, 3]))
    assert score(pa.array([np.nan, 0, None, 3])) == score(pa.array([None, 0, None, 3.0]))


def test_a_category_column_takes_numbers_and_truth_values_as_their_text(scorer, rows_of):
    name = next(column.name for column in scorer.columns if column.kind == "category")
    rows = rows_of(scorer, 8, 3).drop_columns([name])

    def score(values):
        return scorer.log_odds(rows.append_column(name, values)).tolist()

    expected = score(pa.array(["0", "3", None]))
    for values in [pa.array([0, 3, None]), pa.array([0.0, 3.0, None]), pa.array([-0.0, 3.0, np.nan])]:
        assert score(values) == expected
    assert score(pa.array([0, 3, None]).cast(pa.decimal128(25, 2))) == expected
    assert score(pa.array([True, False, None])) == score(pa.array(["true", "False", " "]))
    mixed = [{**row, name: value} for row, value in zip(rows.to_pylist(), [0.0, "3", float("nan")], strict=True)]
    assert scorer.log_odds(mixed).tolist() == expected


def test_a_moment_is_the_same_in_every_zone_type_and_text(scorer, rows_of):
    name = next(column.name for column in scorer.columns if column.kind == "time")
    rows = rows_of(scorer, 8, 1).drop_columns([name])
    berlin = timezone(timedelta(hours=2))
    expected = scorer.log_odds(rows.append_column(name, pa.array([datetime(2024, 7, 1, 22)]))).tolist()  # noqa: DTZ001
    for values in [
        pa.array([datetime(2024, 7, 1, 22, tzinfo=UTC)], pa.timestamp("ms", "UTC")),
        pa.array([datetime(2024, 7, 2, 0, tzinfo=berlin)], pa.timestamp("ns", "Europe/Berlin")),
        pa.array(["2024-07-01T22:00:00"]),
        pa.array([" 2024-07-02 00:00+02:00 "]).dictionary_encode(),
    ]:
        assert scorer.log_odds(rows.append_column(name, values)).tolist() == expected
    day = scorer.log_odds(rows.append_column(name, pa.array([datetime(2024, 7, 1)])))  # noqa: DTZ001
    for kind in (pa.date32(), pa.date64()):
        assert np.array_equal(
            scorer.log_odds(rows.append_column(name, pa.array(["2024-07-01"]).cast(pa.date32()).cast(kind))), day
        )


def test_ids_bundle_and_moment_are_handed_through(scorer, rows_of):
    rows = rows_of(scorer, 2, 3).append_column("crm id", pa.array([7, 8, None]))
    scored = scorer.score(rows, id_column="crm id", as_of=datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))))
    assert scored["lead_id"].to_pylist() == ["7", "8", None]
    assert scored["as_of"].to_pylist() == [datetime(2024, 1, 1)] * 3  # noqa: DTZ001
    assert scored["bundle"].to_pylist() == [None] * 3
    assert replace(scorer, digest="ab" * 32).score(rows)["bundle"].to_pylist() == ["ab" * 32] * 3
    assert "lead_id" not in scorer.score(rows).column_names


def test_an_id_may_also_be_a_feature_and_a_missing_one_is_refused(scorer, rows_of):
    rows = rows_of(scorer, 2, 3)
    for column in scorer.columns:
        scored = scorer.score(rows, id_column=column.name)
        assert scored["lead_id"].null_count == rows[column.name].null_count
        assert scored.drop_columns(["lead_id"]).to_pylist() == scorer.score(rows).to_pylist()
    with pytest.raises(ColumnsError, match=r"^The rows have no column 'crm id' to hand through as the lead's id\.$"):
        scorer.score(rows.to_pylist(), id_column="crm id")


def test_no_rows_give_an_empty_table_of_the_same_columns(scorer, rows_of):
    full = scorer.score(rows_of(scorer, 2, 3))
    for none in ([], rows_of(scorer, 2, 0), rows_of(scorer, 2, 0).to_pandas()):
        assert scorer.score(none).schema == full.schema
        assert scorer.log_odds(none).shape == (0,)


def test_a_rulebook_none_of_whose_questions_has_a_column_counts_as_none(scorer, rows_of):
    bare = replace(scorer, rulebook=replace(scorer.rulebook, dimensions=()))
    assert bare.rulebook is None
    assert bare.score(rows_of(scorer, 2, 3))["next_question"].null_count == 3


def test_scoring_leaves_the_rows_and_the_scorer_as_they_were(scorer, rows_of):
    rows = rows_of(scorer, 4, 200)
    first = scorer.score(rows).to_pylist()
    before = rows.to_pylist()
    assert scorer.score(rows).to_pylist() == first
    assert rows.to_pylist() == before
