"""The serving core: load a bundle, score rows. Needs numpy and pyarrow only.

>>> from leadml.predict import load_scorer
>>> scorer = load_scorer("models/champion.leadml")  # doctest: +SKIP
>>> scorer.score([{"source": "webinar", "employees": 250}])  # doctest: +SKIP
"""

from __future__ import annotations

from leadml.predict.bundle import load_scorer, save_scorer
from leadml.predict.scorer import Scorer

__all__ = ["Scorer", "load_scorer", "save_scorer"]
