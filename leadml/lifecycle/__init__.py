"""The lead lifecycle: which stage a lead is in, who may move it, and what a person is asked to decide.

The recommended stage of a score row is a pure function of that row. The lifecycle stage is state: scores, people, use
of the product and outcomes move it, by transitions that are written down as data.
"""

from __future__ import annotations

from leadml.lifecycle.advance import Advance, advance
from leadml.lifecycle.definition import Lifecycle, Transition
from leadml.lifecycle.parsing import load_lifecycle, read_lifecycle
from leadml.lifecycle.stages import DECISIONS, STAGES

__all__ = ["DECISIONS", "STAGES", "Advance", "Lifecycle", "Transition", "advance", "load_lifecycle", "read_lifecycle"]
