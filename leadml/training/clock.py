"""How long a training may take, who is told what it is doing, and what was cut so that it would be done in time.

Nothing is interrupted: what takes long asks between two steps whether its share of the time is gone. So a scorer always
comes out, and a limit is kept about, not exactly.
"""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[str], None]


def silent(_: str) -> None:
    """Progress that nobody is told of."""


def never() -> bool:
    """Whether time is up, where there is no limit."""
    return False


class Clock:
    """Seconds since a training began, against its limit; None: there is none, and nothing is ever cut."""

    def __init__(self, limit: float | None = None, progress: Progress = silent) -> None:
        self.limit = limit
        self.tell = progress
        self._began = time.monotonic()
        self._cut: list[str] = []

    @property
    def gone(self) -> float:
        """Seconds since the training began."""
        return time.monotonic() - self._began

    @property
    def cuts(self) -> tuple[str, ...]:
        """What was cut, one phrase each."""
        return tuple(sorted(self._cut))  # pieces that run side by side are cut in any order

    def cut(self, what: str) -> None:
        """Note what was cut."""
        self._cut.append(what)

    def late(self, share: float, what: str) -> Callable[[], bool]:
        """Something to ask whether `share` of the limit is gone; the first yes notes `what` as cut."""
        noted = False

        def is_late() -> bool:
            nonlocal noted
            if self.limit is None or self.gone < share * self.limit:
                return False
            if not noted:
                self.cut(what)
            noted = True
            return True

        return is_late
