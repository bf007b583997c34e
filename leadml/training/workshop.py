"""The place where candidates are trained: a sample cut by a plan, and the time there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.clock import Clock
from leadml.training.folds import Rows
from leadml.training.models import Model
from leadml.training.parallel import in_parallel
from leadml.training.plan import Plan
from leadml.training.sample import Sample, log_loss

# Share of a time limit by which what is served is grown.
SERVED_BY = 0.85


class Workshop:
    """A sample cut by a plan: what every candidate is trained and judged on.

    `whole` are all rows there are, where the sample is only some of them: what is served is grown from those, `bags`
    (rows of the whole) apart, or at once where the sample was drawn from very many rows.
    """

    def __init__(
        self,
        sample: Sample,
        plan: Plan,
        recency: Callable[[np.ndarray], Floats],
        clock: Clock | None = None,
        whole: Sample | None = None,
        bags: Sequence[Rows] | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._opened = self.clock.gone
        self.sample = sample.weighted(recency(np.arange(len(sample.label))))
        self.whole = self.sample if whole is None else whole
        self._drawn = whole is not None and bags is None
        self._bags = plan.bags if bags is None else bags
        self.plan = plan
        self.training = [sample.take(rows).weighted(recency(rows)) for rows, _ in plan.folds]
        self.judging = [sample.take(rows) for _, rows in plan.folds]

    def judge(self, models: Sequence[Model]) -> tuple[Floats, ...]:
        """Log-odds of each fold's judged rows."""
        return tuple(in_parallel(lambda one: one[1].log_odds(one[0]), zip(self.judging, models, strict=True)))

    def loss(self, judged: Sequence[Floats]) -> float:
        """Log loss over the folds, by their importance."""
        sizes = self.plan.importance * [len(sample.label) for sample in self.judging]
        losses = [log_loss(sample.label, one) for sample, one in zip(self.judging, judged, strict=True)]
        return float(np.average(losses, weights=sizes))

    @property
    def grows_anew(self) -> bool:
        """Whether what is served is grown once more; else the folds' own models are the bags."""
        return self.plan.forward or self.whole is not self.sample

    def bags(self) -> list[Sample]:
        """Samples to grow what is served from; of very many rows one, as there is no chance left to average out."""
        return [self.whole] if self._drawn else [self.whole.take(rows) for rows in self._bags]

    @property
    def haste(self) -> float:
        """How much larger the steps are that what is served grows by, in as many rounds as were best for the folds.

        The more rows, the longer growing pays: as a power of them (Buehlmann and Yu, "Boosting with the L2 loss",
        2003). Growing further by larger steps rather than by more takes no more time, and with rows enough to be
        judged by some of them costs nothing: on made-up leads both ways, and the cube root, lay near the best.
        """
        return self._times_as_many ** (1 / 3) if self._drawn else 1.0

    @property
    def _times_as_many(self) -> float:
        """Rows of the whole for every row that a fold's model was trained on."""
        trained = np.average([len(sample.label) for sample in self.training], weights=self.plan.importance)
        return float(len(self.whole.label) / trained)

    def shorten(self) -> None:
        """Keep as many of the whole's rows as there is time for, by what judging took for the rows it trained on."""
        if self.clock.limit is None or not self._drawn:
            return
        pace = sum(len(sample.label) for sample in self.training) / max(self.clock.gone - self._opened, 1e-3)
        rows = len(self.whole.label)
        time_left = SERVED_BY * self.clock.limit - self.clock.gone
        most = max(int(pace * time_left), len(self.sample.label))
        if most < rows:
            self.whole = self.whole.take(np.arange(0, rows, -(-rows // most)))
            self.clock.cut(f"what is served was grown on {len(self.whole.label):,} of {rows:,} rows")
