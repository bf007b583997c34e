from pathlib import Path

import numpy as np
import pytest

from benchmarks import card
from benchmarks.card import FULL, compared, figures_table
from benchmarks.tasks import Task
from tests.benchmarks.conftest import made_up


def test_a_card_is_learned_from_training_rows_alone_and_judged_on_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    leads = made_up(600)
    won = leads.pop("Status").eq("Won").to_numpy()
    task = Task("mine", "protocol 0", leads, won, None, np.arange(400), np.arange(400, 600))
    monkeypatch.setattr(card, "lead_scorer", lambda task: np.full(200, 0.5))
    found, chances = compared(task, 5)
    assert found.length <= 5
    assert {len(chance) for chance in chances.values()} == {200}
    upset = Task("mine", "protocol 0", leads, np.where(np.arange(600) < 400, won, ~won), None, task.train, task.test)
    np.testing.assert_array_equal(compared(upset, 5)[1][f"card of {found.length} lines"], list(chances.values())[1])


def test_the_table_says_by_how_much_each_differs_from_the_full_model() -> None:
    won = np.repeat([0.0, 1.0], 50)
    lines = list(figures_table(won, {FULL: np.linspace(0.1, 0.9, 100), "card": np.full(100, 0.5)}))
    assert lines[2].startswith("| full model | 1.0000 |  |")
    assert lines[3].startswith("| card | 0.5000 | -0.5000 (-0.5000 to -0.5000) | 0.6931 |")


def test_a_missing_file_is_said_and_not_traced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert card.main([str(tmp_path)]) == 2
    assert "there is no" in capsys.readouterr().err
