"""Predictive lead scoring that can be read: calibrated probabilities, rules, cutoffs and reasons as one sum.

The public names are loaded when first used, so that `import leadml.predict` costs no more than numpy and pyarrow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadml.estimator import LeadScorer
    from leadml.features import Snapshots, build_snapshots, snapshots_at
    from leadml.predict import Scorer, load_scorer, save_scorer
    from leadml.rules import load_rulebook
    from leadml.sources import open_source, read_leads

__version__ = "0.1.0"

__all__ = [
    "LeadScorer",
    "Scorer",
    "Snapshots",
    "build_snapshots",
    "load_rulebook",
    "load_scorer",
    "open_source",
    "read_leads",
    "save_scorer",
    "snapshots_at",
]

_HOME = {
    "LeadScorer": "leadml.estimator",
    "Scorer": "leadml.predict",
    "Snapshots": "leadml.features",
    "build_snapshots": "leadml.features",
    "load_rulebook": "leadml.rules",
    "load_scorer": "leadml.predict",
    "open_source": "leadml.sources",
    "read_leads": "leadml.sources",
    "save_scorer": "leadml.predict",
    "snapshots_at": "leadml.features",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'leadml' has no attribute {name!r}")
    from leadml.errors import naming_the_extra

    with naming_the_extra(f"leadml.{name}"):
        return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
