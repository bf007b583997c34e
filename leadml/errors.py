"""Everything `leadml` raises on purpose.

    LeadmlError                 what, where, what to do next; the command line prints it and exits with 2
    ├── ConfigError             leadml.toml is wrong (lists every problem at once)
    ├── RulebookError           a rulebook is wrong
    ├── SourceError             a lead database or file cannot be used
    ├── ColumnsError            rows do not have the columns, or the types, that a scorer needs
    ├── TrainingError           the data cannot carry a model (carries numbered findings)
    ├── DecisionError           a person decided about a lead what its stage does not allow, or did not say why
    ├── BundleError             a bundle is damaged, forged or of an unknown format
    └── MissingExtraError       a part of leadml was asked for whose packages are not installed

A `LeadmlError` is the user's to mend; anything else that escapes is a bug in leadml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = [
    "BundleError",
    "ColumnsError",
    "ConfigError",
    "DecisionError",
    "LeadmlError",
    "MissingExtraError",
    "RulebookError",
    "SourceError",
    "TrainingError",
    "masked",
    "naming_the_extra",
]


# What would act on a terminal, break a line, turn the direction of writing, or be refused when it is printed.
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LONGEST = 1000


class LeadmlError(Exception):
    """A fault that the user can mend; its text says what, where and what to do.

    What a file holds is quoted so that it can be read: control characters as escapes, long lines without their middle.
    """

    def __str__(self) -> str:
        text = _UNPRINTABLE.sub(lambda found: ascii(found[0])[1:-1], super().__str__())
        return "\n".join(map(_shortened, text.split("\n")))


class ConfigError(LeadmlError):
    """The configuration is wrong."""


class RulebookError(LeadmlError):
    """A rulebook is wrong."""


class SourceError(LeadmlError):
    """A lead database or file cannot be used."""


class ColumnsError(LeadmlError, ValueError):
    """Rows do not have the columns or types that a scorer needs."""


class TrainingError(LeadmlError, ValueError):
    """The data cannot carry a model."""


class DecisionError(LeadmlError, ValueError):
    """A person's decision about a lead cannot be taken."""


class BundleError(LeadmlError):
    """A bundle is damaged, forged or of an unknown format."""


class MissingExtraError(LeadmlError, ImportError):
    """A part of leadml was asked for whose packages are not installed."""


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} [...] {line[-_LONGEST // 2 :]}"


def masked(url: str) -> str:
    """Hide user, password and query of an address, for messages."""
    hidden = re.sub(r"(?s)://.*@", "://***@", url)
    return re.sub(r"(?s)\?.*", "?***", hidden)


@contextmanager
def naming_the_extra(what: str, extra: str = "train") -> Iterator[None]:
    """Turn the absence of a package that an extra brings into a message that says so.

    Raises:
        MissingExtraError: an import inside the block failed for a package that is not leadml's own.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "leadml":
            raise
        raise MissingExtraError(
            f"{what} needs the package {error.name!r}, which the extra '{extra}' brings: "
            f"pip install 'leadml[{extra}]'. "
            "Scoring with a bundle (leadml.predict) needs no extra."
        ) from error
