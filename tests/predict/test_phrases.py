"""The sentences that reasons are made of: one golden table over every kind of feature."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadml.predict.bundle import load_scorer, save_scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.parts import PartsError, read_parts, write_parts
from leadml.predict.phrases import PATTERNS, Phrase
from leadml.predict.policy import Policy
from leadml.predict.scorer import Scorer
from leadml.predict.tables import Pair, ScoreTables


def number(pattern, subject="", days=None, edges=(0.5, 1.5, 4.5)):
    phrase = Phrase(pattern, subject, days)
    return Feature("f", "f", "number", "fit", "A label", np.array(edges, dtype=float), phrase=phrase)


DEMO, INDUSTRY = "Asked for a demo", Feature("i", "i", "category", "fit", "Industry", levels=("Health care", "Trade"))
GOLDEN = {
    "times": (
        number("times", DEMO, 30),
        [
            "Asked for a demo: not known",
            "Asked for a demo: not in 30 days",
            "Asked for a demo once in 30 days",
            "Asked for a demo 2 to 4 times in 30 days",
            "Asked for a demo 5 times or more in 30 days",
        ],
    ),
    "amounts": (
        number("times", "Minutes watched", 7, [0.25, 1.75]),
        [
            "Minutes watched: not known",
            "Minutes watched under 0.25 times in 7 days",
            "Minutes watched 0.25 to 1.75 times in 7 days",
            "Minutes watched 1.75 times or more in 7 days",
        ],
    ),
    "last": (
        number("last", DEMO, edges=[0.21, 0.8, 2.2, 2.9, 30.4]),
        [
            "Asked for a demo: never",
            "Asked for a demo less than 5 hours ago",
            "Asked for a demo 5 to 19 hours ago",
            "Asked for a demo 1 to 2 days ago",
            "Asked for a demo 2 to 3 days ago",
            "Asked for a demo 3 to 30 days ago",
            "Asked for a demo more than 30 days ago",
        ],
    ),
    "narrow": (
        number("last", DEMO, edges=[2.31, 2.38, 1234.5]),
        [
            "Asked for a demo: never",
            "Asked for a demo less than 2 days ago",
            "Asked for a demo 2.3 to 2.4 days ago",
            "Asked for a demo 2 to 1,234 days ago",
            "Asked for a demo more than 1,234 days ago",
        ],
    ),
    "minutes": (
        number("last", DEMO, edges=[0.01, 0.6]),
        [
            "Asked for a demo: never",
            "Asked for a demo less than 14 minutes ago",
            "Asked for a demo 0 to 14 hours ago",
            "Asked for a demo more than 14 hours ago",
        ],
    ),
    "moment": (
        number("last", DEMO, edges=[0.01]),
        [
            "Asked for a demo: never",
            "Asked for a demo less than 14 minutes ago",
            "Asked for a demo more than 14 minutes ago",
        ],
    ),
    "since": (
        number("since", "Lead came in", edges=[1.0]),
        ["Lead came in: not known", "Lead came in less than 1 day ago", "Lead came in more than 1 day ago"],
    ),
    "ratio": (
        number("ratio", "Activity", edges=[-0.6931471805599453, 0.0]),
        ["Activity: not known", "Activity: under ×0.50", "Activity: ×0.50 to ×1.00", "Activity: ×1.00 or more"],
    ),
    "month": (
        number("month", "Month", edges=[1.5, 2.5, 11.5]),
        ["Month: not known", "Month: January", "Month: February", "Month: March to November", "Month: December"],
    ),
    "value": (
        number("value"),
        ["A label: not known", "A label: up to 0", "A label: 1", "A label: 2 to 4", "A label: 5 or more"],
    ),
    "category": (
        INDUSTRY,
        ["Industry: not known", "Industry: another value", "Industry: Health care", "Industry: Trade"],
    ),
    "weekday": (
        Feature("w", "w", "weekday", "fit", "Created, weekday"),
        ["Created, weekday: not known", *(f"Created, weekday: {day}day" for day in
          ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", GOLDEN)
def test_every_code_reads_as_a_sentence(kind):
    feature, sentences = GOLDEN[kind]
    assert [feature.say([feature.words(code)]) for code in range(feature.n_codes)] == sentences


@pytest.mark.parametrize(
    ("feature", "value", "sentence"),
    [
        (number("times", DEMO, 30), 0.0, "Asked for a demo: not in 30 days"),
        (number("times", DEMO, 30), 1.0, "Asked for a demo once in 30 days"),
        (number("times", DEMO, 30), 3.0, "Asked for a demo 3 times in 30 days"),
        (number("last", DEMO), 0.02, "Asked for a demo less than an hour ago"),
        (number("last", DEMO), 0.2, "Asked for a demo 5 hours ago"),
        (number("last", DEMO), 1.0, "Asked for a demo 1 day ago"),
        (number("last", DEMO), 2.2, "Asked for a demo 2 days ago"),
        (number("last", DEMO), None, "Asked for a demo: never"),
        (number("since", "Last meeting"), None, "Last meeting: not known"),
        (number("ratio", "Activity"), 0.0, "Activity: ×1.00"),
        (number("month", "Month"), 3.0, "Month: March"),
        (number("value"), 1234.5, "A label: 1,234"),
        (INDUSTRY, " trade", "Industry: Trade"),
        (INDUSTRY, " Mining ", "Industry: Mining (seldom or never seen)"),
        (INDUSTRY, None, "Industry: not known"),
    ],
)
def test_the_very_value_reads_as_a_sentence(feature, value, sentence):
    kind = pa.float64() if feature.kind == "number" else pa.string()
    (code,) = feature.codes(pa.array([value], kind))
    assert feature.say([feature.exact_words(int(code), value)]) == sentence


@given(
    pattern=st.sampled_from(PATTERNS),
    edges=st.lists(st.floats(-1e6, 1e6), max_size=6, unique=True).map(sorted),
    value=st.floats(-1e9, 1e9),
)
def test_there_are_words_for_every_number_under_every_pattern(pattern, edges, value):
    feature = number(pattern, "Said", 30, edges)
    words = [feature.words(code) for code in range(feature.n_codes)]
    assert all(one.text for one in [*words, feature.exact_words(1, value)])
    assert feature.words(1, feature.n_codes - 1).text


def scorer_of(feature):
    features = (feature, INDUSTRY)
    maps = [np.minimum(np.arange(one.n_codes), 2).astype(np.uint16) for one in features]
    pair = Pair(0, 1, maps[0], maps[1], np.ones((3, 3)))
    columns = tuple(Column(one.column, one.kind, one.group, one.label, one.phrase) for one in features)
    tables = ScoreTables(0.0, tuple(np.ones(one.n_codes) for one in features), (pair,))
    return Scorer(columns, features, tables, Policy((0.3, 0.2, 0.1)))


def test_codes_that_a_pair_takes_together_read_as_one_sentence():
    *_, pair = scorer_of(GOLDEN["times"][0]).terms
    assert pair.texts[5] == "Asked for a demo: not in 30 days, with Industry: Health care or Trade"
    assert pair.texts[7] == "Asked for a demo once or more in 30 days, with Industry: another value"


def test_phrases_are_kept_in_the_bundle_and_old_bundles_read_as_before(tmp_path):
    scorer = scorer_of(GOLDEN["last"][0])
    save_scorer(scorer, tmp_path / "one.leadml")
    loaded = load_scorer(tmp_path / "one.leadml")
    assert [feature.phrase for feature in loaded.features] == [feature.phrase for feature in scorer.features]
    assert [term.texts for term in loaded.terms] == [term.texts for term in scorer.terms]
    parts = write_parts(scorer)
    for name in ("columns.json", "features.json"):
        parts[name] = json.dumps(_without_phrases(json.loads(parts[name]))).encode()
    assert read_parts(parts).terms[0].texts[1] == "A label: under 0.21"


def _without_phrases(content):
    entries = content["features"] if isinstance(content, dict) else content
    for entry in entries:
        entry.pop("phrase", None)
    return content


@pytest.mark.parametrize("wrong", [Phrase("sung"), Phrase("times", subject=3), Phrase("times", days="30")])
def test_a_phrase_that_is_none_is_refused(wrong):
    scorer = scorer_of(GOLDEN["value"][0])
    features = (replace(scorer.features[0], phrase=wrong), *scorer.features[1:])
    with pytest.raises(PartsError, match="a phrase is none"):
        read_parts(write_parts(replace(scorer, features=features)))
