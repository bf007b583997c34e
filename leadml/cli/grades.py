"""What is printed of the grades that a training publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def grade_lines(facts: Mapping[str, Any]) -> list[str]:
    """From which probability on each grade begins and since when; and how leads moved since the last model."""
    scale, moves = facts["grade_bounds"], facts["grade_moves"]
    bounds = ", ".join(f"{name} from {bound:.1%}" for name, bound in zip("ABC", scale["bounds"], strict=True))
    lines = [f"Grades: {bounds} ({scale['why']})."]
    if moves["compared"]:
        lines.append(
            f"Since the last model {moves['moved'] / moves['compared']:.1%} of {moves['compared']:,} {moves['which']} "
            f"have another grade: {moves['up']:,} a better one, {moves['down']:,} a worse one."
        )
    elif moves["previous_trained_at"]:
        lines.append(f"How leads moved across grades since the last model cannot be told. {moves['why']}")
    return lines
