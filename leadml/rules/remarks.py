"""What checking a rulebook has to say, one remark each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Remark:
    """One remark: an error (nobody can ever be what is asked), a warning (surely not meant), or a note.

    `where` is the dimension, gate or column that it is about, `rule` the rule that cannot count, if it says that.
    """

    level: Level
    where: str
    message: str
    rule: str | None = None
