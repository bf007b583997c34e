"""A cutoff that can be moved in a notebook: the figures' curves with a slider below, as on the report page."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
from altair.typing import ChartType

from leadml.charts.text import plain
from leadml.charts.theme import FAINT, INK, PERCENT, RAISES, WIDTH, themed, values

_TICKS = 4
# The slider above the curves and as wide as they are.
_STYLE = """<style>
#vis.vega-embed { flex-direction: column-reverse; font: 14px sans-serif; color: #1b1e23; }
.vega-bind { display: flex; flex-wrap: wrap; gap: 0 0.5rem; max-width: 26rem; }
.vega-bind input { flex: 1 0 100%; margin: 0.5rem 0; }
</style>"""


class Offline:
    """A chart that reacts to the mouse in a notebook without a network, with everything that draws it inside.

    Altair's own way of showing a chart in a notebook fetches its scripts from the network. A frame of its own keeps
    these scripts away from the notebook.
    """

    def __init__(self, chart: ChartType, *, height: int) -> None:
        """Take a chart and how high its frame is to be, in pixels."""
        self.chart = chart
        self._height = height

    def to_html(self) -> str:
        """A whole page that needs nothing else."""
        page: str = self.chart.to_html(inline=True, embed_options={"actions": False, "renderer": "svg"})
        return page.replace("<script", f"{_STYLE}<script", 1)

    def _repr_html_(self) -> str:
        page = html.escape(self.to_html(), quote=True)
        frame = f'style="width: 100%; border: 0; height: {self._height}px; background: white"'
        return f'<iframe title="Move the cutoff" sandbox="allow-scripts" {frame} srcdoc="{page}"></iframe>'


def what_if(rows: Sequence[Mapping[str, Any]], *, stage: str, start: int) -> Offline:
    """A panel per figure, each with its curve, its band and what it is where the slider stands.

    Args:
        rows: for each figure and each place of the slider: `figure` (its title), `place` (from 0), `cutoff` and `text`
            (the cutoff and the figure as printed), `value`, `low` and `high` (numbers, or None where not known).
        stage: whose cutoff it is.
        start: the place at which the slider stands at first.
    """
    drawn: list[dict[str, object]] = [{**row, "figure": plain(row["figure"], 40)} for row in rows]
    titles = list(dict.fromkeys(str(row["figure"]) for row in drawn))
    cutoffs = [str(row["cutoff"]) for row in drawn if row["figure"] == titles[0]]
    bound = alt.binding_range(min=0, max=len(cutoffs) - 1, step=1, name=f"{plain(stage, 24)} cutoff, place ")
    place = alt.param(name="place", value=start, bind=bound)
    x = _x(cutoffs)
    panels = [_panel([row for row in drawn if row["figure"] == title], x) for title in titles]
    chart = themed(alt.vconcat(*panels, spacing=8).add_params(place))
    return Offline(chart, height=110 * len(panels) + 90)


def _panel(rows: list[dict[str, object]], x: alt.X) -> ChartType:
    share = any("%" in str(row["text"]) for row in rows)
    ticks = alt.Axis(tickCount=2, labelExpr=PERCENT) if share else alt.Axis(tickCount=2, format="~s")
    y = alt.Y("value:Q", title=None, axis=ticks)
    base = alt.Chart(values(rows)).encode(x=x)
    here = base.transform_filter("datum.place == place")
    band = base.mark_area(color=RAISES, opacity=0.2).encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    said = alt.Chart(values(rows)).transform_filter("datum.place == place")
    said = said.transform_calculate(said="datum.figure + ' from ' + datum.cutoff + ' up: ' + datum.text")
    return alt.layer(
        band,
        base.mark_line(color=RAISES, strokeWidth=2).encode(y=y),
        here.mark_rule(color=FAINT, strokeWidth=1.5),
        here.mark_point(color=INK, filled=True, opacity=1, size=70).encode(y=y),
        said.mark_text(align="left", baseline="bottom", fontSize=12, color=INK).encode(
            x=alt.value(0), y=alt.value(-6), text="said:N"
        ),
    ).properties(width=WIDTH, height=64)


def _x(cutoffs: Sequence[str]) -> alt.X:
    """Places, evenly, some of them called by their cutoff."""
    named = sorted({round(i * (len(cutoffs) - 1) / _TICKS) for i in range(_TICKS + 1)})
    called = " : ".join(f"datum.value == {place} ? '{_quoted(cutoffs[place])}'" for place in named)
    axis = alt.Axis(values=named, labelExpr=f"{called} : ''", grid=False, labelFlush=True)
    return alt.X("place:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, len(cutoffs) - 1], nice=False))


def _quoted(cutoff: str) -> str:
    """What may stand in an expression: the printed figure and nothing else."""
    return "".join(letter for letter in cutoff if letter.isdigit() or letter in "., %\u202f–−")
