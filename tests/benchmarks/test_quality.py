from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.datasets import DataSet
from benchmarks.quality import main

SPLIT = 'drop = ["created"]\n[split]\npatterns = 0.2\nseeds = [0, 1]\n'


@pytest.fixture
def asked(described: Callable[..., DataSet], data: Path) -> list[str]:
    folder = described(SPLIT).file.parent
    return [str(data), "--sets", str(folder), "--only", "mine", "--models", "leadml", "logistic"]


def rows_of(printed: str) -> list[list[str]]:
    lines = [line for line in printed.splitlines() if line.startswith("| mine")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_strangers_set_is_measured_compared_and_drawn(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--splits", "2", "--results", str(tmp_path / "r.jsonl"), "--plot", str(tmp_path / "plot.svg")]
    assert main([*asked, *more]) == 0
    printed, said = capsys.readouterr()
    stated, drawn, paired = rows_of(printed)[:2], rows_of(printed)[2:4], rows_of(printed)[4:]
    assert [row[1] for row in stated + drawn] == ["leadml", "logistic regression"] * 2
    assert [row[1:3] for row in paired] == [["logistic regression", "2"]]
    assert float(paired[0][3]) == pytest.approx(float(drawn[0][4]) - float(drawn[1][4]), abs=2e-4)
    assert "Versions: leadml 0." in printed
    assert "1 of 8: mine, protocol 0, leadml: log loss" in said
    assert "logistic regression" in (tmp_path / "plot.svg").read_text(encoding="utf-8")

    assert main([*asked, *more]) == 0
    again, said = capsys.readouterr()
    assert again == printed
    assert "0 to measure" in said


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--only", "yours"], "--only: yours is not among bank, bank_random, salvirt, xeducation, mine"),
        (["--models", "oracle"], "--models: oracle is not among leadml, lightgbm, logistic, ebm, flaml, autogluon"),
        (["--again", "oracle"], "--again: oracle is not among leadml"),
        (["--only", "bank"], "bank.toml: path: there is no "),
        (["--plot", "differences.svg"], "differences.svg: nothing to draw; give --splits 2 or more"),
        (["--plot", "differences.pdf", "--splits", "2"], "differences.pdf: a plot is written as .svg or .png"),
        (["--results", "no/results.jsonl"], "no/results.jsonl: its folder does not exist"),
        (["--autogluon-python", "no/python"], "no/python cannot be run"),
    ],
)
def test_what_the_user_can_mend_is_one_message(
    asked: list[str], more: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, *more]) == 2
    printed, said = capsys.readouterr()
    assert message in said
    assert printed == ""


def test_a_run_that_is_interrupted_says_so(
    asked: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("benchmarks.quality.measure", interrupted)
    assert main(asked) == 130
    assert "What --results FILE holds is kept" in capsys.readouterr().err
