from dataclasses import replace

import numpy as np

from benchmarks.guarantee import WORLDS, certified, kept

GRID = np.linspace(0.0005, 0.9995, 2_000)


def test_the_short_form_keeps_the_promise() -> None:
    world = replace(WORLDS[5], noise=0.4)  # overconfident scores
    found = [certified(world, 200, seed) for seed in range(25)]
    short = kept(found, world.minimum, *world.truth())
    assert short.kept >= 0.87  # 95 % is promised; three of 25 broken have a probability of 3 %
    assert short.found > 0.2


def test_a_promise_is_broken_where_any_certified_cutoff_is() -> None:
    precision, share = GRID.copy(), 1 - GRID  # as precise as the cutoff says
    found = [np.array([0.3, 0.5]), np.array([0.2, 0.5]), np.empty(0), np.array([0.25])]
    counted = kept(found, 0.25, precision, share)
    assert (counted.kept, counted.found) == (0.75, 0.75)
    assert counted.lowest_kept == 0.75
    assert abs(counted.leads - 0.75 / 0.75) < 0.01  # the median is the cutoff of 0.25


def test_there_are_worlds_with_clusters_and_wrong_scores() -> None:
    assert {len(world.contacts) for world in WORLDS} == {1, 6}
    assert any(world.slope != 1 for world in WORLDS)
    assert len({world.base for world in WORLDS}) >= 3
