"""What every trained model can do, whatever it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from leadml.predict.encoding import Floats
from leadml.predict.tables import ScoreTables
from leadml.training.sample import Sample


class Model(Protocol):
    """Whatever gives coded rows their log-odds, the sample's offset included."""

    def log_odds(self, sample: Sample) -> Floats:
        """Log-odds of each row; shape (rows,)."""


@dataclass(frozen=True)
class Tabled:
    """A model that is tables."""

    tables: ScoreTables

    def log_odds(self, sample: Sample) -> Floats:
        """Log-odds of each row; shape (rows,)."""
        return sample.log_odds(self.tables)
