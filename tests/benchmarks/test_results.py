from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.figures import FIGURES
from benchmarks.results import Result, Results
from leadml.errors import SourceError

ONE = Result("mine", "random 0", "abc", 80, 20, "peer", "1.0", dict.fromkeys(FIGURES, 0.5), 1.5)


def test_what_is_added_is_there_when_the_file_is_read_again(tmp_path: Path) -> None:
    results = Results(tmp_path / "results.jsonl")
    results.add(ONE)
    results.add(replace(ONE, split="random 1"))
    read = Results(tmp_path / "results.jsonl")
    assert read.of([ONE.key]) == [ONE]
    assert read.has(replace(ONE, split="random 1").key)


def test_the_last_measurement_of_the_same_wins(tmp_path: Path) -> None:
    for seconds in (1.0, 2.0):
        Results(tmp_path / "results.jsonl").add(replace(ONE, seconds=seconds))
    assert [result.seconds for result in Results(tmp_path / "results.jsonl").of([ONE.key])] == [2.0]


@pytest.mark.parametrize("change", [{"version": "2.0"}, {"rows": "abd"}, {"split": "random 1"}, {"set": "other"}])
def test_another_version_or_other_rows_are_another_measurement(change: dict[str, str]) -> None:
    results = Results()
    results.add(ONE)
    assert not results.has(replace(ONE, **change).key)


def test_the_last_version_is_known() -> None:
    results = Results()
    assert results.last_version("peer") is None
    results.add(replace(ONE, version="2.0"))
    results.add(ONE)
    assert results.last_version("peer") == "1.0"


@pytest.mark.parametrize("line", ["{", "[]", "3", '{"set": "mine"}'])
def test_a_line_that_is_no_result_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "results.jsonl"
    Results(path).add(ONE)
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"results\.jsonl: line 2: is no result of this benchmark; remove the line"):
        Results(path)


def test_a_result_without_a_figure_is_named(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    Results(path).add(replace(ONE, figures={name: 0.5 for name in FIGURES if name != "ECE"}))
    with pytest.raises(SourceError, match="line 1: lacks the figures ECE"):
        Results(path)
