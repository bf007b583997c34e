import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Column
from leadml.training.audit.alarm import near_perfect
from leadml.training.fit import fit_scorer


def trained(leak):
    random = np.random.default_rng(0)
    n = 800
    fit = random.normal(size=n)
    won = (random.random(n) < 1 / (1 + np.exp(-fit))).astype(float)
    rows = pa.table({"fit": fit, "tags": pa.array(np.where(leak(random, won), "will revert", "ringing"))})
    columns = [Column("fit", "number", "fit", "Fit"), Column("tags", "category", "fit", "Tags")]
    scorer = fit_scorer(rows, columns, won).scorer
    return scorer, rows, won, scorer.probability(rows)


def test_a_near_perfect_score_raises_an_alarm_that_names_the_column_that_carries_it():
    (finding,) = near_perfect(*trained(lambda random, won: (won == 1) ^ (random.random(len(won)) < 0.02)))
    assert (finding.code, finding.level, finding.column) == ("L108", "warning", None)
    assert "AUC on the newest part is 0.9" in finding.message
    assert "without 'tags'" in finding.message
    assert "find out when 'tags'" in finding.advice


def test_an_honest_score_raises_none():
    assert near_perfect(*trained(lambda random, won: random.random(len(won)) < 0.5)) == []


def test_one_outcome_alone_raises_none():
    scorer, rows, won, _ = trained(lambda random, won: won == 1)
    assert near_perfect(scorer, rows, np.ones(len(won)), won) == []
