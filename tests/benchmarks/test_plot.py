from __future__ import annotations

from pathlib import Path

from benchmarks.comparing import Difference
from benchmarks.plot import dot_plot, save_plot

FOUND = [
    Difference("mine", "better than", 10, -0.02, -0.03, -0.01),
    Difference("mine", "worse than", 10, 0.02, 0.01, 0.03),
    Difference("yours", "as good as", 4, -0.001, -0.03, 0.02),
]


def test_each_difference_is_drawn_with_its_interval_and_what_it_says() -> None:
    drawn = dot_plot(FOUND).to_dict()
    panels, data = drawn["vconcat"], drawn["datasets"]
    rows = [row for panel in panels for row in data[panel["layer"][1]["data"]["name"]]]
    assert [(row["peer"], row["low"], row["high"]) for row in rows] == [(d.peer, d.low, d.high) for d in FOUND]
    assert [row["says"] for row in rows] == ["leadml is better", "leadml is worse", "open"]
    assert [panel["title"]["text"] for panel in panels] == ["mine (10 splits)", "yours (4 splits)"]


def test_a_plot_is_written_as_svg_or_png(tmp_path: Path) -> None:
    save_plot(FOUND, tmp_path / "plot.svg")
    save_plot(FOUND, tmp_path / "plot.png")
    assert "worse than" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
