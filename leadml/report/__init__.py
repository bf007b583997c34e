"""Self-contained pages: one about a scorer, for the people who will work with its leads, and one about a lead."""

from __future__ import annotations

from leadml.report.lead import render_lead
from leadml.report.page import render

__all__ = ["render", "render_lead"]
