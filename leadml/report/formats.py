"""Facts as people read them: one way to print each kind of number, and a dash for what is not known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

UNKNOWN = "–"
_THIN_SPACE = "\u202f"


def number(value: object) -> float | None:
    """`value` as a finite number, or None; facts come from a file and may hold anything that JSON can."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def items(value: object) -> list[Any]:
    """`value` if it is a list, else an empty one."""
    return list(value) if isinstance(value, (list, tuple)) else []


def records(value: object) -> list[Mapping[str, Any]]:
    """The mappings in `value` if it is a list, else nothing."""
    return [item for item in items(value) if isinstance(item, Mapping)]


def percent(value: object, digits: int = 1) -> str:
    """A share from 0 to 1 as "12.3 %"."""
    share = number(value)
    return UNKNOWN if share is None else f"{100 * share:.{digits}f}{_THIN_SPACE}%"


def share_of_gain(value: object) -> str:
    """A share of what the scorer gains as "12 %", with a true minus sign: without a harmful field there is more."""
    return percent(value, 0).replace("-0", "0").replace("-", "−")


def count(value: object) -> str:
    """A whole number as "1,234"."""
    whole = number(value)
    return UNKNOWN if whole is None else f"{whole:,.0f}"


def decimal(value: object, digits: int = 3) -> str:
    """A number with a fixed count of decimals, with a true minus sign."""
    plain = number(value)
    return UNKNOWN if plain is None else f"{plain:,.{digits}f}".replace("-", "−")


def factor(log_odds: object, digits: int = 2) -> str:
    """An effect in log-odds as what it multiplies the odds by: "×1.42"."""
    effect = number(log_odds)
    return UNKNOWN if effect is None else f"×{math.exp(min(max(effect, -20.0), 20.0)):.{digits}f}"


def per_week(value: object) -> str:
    """Leads a week (the figure itself, where it has an interval): whole from ten on, one decimal below."""
    leads = triple(value)[0]
    if leads is None:
        return UNKNOWN
    return f"{leads:,.0f}" if leads >= 10 else f"{leads:.1f}"


def day(value: object) -> str:
    """The day of an ISO 8601 time, as "2025-11-30"."""
    try:
        return datetime.fromisoformat(str(value)).date().isoformat()
    except ValueError:
        return UNKNOWN


def triple(value: object) -> tuple[float | None, float | None, float | None]:
    """A figure and the two ends of its interval, each None where it was not measured."""
    parts = [number(part) for part in items(value)[:3]] if isinstance(value, (list, tuple)) else [number(value)]
    parts += [None] * (3 - len(parts))
    return parts[0], parts[1], parts[2]
