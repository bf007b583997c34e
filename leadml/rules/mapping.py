"""From a rulebook's questions to the user's columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from leadml.errors import RulebookError
from leadml.predict.rulebook import Rulebook

__all__ = ["map_rulebook"]


def map_rulebook(
    rulebook: Rulebook, answers: Mapping[str, str], columns: Collection[str], *, advice: str
) -> tuple[Rulebook, tuple[str, ...]]:
    """The rulebook with the dimensions that have a column, and the names of those that have none.

    Args:
        rulebook: as it was written.
        answers: question -> the user's column.
        columns: the columns there are.
        advice: what the user can do where no dimension has a column.

    Raises:
        RulebookError: no dimension has a column.
    """
    mapped, unmapped = rulebook.resolve(answers, columns)
    if not mapped.dimensions:
        raise RulebookError(
            f"No dimension of the rulebook {rulebook.name!r} has a column: {', '.join(unmapped)}. {advice}"
        )
    return mapped, unmapped
