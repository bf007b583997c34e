"""What the page draws of a scorer: its pairs, in words."""

from __future__ import annotations

import numpy as np

from leadml.operations.page import pairs
from leadml.predict import Scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.phrases import Phrase
from leadml.predict.policy import Policy
from leadml.predict.tables import Pair, ScoreTables


def test_pairs_are_drawn_in_the_order_of_the_facts_and_in_words() -> None:
    visits = Feature("v", "v", "number", "fit", "Visits", np.array([0.5, 1.5]), phrase=Phrase("times", "Came by", 7))
    source = Feature("s", "s", "category", "fit", "Source", levels=("web", "fair"))
    columns = tuple(Column(one.name, one.kind, one.group, one.label) for one in (visits, source))
    ends = np.array([0, 1, 2, 2], dtype=np.uint16), np.array([0, 0, 1, 2], dtype=np.uint16)
    first = Pair(0, 1, *ends, np.arange(9.0).reshape(3, 3))
    second = Pair(1, 0, *reversed(ends), np.ones((3, 3)))
    tables = ScoreTables(0.0, (np.zeros(4), np.zeros(4)), (first, second))
    facts = {"pairs": [{"pair": place, "importance": 1.0, "rows": [[place] * 3] * 3} for place in (1, 0)]}
    drawn = pairs(Scorer(columns, (visits, source), tables, Policy((0.6, 0.4, 0.2)), facts=facts))
    assert [(one.left, one.right, one.rows[0][0]) for one in drawn] == [
        ("Source", "Visits", 1),
        ("Visits", "Source", 0),
    ]
    assert drawn[1].left_texts == ["not known", "not in 7 days", "once or more in 7 days"]
    assert drawn[1].right_texts == ["not known or another value", "web", "fair"]
    assert drawn[1].log_odds[2] == [6.0, 7.0, 8.0]
    assert pairs(Scorer(columns, (visits, source), tables, Policy((0.6, 0.4, 0.2)))) == []
