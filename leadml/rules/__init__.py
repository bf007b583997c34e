"""Rulebooks that ship with leadml, and those that users write."""

from __future__ import annotations

from leadml.rules.mapping import map_rulebook
from leadml.rules.presets import load_rulebook, preset_names

__all__ = ["load_rulebook", "map_rulebook", "preset_names"]
