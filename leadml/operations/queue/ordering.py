"""One list per rep or team: the leads worth most first, as many as can be worked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOBODY = "(nobody)"
"""Who works the leads that nobody owns."""

EVERYBODY = "(everybody)"
"""Who works all leads where neither reps nor teams are known."""


@dataclass(frozen=True)
class Task:
    """A lead to be worked: by whom, what it is worth today, and what a list says of it.

    `expected_value` is probability x value of such a deal x what waiting has left of it.
    """

    lead_id: str
    who: str | None
    expected_value: float
    row: Mapping[str, Any]


def day_lists(tasks: Iterable[Task], capacity: Callable[[str | None], int]) -> dict[str | None, list[Task]]:
    """Order each one's tasks by expected value, ties by lead id, and keep as many as `capacity` allows.

    Lists are in the order of names; that of leads without anybody comes last. The order of `tasks` decides nothing.
    """
    by_whom: dict[str | None, list[Task]] = defaultdict(list)
    for task in tasks:
        by_whom[task.who].append(task)
    names = sorted(by_whom, key=lambda who: (who is None, who or ""))
    return {who: ordered(by_whom[who])[: capacity(who)] for who in names}


def ordered(tasks: Sequence[Task]) -> list[Task]:
    """Tasks with the highest expected value first; ties by lead id."""
    return sorted(tasks, key=lambda task: (-task.expected_value, task.lead_id))
