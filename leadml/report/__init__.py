"""One self-contained page about a scorer, for the people who will work with its leads."""

from __future__ import annotations

from leadml.report.page import render

__all__ = ["render"]
