"""Cells for spreadsheets: a text that a spreadsheet would run as a formula is shown, never run."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["safe_cell"]

# What starts a formula is named by OWASP ("CSV injection").
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def safe_cell(value: Any) -> Any:
    """The cell as it may stand in a CSV file: an apostrophe goes before what would start a formula.

    Numbers stay numbers, negative ones too; None is an empty cell.
    """
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_STARTS) and not _NUMBER.fullmatch(text) else text
