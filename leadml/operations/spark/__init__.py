"""Scoring on Apache Spark: the same features and the same scorer, on as many machines as the leads need.

    from leadml.operations import spark

    known = spark.features(leads, "models/company.leadml", config="leadml.toml", as_of=moment, activities=activities)
    scores = spark.score(known.rows, "models/company.leadml", id_column="lead_id", as_of=moment)
    scores.write.mode("overwrite").saveAsTable("lead_scores")

README.md in this folder: how to install, write and schedule it on a cluster, and what it costs.

carried.py   the bundle's bytes on the way to the workers
shapes.py    Arrow tables in the types that Spark knows
scoring.py   `score`: rows with the columns of a bundle, by `mapInArrow`
keys.py      which rows belong to one account, said so that Spark can tell
features.py  `features`: the user's tables, brought together by account and handed out in groups
groups.py    a group in a worker: checked and made into features by the code that every other run uses
undecided.py text whose meaning a group could not tell
"""

from __future__ import annotations

from leadml.operations.spark.features import Features, features
from leadml.operations.spark.scoring import score

__all__ = ["Features", "features", "score"]
