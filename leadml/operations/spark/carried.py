"""A bundle on its way from the driver to the workers.

Its bytes lie in the function that Spark ships: once to each executor, on a Spark with and without Connect alike. A
worker makes the scorer of them once, however many tasks it is given.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from functools import lru_cache

from leadml.predict import Scorer
from leadml.predict.bundle import parse_scorer, read_bundle


@dataclass(frozen=True)
class Carried:
    """The bytes of a bundle file, their SHA-256, and the file's name for messages."""

    digest: str
    where: str
    content: bytes = field(compare=False, repr=False)

    def scorer(self) -> Scorer:
        """The scorer, made once in each process; bytes that are not those of the digest are refused.

        Raises:
            BundleError: the bytes are not the bundle.
        """
        return _scorer(self)


def carry(bundle: str | os.PathLike[str]) -> Carried:
    """Read a bundle file where the driver runs.

    Raises:
        BundleError: the file cannot be read.
    """
    content = read_bundle(bundle)
    return Carried(hashlib.sha256(content).hexdigest(), str(bundle), content)


@lru_cache(maxsize=4)
def _scorer(carried: Carried) -> Scorer:
    return parse_scorer(carried.content, carried.digest, where=carried.where)
