"""Rulebooks that ship with leadml, and those that users write."""

from __future__ import annotations

from leadml.rules.mapping import Names, asked_of, map_rulebook
from leadml.rules.presets import load_rulebook, preset_names
from leadml.rules.segments import by_segment

__all__ = ["Names", "asked_of", "by_segment", "load_rulebook", "map_rulebook", "preset_names"]
