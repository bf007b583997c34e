"""Everything `leadml` raises on purpose.

    LeadmlError                 what, where, what to do next; the command line prints it and exits with 2
    ├── ConfigError             leadml.toml is wrong (lists every problem at once)
    ├── RulebookError           a rulebook is wrong
    ├── SourceError             a lead database or file cannot be used
    ├── ColumnsError            rows do not have the columns, or the types, that a scorer needs
    ├── TrainingError           the data cannot carry a model (carries numbered findings)
    ├── BundleError             a bundle is damaged, forged or of an unknown format
    └── MissingExtraError       a part of leadml was asked for whose packages are not installed

A `LeadmlError` is the user's to mend; anything else that escapes is a bug in leadml.
"""

from __future__ import annotations

__all__ = [
    "BundleError",
    "ColumnsError",
    "ConfigError",
    "LeadmlError",
    "MissingExtraError",
    "RulebookError",
    "SourceError",
    "TrainingError",
]


class LeadmlError(Exception):
    """A fault that the user can mend; its text says what, where and what to do."""


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


class BundleError(LeadmlError):
    """A bundle is damaged, forged or of an unknown format."""


class MissingExtraError(LeadmlError, ImportError):
    """A part of leadml was asked for whose packages are not installed."""
