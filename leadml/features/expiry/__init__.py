"""Until when a score holds although nothing new happens.

sensitivity.py  where the scorer tells the numbers of a column apart
present.py      the activities of a part's leads, as whole numbers
leaving.py      what leaves a window, and the first moment at which that matters
counting.py     what a rulebook counts: windows, chains and fading
drifting.py     how far log-odds have moved by many small steps
coming.py       what the tables know of that is still to come
expiry.py       valid_until: the earliest of all these, for each row
"""

from __future__ import annotations

from leadml.features.expiry.expiry import valid_until

__all__ = ["valid_until"]
