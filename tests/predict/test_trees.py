"""Trees are LightGBM's own, reach LightGBM only as leadml writes them, and need it only when leads are scored."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from dataclasses import replace

import lightgbm
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.errors import BundleError, MissingExtraError
from leadml.predict import Scorer, load_scorer, save_scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import ScoreTables
from leadml.predict.tree_text import check_tree_text
from leadml.predict.trees import Trees

FEATURES = tuple(
    Feature(name, name, "number", group, name, edges=np.arange(6.0))
    for name, group in [("a", "fit"), ("b", "intent"), ("c", "fit")]
)
ROWS = pa.table({name: [0.5, -1.0, None, 3.5, 9.0] for name in "abc"})


def grown(seed: int, monotone: bool = False) -> str:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(1, 8, (400, 3)).astype(float)
    matrix[rng.random((400, 3)) < 0.1] = np.nan
    label = rng.random(400) < 1 / (1 + np.exp(-(np.nan_to_num(matrix[:, 0]) - 3) * (matrix[:, 1] > 4)))
    settings = {"objective": "binary", "verbosity": -1, "num_leaves": 5, "boost_from_average": False, "num_threads": 1}
    settings |= {"monotone_constraints": [1, 0, -1]} if monotone else {}
    booster = lightgbm.Booster(settings, lightgbm.Dataset(matrix, label))
    for _ in range(4):
        booster.update()
    trees, end, _ = booster.model_to_string().partition("end of trees\n")
    return trees + end


TEXT = grown(0)


def scorer_of(*texts: str) -> Scorer:
    places = (np.array([np.nan, *range(1, 8)]),) * 3
    trees = tuple(Trees(text, places, 0.5) for text in texts)
    columns = tuple(Column(name, "number", "fit", name) for name in "abc")
    tables = ScoreTables(-1.0, tuple(np.zeros(8) for _ in FEATURES))
    return Scorer(columns, FEATURES, tables, Policy((0.4, 0.2, 0.1)), trees=trees)


def test_the_score_is_the_tables_and_the_scaled_sum_of_all_trees():
    texts = [grown(1), grown(2, monotone=True)]
    matrix = np.array([[2.0] * 3, [1.0] * 3, [np.nan] * 3, [5.0] * 3, [7.0] * 3])
    wanted = -1 + 0.5 * sum(lightgbm.Booster(model_str=text).predict(matrix, raw_score=True) for text in texts)
    np.testing.assert_allclose(scorer_of(*texts).log_odds(ROWS), wanted, rtol=0, atol=1e-12)


def test_a_features_share_goes_to_its_term_and_its_group():
    scorer = scorer_of(grown(1), grown(2))
    terms, subtotals = scorer.contributions(ROWS), scorer.subtotals(ROWS)
    assert terms.column_names == ["intercept", "a", "b", "c"]
    np.testing.assert_allclose(terms["b"].to_numpy(), subtotals["intent"])
    np.testing.assert_allclose(sum(map(np.array, terms.columns)), scorer.log_odds(ROWS), rtol=0, atol=1e-9)


def test_what_leadml_writes_is_accepted():
    for text in (TEXT, grown(3), grown(4, monotone=True)):
        check_tree_text(text, 3)


LINES = [
    ("max_feature_idx=2", "max_feature_idx=3"),
    ("num_class=1", "num_class=2"),
    ("version=v4", "version=v5"),
    ("objective=binary sigmoid:1", "objective=regression"),
    ("feature_names=Column_0", "feature_names=Column_1"),
    ("Tree=0", "Tree=1"),
    ("num_leaves=5", "num_leaves=6"),
    ("num_leaves=5", "num_leaves=2000000000"),
    ("num_cat=0", "num_cat=1"),
    ("is_linear=0", "is_linear=1"),
    ("split_feature=", "split_feature=7 "),
    ("decision_type=", "decision_type=1 "),
    ("leaf_value=", "leaf_value=nan "),
    ("leaf_value=", "leaf_value=1_0 "),
    ("internal_count=", "internal_count=0 "),
    ("end of trees\n", ""),
    ("end of trees\n", "end of trees\nparameters:\n"),
    ("tree\n", "tree\ntree\n"),
    ("\n\n\nTree=1", "\n\n\n\nTree=1"),
]


def first_number_replaced(text: str, old: str, new: str) -> str:
    """The text with one entry of a list replaced, so that its length stays right."""
    return (
        re.sub(re.escape(old) + r"\S+ ?", lambda _: new, text, count=1)
        if old.endswith("=")
        else text.replace(old, new, 1)
    )


def resized(text: str) -> str:
    """The text with the sizes of its trees as they are."""
    blocks = re.findall(r"Tree=\d+\n.*?\n\n\n", text, re.DOTALL)
    return re.sub(r"tree_sizes=.*", f"tree_sizes={' '.join(str(len(block)) for block in blocks)}", text)


@pytest.mark.parametrize(("old", "new"), LINES)
@pytest.mark.parametrize("mend_sizes", [False, True])
def test_a_text_that_lightgbm_should_not_read_is_refused(old, new, mend_sizes):
    changed = first_number_replaced(TEXT, old, new)
    assert changed != TEXT
    with pytest.raises(ValueError, match=r"not as leadml writes it|not a text of LightGBM"):
        check_tree_text(resized(changed) if mend_sizes else changed, 3)


@pytest.mark.parametrize("key", ["left_child", "right_child"])
@pytest.mark.parametrize("child", [-99, -1, 0, 1, 2, 3, 99])
def test_children_that_are_no_tree_are_refused(key, child):
    line = re.search(rf"{key}=(.*)", TEXT)
    entries = line[1].split()
    for place in range(len(entries)):
        if entries[place] != str(child):
            other = " ".join([*entries[:place], str(child), *entries[place + 1 :]])
            with pytest.raises(ValueError, match="its tree 0 is not as leadml writes it"):
                check_tree_text(resized(TEXT.replace(line[0], f"{key}={other}", 1)), 3)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_is_refused_or_harmless(data):
    place = data.draw(st.integers(0, len(TEXT) - 1))
    kept = data.draw(st.integers(0, 3))
    changed = TEXT[:place] + data.draw(st.text(alphabet="0123456789-.e= \n:[]ab", max_size=3)) + TEXT[place + kept :]
    try:
        check_tree_text(changed, 3)
    except ValueError:
        return
    scorer = scorer_of(changed)
    assert np.isfinite(scorer.log_odds(ROWS)).all()
    terms = sum(map(np.array, scorer.contributions(ROWS).columns))
    np.testing.assert_allclose(terms, scorer.log_odds(ROWS), rtol=1e-9, atol=1e-9)


def test_a_text_for_other_features_is_refused_when_saving(tmp_path):
    scorer = scorer_of(TEXT)
    fewer = replace(scorer, features=FEATURES[:2], trees=(replace(scorer.trees[0], places=scorer.trees[0].places[:2]),))
    fewer = replace(fewer, tables=ScoreTables(-1.0, fewer.tables.main[:2]))
    with pytest.raises(BundleError, match="its max_feature_idx is not as leadml writes it"):
        save_scorer(fewer, tmp_path / "m.leadml")


def test_without_lightgbm_a_bundle_loads_and_scoring_says_what_to_install(tmp_path, monkeypatch):
    save_scorer(scorer_of(TEXT), tmp_path / "m.leadml")

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", absent)
    loaded = load_scorer(tmp_path / "m.leadml")
    with pytest.raises(MissingExtraError, match=r"package lightgbm cannot be imported: pip install 'leadml\[train\]'"):
        loaded.score(ROWS)


def test_loading_trees_imports_no_lightgbm(tmp_path):
    save_scorer(scorer_of(TEXT), tmp_path / "m.leadml")
    script = (
        "import sys, json; from leadml.predict import load_scorer; load_scorer(sys.argv[1]); "
        "print(json.dumps([name for name in ('lightgbm', 'pandas', 'scipy') if name in sys.modules]))"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "m.leadml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == []
