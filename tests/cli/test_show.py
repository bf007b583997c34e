"""Tables in a narrow terminal."""

from __future__ import annotations

import pytest
from rich.console import Console

from leadml.cli import show

LEAD = "0f8fad5b-d9cb-469f-a165-70867728950e"
REASONS = "Asked for a demo 2 times in 90 days; Industry: Manufacturing"


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "_console", Console(highlight=False, soft_wrap=True, width=80))


def test_a_table_too_wide_goes_on_below_with_its_first_column_again(capsys: pytest.CaptureFixture[str]) -> None:
    head = ["lead", "seen", "probability", "grade", "what happened", "reasons"]
    row = (LEAD, "2025-01-06", "12.3%", "B", "won 123 days later", REASONS)
    show.print_table("The worst:", head, [row], text="reasons")
    out = capsys.readouterr().out
    assert all(cell in out for cell in row[:-1])
    assert out.count(LEAD) == 3
    assert set(REASONS.split()) <= set(out.split())
    assert max(map(len, out.splitlines())) <= 80


def test_figures_are_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    figures = [f"{number},234,567.89" for number in range(10)]
    show.print_table("Values", ["from", *(f"figure {n}" for n in range(10))], [["20.0 %", *figures]], text="")
    out = capsys.readouterr().out
    assert all(figure in out for figure in figures)
    assert max(map(len, out.splitlines())) <= 80


def test_what_fits_is_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_table("Few", ["a", "b"], [["1", "2"]], text="a")
    assert len(capsys.readouterr().out.splitlines()) == 4
    show.print_table("Long", ["lead", "b"], [["x" * 90, "2"]], text="b")
    assert "".join(capsys.readouterr().out.split()).count("x") == 90
