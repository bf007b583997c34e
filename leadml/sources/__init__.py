"""Where leads live, and how they are read, checked and written back."""

from leadml.errors import masked
from leadml.sources.address import open_source
from leadml.sources.check import Wanted, read_leads
from leadml.sources.dialect import Dialect, sniff_csv
from leadml.sources.events import check_decisions
from leadml.sources.publish import staged
from leadml.sources.quarantine import write_rejects
from leadml.sources.raw import read_raw
from leadml.sources.source import Among, BadRow, Since, Source, Transaction, nearest

__all__ = [
    "Among",
    "BadRow",
    "Dialect",
    "Since",
    "Source",
    "Transaction",
    "Wanted",
    "check_decisions",
    "masked",
    "nearest",
    "open_source",
    "read_leads",
    "read_raw",
    "sniff_csv",
    "staged",
    "write_rejects",
]
