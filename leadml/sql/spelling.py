"""Which letters a database must replace so that two spellings of a text are equal where Python folds them alike.

Python compares categories by `strip().casefold()`. What databases call lower() and trim() depends on their locale and
version. So blanks are listed, and letters are replaced one by one; only those that matter: a letter whose folded form
is in none of the texts compared with can make no value equal to any of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

_SURROGATES = range(0xD800, 0xE000)


def _letters() -> Iterable[str]:
    return (chr(point) for point in range(sys.maxunicode + 1) if point not in _SURROGATES)


@cache
def blanks() -> str:
    """All that `strip` takes off."""
    return "".join(letter for letter in _letters() if letter.isspace())


@cache
def _folded() -> dict[str, str]:
    """Every letter that folds to something else, and what it folds to."""
    return {letter: letter.casefold() for letter in _letters() if letter.casefold() != letter}


@dataclass(frozen=True)
class Replaced:
    """Letters to replace: `single` by one letter, `several` by more than one."""

    single: dict[str, str]
    several: dict[str, str]


def replaced_for(texts: Iterable[str]) -> Replaced:
    """The letters to replace in values that are compared with some folded texts; A to Z always."""
    together = "\0".join(texts)
    matter = {
        letter: folded
        for letter, folded in _folded().items()
        if folded in together or (letter.isascii() and letter.isalpha())
    }
    return Replaced(
        {letter: folded for letter, folded in matter.items() if len(folded) == 1},
        {letter: folded for letter, folded in matter.items() if len(folded) > 1},
    )
