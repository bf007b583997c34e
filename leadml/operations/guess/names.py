"""What the name of a column says: its words, and how well they fit a role."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from leadml.operations.guess.vocabulary import COMPOUND_PARTS, NEUTRAL

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_EXTRA_WORD = 0.4
_LONGEST_WORD = 40


@cache
def words(name: str) -> tuple[str, ...]:
    """Split a name into lower-case words without accents: "hs_createDate" -> hs, create, date."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(part for word in _WORD.findall(plain) for part in _parts(word.lower()))


def _parts(word: str) -> tuple[str, ...]:
    """Cut a compound ("createdate", "lastmodifieddate") where every part is a known word; else leave it whole."""
    if len(word) > _LONGEST_WORD:
        return (word,)
    return _cut(word) or (word,)


def _cut(word: str) -> tuple[str, ...]:
    if word in COMPOUND_PARTS:
        return (word,)
    for end in range(len(word) - 2, 1, -1):
        if word[:end] in COMPOUND_PARTS and (rest := _cut(word[end:])):
            return (word[:end], *rest)
    return ()


@dataclass(frozen=True)
class NameRule:
    """Phrases that speak for a role, with their weight, and words that speak against it."""

    phrases: Mapping[str, float]
    unlike: Collection[str] = ()

    def match(self, name: str) -> tuple[float, str]:
        """Weigh a name: (0 to 4, the phrase found); words that the phrase does not explain weaken it."""
        found = words(name)
        if any(word in self.unlike for word in found):
            return 0.0, ""
        best = (0.0, "")
        for phrase, weight in self.phrases.items():
            needed = phrase.split()
            if set(needed) <= set(found):
                extra = [word for word in found if word not in needed and word not in NEUTRAL]
                best = max(best, (max(weight - _EXTRA_WORD * len(extra), weight / 3), phrase))
        return best
