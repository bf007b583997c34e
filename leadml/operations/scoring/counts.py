"""How many leads a run read, scored and wrote; the figures always add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True)
class RunCounts:
    """Leads of one run.

    `read == kept + rejected`, `kept == scored + not_scored` and `scored == added + changed + unchanged` (what became of
    the score rows); `removed` counts rows of leads that are no longer scored.
    A run over what can have changed has read and kept the leads that it looked at.
    """

    read: int
    rejected: int
    kept: int
    scored: int
    not_scored: int
    added: int
    changed: int
    unchanged: int
    removed: int

    def __post_init__(self) -> None:
        if self.read != self.kept + self.rejected:
            raise AssertionError(f"{self.read} leads read are not {self.kept} kept + {self.rejected} rejected")
        if self.kept != self.scored + self.not_scored:
            raise AssertionError(f"{self.kept} leads kept are not {self.scored} scored + {self.not_scored} not scored")
        if self.scored != self.added + self.changed + self.unchanged:
            raise AssertionError(
                f"{self.scored} leads scored are not {self.added} added + {self.changed} changed + "
                f"{self.unchanged} unchanged"
            )
        if min(asdict(self).values()) < 0:
            raise AssertionError(f"A count is below zero: {self}")


COUNTED = tuple(field.name for field in fields(RunCounts))
