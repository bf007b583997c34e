from __future__ import annotations

import numpy as np
import pytest

from leadml.errors import TrainingError
from leadml.training.calibration.gate import judge_gate


def newest(seed=0, rows=1_500):
    random = np.random.default_rng(seed)
    chance = random.random(rows)
    return (random.random(rows) < chance).astype(float), chance, np.arange(rows)


def test_true_probabilities_pass():
    gate, _ = judge_gate(*newest(), limit=0.02)
    assert gate.passed
    gate.check()


def test_false_probabilities_are_refused_with_the_numbers_and_what_to_do():
    label, chance, accounts = newest()
    gate, _ = judge_gate(label, chance / 3, accounts, limit=0.05)
    assert not gate.passed
    with pytest.raises(TrainingError, match=r"(?s)off by 0\.3.*allows 0\.05.*model\.calibration_limit"):
        gate.check()


def test_without_a_limit_anything_is_published():
    label, chance, accounts = newest()
    gate, _ = judge_gate(label, chance / 3, accounts, limit=None)
    gate.check()
    assert gate.error[1] > 0.05


def test_few_rows_that_are_off_by_chance_are_no_reason_to_refuse():
    refused = sum(not judge_gate(*newest(seed, 60), limit=0.05)[0].passed for seed in range(30))
    assert refused <= 4


def test_where_the_level_has_moved_those_rows_judge_that_a_correction_came_in_time_for():
    label, chance, accounts = newest()
    said = np.where(np.arange(1_500) < 700, chance / 3, chance)
    assert not judge_gate(label, said, accounts, limit=0.05)[0].passed
    gate, whole = judge_gate(label, said, accounts, limit=0.05, in_time=np.arange(700, 1_500))
    assert gate.passed
    assert whole.error[1] > 0.05
