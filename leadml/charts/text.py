"""Users' texts made safe to draw: nothing invisible, nothing endless, no two labels alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What XML cannot hold (controls, lone surrogates, noncharacters) and what would reorder the text around it.
_UNDRAWABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]+")


def plain(value: object, longest: int = 120) -> str:
    """`value` as one line of at most `longest` characters; what had to be cut is marked by an ellipsis."""
    line = " ".join(_UNDRAWABLE.sub(" ", str(value)[: 4 * longest]).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def distinct(texts: Iterable[object], longest: int = 120) -> list[str]:
    """`plain` texts, those that come out alike told apart by a count: an axis merges equal labels."""
    taken: dict[str, int] = {}
    labels: list[str] = []
    for text in texts:
        short = plain(text, longest) or "(blank)"
        label = short
        while label in taken:
            taken[short] += 1
            label = f"{short} ({taken[short]})"
        taken[label] = 1
        labels.append(label)
    return labels
