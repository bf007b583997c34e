"""Cutoffs that can be moved: the same printed rows for the page's slider, `leadml cutoffs` and a notebook's chart."""

from __future__ import annotations

from leadml.report.moving.rows import WhatIf, what_if

__all__ = ["WhatIf", "what_if"]
