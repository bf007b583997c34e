"""A calibration that is not affine: one increasing map from the sum of all terms to the log-odds that are served."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leadml.predict.encoding import Floats


@dataclass(frozen=True)
class MonotoneMap:
    """Straight between its knots, and on with slope 1 beyond them.

    `at` are sums of the terms, ascending, `to` the log-odds served for them, ascending too; both of shape (knots,). As
    it rises everywhere, it keeps the order of leads, and as log-odds are finite no probability is 0 or 1.
    """

    at: Floats
    to: Floats

    def apply(self, log_odds: Floats) -> Floats:
        """Log-odds served for sums of terms, in the shape given."""
        inside = np.interp(log_odds, self.at, self.to)
        below, above = np.minimum(log_odds - self.at[0], 0.0), np.maximum(log_odds - self.at[-1], 0.0)
        return np.asarray(inside + below + above)

    @property
    def inverse(self) -> MonotoneMap:
        """The way back: from log-odds served to the sum of the terms."""
        return MonotoneMap(self.to, self.at)

    def shifted(self, by: float) -> MonotoneMap:
        """The map with all that it gives higher by so much."""
        return replace(self, to=self.to + by)

    @property
    def is_sound(self) -> bool:
        """Whether it has knots that all rise and are finite."""
        return (
            len(self.at) == len(self.to)
            and len(self.at) > 0
            and bool(np.isfinite([self.at, self.to]).all())
            and bool((np.diff(self.at) > 0).all() and (np.diff(self.to) > 0).all())
        )
