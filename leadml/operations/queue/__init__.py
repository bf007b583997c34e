"""The work list: whom to call today, and whom to nurture with what.

freshness.py  since when a lead waits, whether it was contacted, and what waiting costs
ordering.py   one list per rep or team, by expected value, under capacity
shortage.py   what a lead is short of, and where it stands on the buyer's journey
moving.py     what usually moved leads on that were short of the same
looking_back.py  leads at past moments: short of what, what was seen next, won or not
reading.py    published scores, the lead tables as of their moment, and the lifecycle
valuing.py    deals won before the moment, and the segment of each lead then
notes.py      what had to be assumed
listing.py    `leadml queue`
nurture.py    `leadml queue --nurture`
sheet.py      a CSV file that no spreadsheet takes for formulas
"""

from __future__ import annotations

from leadml.operations.queue.listing import COLUMNS as DAY_COLUMNS
from leadml.operations.queue.listing import By, DayList, WorkList, list_work
from leadml.operations.queue.nurture import COLUMNS as NURTURE_COLUMNS
from leadml.operations.queue.nurture import NurtureList, list_nurture
from leadml.operations.queue.sheet import write_sheet

__all__ = [
    "DAY_COLUMNS",
    "NURTURE_COLUMNS",
    "By",
    "DayList",
    "NurtureList",
    "WorkList",
    "list_nurture",
    "list_work",
    "write_sheet",
]
