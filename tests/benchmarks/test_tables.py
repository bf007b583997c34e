from __future__ import annotations

from benchmarks.comparing import Difference
from benchmarks.figures import FIGURES
from benchmarks.results import Result
from benchmarks.tables import differences_table, figures_table, versions_line


def result(model: str, split: int, value: float) -> Result:
    return Result("mine", f"protocol {split}", "r", 80, 20, model, "1.0", dict.fromkeys(FIGURES, value), 1.25)


def test_figures_are_means_and_seconds_are_sums() -> None:
    lines = figures_table([result("one", 0, 0.2), result("one", 1, 0.4)])
    assert lines[0] == "| task | model | AUC | average precision | log loss | Brier | ECE | top 20 % | seconds |"
    assert lines[2:] == ["| mine | one | " + " | ".join(["0.3000"] * 6) + " | 2.5 |"]


def test_a_model_that_lacks_splits_says_so() -> None:
    lines = figures_table([result("one", 0, 0.2), result("one", 1, 0.4), result("two", 0, 0.2)])
    assert lines[3].startswith("| mine | two (1 of 2 splits) | 0.2000 |")


def test_differences_carry_their_sign() -> None:
    lines = differences_table([Difference("mine", "two", 10, -0.0123, -0.02, 0.0004)], "leadml")
    assert lines[0] == "| task | leadml minus | splits | log loss | 95 % interval |"
    assert lines[2] == "| mine | two | 10 | -0.0123 | -0.0200 to +0.0004 |"


def test_versions_are_named_once() -> None:
    assert versions_line([result("one", 0, 0), result("two", 0, 0), result("one", 1, 0)]) == (
        "Versions: one 1.0; two 1.0."
    )
