"""Addresses as they may be shown."""

from __future__ import annotations

import re

__all__ = ["masked"]


def masked(url: str) -> str:
    """Hide user, password and query of an address, for messages."""
    hidden = re.sub(r"(?s)://.*@", "://***@", url)
    return re.sub(r"(?s)\?.*", "?***", hidden)
