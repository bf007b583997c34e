"""Which score of a lead stood at a moment of the clock: what runs had written by then, whatever it is as of.

Where nothing had been written by a moment, runs that were made later may still speak as of it: that is hindsight, and
is told as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadml.errors import SourceError
from leadml.operations.ledger.written import Writing, moment_text

__all__ = ["Standing", "standing"]


@dataclass(frozen=True)
class Standing:
    """The rows of a lead that count at a moment, the one that stood then last.

    With `hindsight` nothing had been written by then: the rows speak as of the moment or before, the latest last.
    """

    writings: Sequence[Writing]
    hindsight: bool = False

    @property
    def last(self) -> Writing:
        """The row that stood."""
        return self.writings[-1]

    @property
    def before(self) -> Standing:
        """What counts without it; the same where there is nothing else."""
        return Standing(self.writings[:-1] or self.writings, self.hindsight)


def standing(writings: Sequence[Writing], moment: datetime | None) -> Standing:
    """What counts at a moment; None: now.

    Args:
        writings: those of one lead, the oldest first, at least one.
        moment: by the clock (UTC without a zone). A run that was under way then counts: what it wrote may have stood.

    Raises:
        SourceError: nothing had been written by then, and nothing that was written later speaks as of it.
    """
    if moment is None:
        return Standing(writings)
    if by_then := [one for one in writings if one.began <= moment]:
        return Standing(by_then)
    if said := [(one.as_of, one) for one in writings if one.as_of is not None and one.as_of <= moment]:
        return Standing([one for _, one in sorted(said, key=lambda pair: pair[0])], hindsight=True)
    raise _nothing(writings, moment)


def _nothing(writings: Sequence[Writing], moment: datetime) -> SourceError:
    first = writings[0]
    earliest = min((one.as_of for one in writings if one.as_of is not None), default=None)
    speaks = "" if earliest is None else f", and the earliest speaks as of {moment_text(earliest)}"
    return SourceError(
        f"Lead {first.row['lead_id']!r} had no score at {moment_text(moment)}: the first was written by the run of "
        f"{moment_text(first.began)}{speaks}. Choose {moment_text(_not_before(earliest or first.began))} or later."
    )


def _not_before(moment: datetime) -> datetime:
    """The first whole second that is not before a moment, as moments are shown by the second."""
    whole = moment.replace(microsecond=0)
    return whole if whole == moment else whole + timedelta(seconds=1)
