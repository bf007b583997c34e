"""The leads of a company of any size, in parts of whole accounts that fit in memory.

ahead.py        the next items are made while the last one is worked on
numbering.py    rows with their numbers, as they stream by
hashing.py      ids as numbers, and which part each lead went to
further.py      tables that are read beside the leads
surveying.py    what the text of whole columns decides
files.py        rows on disk
cutting.py      a table in parts on disk
spooling.py     all tables in parts on disk
checking.py     each part checked, and what they add up to
spelling.py     one spelling of a category in all parts
manifest.py     what a spool holds
spool.py        spool_leads
lead_parts.py   LeadParts, open_spool
"""

from leadml.sources.parts.ahead import made_ahead
from leadml.sources.parts.further import Further
from leadml.sources.parts.lead_parts import LeadParts, open_spool
from leadml.sources.parts.spool import spool_leads

__all__ = ["Further", "LeadParts", "made_ahead", "open_spool", "spool_leads"]
