"""A rulebook against history: whom its parts catch, and what other points or another cutoff would have done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from leadml.errors import TrainingError
from leadml.features import Snapshots, newest_moment
from leadml.predict.rules.rulebook import Rulebook
from leadml.schema import LeadTables
from leadml.training.choices import Choices
from leadml.training.history import finished_weeks
from leadml.training.simulation.catching import Caught, who_is_caught
from leadml.training.simulation.replay import Replay
from leadml.training.simulation.trials import Points, Trial, trial

_FEWEST_WON = 30
_ANY_TIME = datetime(1970, 1, 1)  # noqa: DTZ001 (without dates there is no time)


@dataclass(frozen=True)
class Simulation:
    """What a rulebook and a change of it would have done on `leads` leads of which `won` were won in time.

    `present` is the rulebook as it is at its cutoff; `why` says how that was chosen. It is None where no cutoff keeps
    to the project's policy and none is given; then there are no `changed`. `weeks` is None where leads have no dates.
    """

    period: str
    weeks: float | None
    leads: int
    won: int
    base_rate: float
    warnings: tuple[str, ...]
    caught: tuple[Caught, ...]
    why: str
    present: Trial | None
    changed: tuple[Trial, ...]


def newest_weeks(tables: LeadTables, choices: Choices, rulebook: Rulebook, weeks: int) -> Snapshots:
    """Each lead at each moment of the newest so many weeks whose horizon has passed; without dates each lead once.

    The moment at which these weeks begin is among them: it tells whom they found above a cutoff already.

    Raises:
        TrainingError: no lead is closed, or no week has its whole horizon behind it.
    """
    if tables.leads["outcome"].null_count == len(tables.leads):
        raise TrainingError(
            "No lead is closed yet, so there is no history to try rules on. Wait for the first outcomes."
        )
    if "created_at" not in tables.leads.column_names:
        return finished_weeks(tables, choices, _ANY_TIME, rulebook.counts)
    days = choices.horizon_days + 7 * weeks + choices.every_days
    since = newest_moment(tables) - timedelta(days=days) + timedelta(microseconds=1)
    return finished_weeks(tables, choices, since, rulebook.counts)


def simulate(
    rulebook: Rulebook,
    snapshots: Snapshots,
    choices: Choices,
    *,
    changed: Rulebook | None = None,
    cutoff: float | None = None,
) -> Simulation:
    """Try a resolved rulebook, and a change of it, on weekly snapshots with known outcomes.

    Args:
        rulebook: as it is. Its cutoff is the lowest that keeps to `choices.cutoffs.mql` on these very snapshots.
        snapshots: as `newest_weeks` gives them.
        choices: of the project.
        changed: the same over the same columns with other points; None changes none.
        cutoff: in points, to be tried in place of the present one; None keeps that.

    Raises:
        TrainingError: there is no snapshot.
    """
    if not len(snapshots.label):
        raise TrainingError("No lead was open in these weeks. Ask for more of them (--weeks).")
    replay = Replay.of(snapshots)
    points = Points(rulebook, replay)
    chosen, why = points.choose(choices.cutoffs.mql)
    present = cutoff if chosen is None else chosen
    trials: list[Trial] = []
    if present is not None:
        trials = list(_trials(points, present, changed, cutoff, choices.seed))
    leads, won = replay.count(np.ones(len(replay.label), np.bool_))
    return Simulation(
        period=_period(snapshots),
        weeks=points.crossings.weeks,
        leads=leads,
        won=won,
        base_rate=replay.base_rate,
        warnings=tuple(_warnings(leads, won, chosen, why)),
        caught=tuple(who_is_caught(rulebook, replay, present, seed=choices.seed)),
        why=why if chosen is not None else "the one to try",
        present=trials[0] if trials else None,
        changed=tuple(trials[1:]),
    )


def _trials(
    points: Points, present: float, changed: Rulebook | None, cutoff: float | None, seed: int
) -> Iterator[Trial]:
    """The rulebook as it is; with what is changed; and, where only points are, at the volume that there is."""
    now = points, present
    as_it_is = trial("present", points, present, now, seed=seed)
    yield as_it_is
    if changed is None and cutoff is None:
        return
    other = points if changed is None else Points(changed, points.replay)
    yield trial("changed", other, present if cutoff is None else cutoff, now, seed=seed)
    same_volume = other.of_volume(as_it_is.leads) if cutoff is None else None
    if same_volume is not None and same_volume != present:
        yield trial("changed, same volume", other, same_volume, now, seed=seed)


def _warnings(leads: int, won: int, chosen: float | None, why: str) -> Iterator[str]:
    if won == 0:
        yield f"None of these {leads:,} leads was won in time: nothing can be said of conversion."
    elif won < _FEWEST_WON:
        yield f"Only {won:,} of these {leads:,} leads were won in time: go by the ranges, not by the figures."
    if chosen is None:
        yield f"No cutoff in points keeps to what is asked ({why}). Name one to try: --cutoff."


def _period(snapshots: Snapshots) -> str:
    if snapshots.as_of is None:
        return "all leads with a known outcome"
    first, last = min(snapshots.as_of.to_pylist()), max(snapshots.as_of.to_pylist())
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
