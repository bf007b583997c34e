"""Predictive lead scoring that can be read: calibrated probabilities, rules, cutoffs and reasons as one sum."""

from __future__ import annotations

__version__ = "0.1.0"
