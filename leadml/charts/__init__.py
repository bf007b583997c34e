"""Every chart once, for the notebook and for the page: plain data in, an Altair chart out.

`to_svg` turns any of them into inline SVG that follows the page's width and colour scheme.
"""

from __future__ import annotations

from altair.typing import ChartType as Chart

from leadml.charts.effects import Shape, drivers, losses, shape
from leadml.charts.inline import to_svg
from leadml.charts.interactions import Interaction, full_colour, interaction
from leadml.charts.months import monthly
from leadml.charts.quality import gain, reliability
from leadml.charts.text import distinct, plain
from leadml.charts.waterfall import waterfall, waterfall_steps
from leadml.charts.weeks import weekly
from leadml.charts.what_if import Offline, what_if

__all__ = [
    "Chart",
    "Interaction",
    "Offline",
    "Shape",
    "distinct",
    "drivers",
    "full_colour",
    "gain",
    "interaction",
    "losses",
    "monthly",
    "plain",
    "reliability",
    "shape",
    "to_svg",
    "waterfall",
    "waterfall_steps",
    "weekly",
    "what_if",
]
