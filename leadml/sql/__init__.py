"""The glass-box scorer as one SQL query, so that a lead database scores by itself.

query.py       the steps of the query, one below the other; steps.py: what a step is
inputs.py      the feature table as the scorer reads it; spelling.py: folding as Python folds, whatever the database
codes.py       the code of each feature; terms.py: what each term adds
points.py      what rules say of a lead; conditions.py: what they ask
sums.py        the sum, subtotals, calibration and probability
decisions.py   grades, stages, tiers, gates and segments
reasons/       the strongest terms in words
dialects/      what PostgreSQL, SQLite, DuckDB and Spark write differently
header.py, lines.py   comments and layout
README.md      how it is used, and what is left out
"""

from __future__ import annotations

from leadml.sql.dialects import DIALECTS
from leadml.sql.inputs import FeatureTable
from leadml.sql.query import scoring_query

__all__ = ["DIALECTS", "FeatureTable", "scoring_query"]
