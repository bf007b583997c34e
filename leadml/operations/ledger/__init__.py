"""The ledger: what every score was made of, and what can have changed since.

seen.py     what a run saw of the data, as a later one must know it
changed.py  the accounts whose scores can have changed since
written.py  what the history holds of a lead, and when each row was written
standing.py which of it stood at a moment of the clock
remarks.py  what has to be said beside it
past.py     a past score from the history and the bundle of its day
moves.py    which inputs moved between two scores, and by how much
replay.py   `leadml replay`
"""
