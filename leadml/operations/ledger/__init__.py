"""The ledger: what every score was made of, and what can have changed since.

seen.py     what a run saw of the data, as a later one must know it
changed.py  the accounts whose scores can have changed since
past.py     a past score from the history and the bundle of its day
moves.py    which inputs moved between two scores, and by how much
replay.py   `leadml replay`
"""
