"""What a value says of a lead, in words that a rep understands: "Asked for a demo 2 to 3 days ago".

A phrase is the subject ("Asked for a demo") and a pattern; the pattern puts numbers into words ("2 to 3 days ago"), and
those follow the subject as a sentence or after a colon. Patterns are made once per code of a feature, never per row.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

# value: "Employees: 50 to 99"             times: "Asked for a demo 3 times in 30 days"
# last:  "Asked for a demo 2 days ago"     since: the same, of a date: where there is none, it is not known
# ratio: "Activity: ×1.5", from a log      month: "Month: March", from its number
Pattern = Literal["value", "times", "last", "since", "ratio", "month"]

PATTERNS: tuple[Pattern, ...] = get_args(Pattern)
NOT_KNOWN = "not known"
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_HOUR = 24.0
# Below so many days, hours say it better.
_SHORT = 2.0


@dataclass(frozen=True)
class Phrase:
    """How a column's values become words: the pattern, its subject ("" = the label), and days of its window (times)."""

    pattern: Pattern = "value"
    subject: str = ""
    days: int | None = None


# As columns were described before there were phrases.
PLAIN = Phrase()


@dataclass(frozen=True)
class Span:
    """Numbers from `low` up to `high`, None where there is no end; one number where both are the same.

    `whole` numbers include `high`, others end below it.
    """

    low: float | None
    high: float | None
    whole: bool = False


@dataclass(frozen=True)
class Words:
    """Words for a value, and whether they follow the subject without a colon."""

    text: str
    follow: bool = False


def sentence(subject: str, words: Sequence[Words]) -> str:
    """A subject and what is said of it, the words of several codes joined by "or"."""
    if len(words) == 1 and words[0].follow:
        return f"{subject} {words[0].text}"
    return f"{subject}: {joined(words)}"


def joined(words: Sequence[Words]) -> str:
    """The words of one or more codes without a subject."""
    texts = [one.text for one in words]
    return " or ".join(texts) if len(texts) <= 3 else f"{texts[0]}, {texts[1]} or {len(texts) - 2} more"


def missing(phrase: Phrase) -> Words:
    """Words for a value that is not there: what has no last time never was."""
    return Words("never" if phrase.pattern == "last" else NOT_KNOWN)


def spoken(phrase: Phrase, span: Span) -> Words:
    """Words for numbers."""
    if phrase.pattern == "times":
        return _times(span, phrase.days)
    if phrase.pattern in ("last", "since"):
        return Words(_ago(span), follow=True)
    if phrase.pattern == "ratio":
        return Words(_ratio(span))
    return Words(_months(span) if phrase.pattern == "month" else span_text(span))


def span_text(span: Span) -> str:
    """Numbers as they are."""
    if span.low is None and span.high is None:
        return "any number"
    if span.low is None:
        return f"{'up to' if span.whole else 'under'} {number_text(span.high or 0.0)}"
    low = number_text(span.low)
    if span.high is None:
        return f"{low} or more"
    high = number_text(span.high)
    return low if low == high else f"{low} to {high}"


def number_text(value: float) -> str:
    """Four significant digits, thousands grouped, no trailing zeros."""
    value += 0.0  # no minus before zero
    if abs(value) >= 1e12 or 0 < abs(value) < 1e-4:
        return f"{value:.3g}"
    digits = max(0, 3 - int(np.floor(np.log10(abs(value))))) if value else 0
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _times(span: Span, days: int | None) -> Words:
    within = f" in {days} days" if days else ""
    if span.high is not None and (span.high == 0 or (span.whole and span.high < 1)):
        return Words(f"not{within}")
    if span.low == 1 and (span.high == 1 or (span.whole and span.high is None)):
        return Words(f"once{'' if span.high else ' or more'}{within}", follow=True)
    counted = span_text(span).replace("up to", "at most")
    # "3 times or more", not "3 or more times"
    number, more, _ = counted.partition(" or more")
    return Words(f"{number} times{more}{within}", follow=True)


def _ago(span: Span) -> str:
    low, high = max(span.low or 0.0, 0.0), span.high
    if high is None:
        return f"more than {_duration(low)} ago" if low else "at any time"
    if low == high:
        return "less than an hour ago" if high * _HOUR < 1 else f"{_duration(high)} ago"
    if not low:
        return f"less than {_duration(high)} ago"
    unit, size = ("hours", _HOUR) if high <= _SHORT else ("days", 1.0)
    first, last = _told_apart(low * size, high * size)
    return f"{first} to {last} {unit} ago"


def _duration(days: float) -> str:
    hours = round(days * _HOUR)
    if not hours:
        minutes = max(round(days * _HOUR * 60), 1)
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    if days < _SHORT and hours % 24:
        return "1 hour" if hours == 1 else f"{hours} hours"
    whole = round(days)
    return "1 day" if whole == 1 else f"{whole:,} days"


def _told_apart(low: float, high: float) -> tuple[str, str]:
    """Both ends with the fewest decimals at which they read differently."""
    for digits in range(4):
        first, last = f"{low:,.{digits}f}", f"{high:,.{digits}f}"
        if first != last:
            return first, last
    return number_text(low), number_text(high)


def _ratio(span: Span) -> str:
    low, high = (None if end is None else f"×{math.exp(min(end, 50.0)):.2f}" for end in (span.low, span.high))
    if low is None:
        return "any" if high is None else f"under {high}"
    if high is None:
        return f"{low} or more"
    return low if low == high else f"{low} to {high}"


def _months(span: Span) -> str:
    ends = (1 if span.low is None else span.low, 12 if span.high is None else span.high)
    first, last = (MONTHS[int(np.clip(round(end), 1, 12)) - 1] for end in ends)
    return first if first == last else f"{first} to {last}"
