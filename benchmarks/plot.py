"""The paired differences as a dot plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import altair as alt
import vl_convert
from altair.typing import ChartType

from benchmarks.comparing import Difference
from leadml.charts.theme import INK, LOWERS, RAISES, themed, values

ENDINGS = (".svg", ".png")
_WIDTH = 380
_SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+~g')"
_BETTER, _WORSE, _OPEN = "leadml is better", "leadml is worse", "open"


def save_plot(found: Sequence[Difference], path: Path) -> None:
    """Draw the differences into a file whose name ends in one of `ENDINGS`."""
    specification = dot_plot(found).to_dict()
    if path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(specification, scale=2))
    else:
        path.write_text(vl_convert.vegalite_to_svg(specification), encoding="utf-8")


def dot_plot(found: Sequence[Difference]) -> ChartType:
    """One panel per set, one row per peer: mean difference of log loss and its 95 % interval around it."""
    sets = list(dict.fromkeys(one.set for one in found))
    panels = [_panel(name, [one for one in found if one.set == name]) for name in sets]
    stacked = alt.vconcat(*panels, spacing=26).properties(
        background="white",
        padding=14,
        title=alt.Title(
            "Log loss of leadml minus that of its peers",
            subtitle="mean over the same random splits, 95 % interval; left of zero leadml is better; in grey: open",
            anchor="start", color=INK, subtitleColor=INK, fontSize=15, subtitleFontSize=12, offset=14,
        ),
    )  # fmt: skip
    return themed(stacked)


def _panel(name: str, found: Sequence[Difference]) -> ChartType:
    rows: list[dict[str, object]] = [
        {
            "peer": one.peer, "mean": one.mean, "low": one.low, "high": one.high, "says": _verdict(one),
            "text": f"{one.mean:+.4f}".replace("-", "\N{MINUS SIGN}"),
        }
        for one in found
    ]  # fmt: skip
    y = alt.Y("peer:N", sort=None, title=None, axis=alt.Axis(labelLimit=220, minExtent=190, maxExtent=190, grid=False))
    colour = alt.Color(
        "says:N", legend=None, scale=alt.Scale(domain=[_BETTER, _WORSE, _OPEN], range=[RAISES, LOWERS, INK])
    )
    x = alt.X(
        "low:Q", title=None, scale=alt.Scale(zero=True), axis=alt.Axis(labelExpr=_SIGNED, labelFlush=False, tickCount=5)
    )
    base = alt.Chart(values(rows)).encode(y=y)
    zero = alt.Chart(values([{"at": 0}])).mark_rule(color=INK, strokeWidth=1).encode(x="at:Q")
    intervals = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q", color=colour)
    dots = base.mark_circle(size=70, opacity=1).encode(x="mean:Q", color=colour)
    # Beside the panel, where no dot, interval or line can run through it.
    texts = base.mark_text(align="left", dx=10, color=INK, fontSize=12).encode(x=alt.value(_WIDTH), text="text:N")
    title = alt.Title(f"{name} ({_splits(found)})", anchor="start", color=INK, fontSize=13)
    return alt.layer(zero, intervals, dots, texts).properties(width=_WIDTH, height=alt.Step(26), title=title)


def _verdict(one: Difference) -> str:
    if one.low <= 0 <= one.high:
        return _OPEN
    return _BETTER if one.high < 0 else _WORSE


def _splits(found: Sequence[Difference]) -> str:
    counts = sorted({one.splits for one in found})
    return f"{counts[0]} splits" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} splits"
