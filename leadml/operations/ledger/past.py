"""A past score: its row in the history, and the bundle of its day that gives it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from leadml.errors import BundleError, SourceError
from leadml.operations.ledger.written import Writing, moment_text
from leadml.operations.project import Project
from leadml.predict import Scorer, load_scorer

__all__ = ["PastScore", "Said", "bundle_of", "past_score"]


@dataclass(frozen=True)
class Said:
    """One term of a past score: the input as a sentence, and what it added in log-odds."""

    reason: str
    log_odds: float


@dataclass(frozen=True)
class PastScore:
    """A score as it was written, and the scorer of its bundle."""

    writing: Writing
    scorer: Scorer

    @cached_property
    def row(self) -> dict[str, Any]:
        """The score row again, as `Scorer.score` gave it then, without lists of the strongest reasons."""
        scored = self.scorer.replayed(self._inputs, as_of=self.writing.as_of, reasons=0)
        (row,) = scored.drop_columns(["reasons_for", "reasons_against"]).to_pylist()
        return {"lead_id": self.writing.row["lead_id"], **row}

    @cached_property
    def terms(self) -> dict[str, Said]:
        """Every term by its name; with the intercept they add up to the log-odds."""
        codes, matrix = self.scorer.replayed_terms(self._inputs)
        said: dict[str, Said] = {}
        for number, (term, code) in enumerate(zip(self.scorer.terms, codes, strict=True)):
            rule = " (rule)" if number < self.scorer.rule_terms else ""
            said[_free(term.name, said)] = Said(f"{term.texts[int(code[0])]}{rule}", float(matrix[number, 0]))
        return said

    @property
    def _inputs(self) -> pa.Array:
        return pa.array([self.writing.row["inputs"]], pa.string())


def past_score(project: Project, writing: Writing) -> PastScore:
    """A row of the history with the bundle that it was scored with.

    Raises:
        BundleError: the bundle is gone.
        SourceError: the row has no inputs.
    """
    row = writing.row
    if not row["inputs"]:
        raise SourceError(
            f"The score of lead {row['lead_id']!r} as of {moment_text(writing.as_of)} was written without its inputs, "
            "so it cannot be replayed. Scores that `leadml score` writes from now on keep them."
        )
    return PastScore(writing, bundle_of(project.models, row["bundle"]))


def bundle_of(models: Path, digest: str) -> Scorer:
    """The bundle of a digest (SHA-256 of its file), wherever it lies in the folder of bundles.

    Raises:
        BundleError: it is not there any more.
    """
    for path in sorted(models.glob("*.leadml"), reverse=True):
        if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return load_scorer(path, digest)
    raise BundleError(
        f"{models}: no bundle there has the SHA-256 {digest}, with which this score was made. "
        "Put that bundle back into the folder; without it the score cannot be replayed."
    )


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """A name that is not taken: two rules of a dimension may be called alike."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free
