"""Where a scorer was wrong on leads that it had not seen: wins that it missed, and alarms that came to nothing."""

from leadml.training.review.facts import MOST_LISTED, review_facts, review_rows

__all__ = ["MOST_LISTED", "review_facts", "review_rows"]
