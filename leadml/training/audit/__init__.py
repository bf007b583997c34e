"""The leakage audit: columns that know the outcome because they were filled in after it, or because of it.

auditing.py     all of it, in order
proofs.py       what proves a leak
suspicions.py   what makes one likely; strength.py and lateness.py measure it
repeats.py      leads of the test that repeat older ones
alarm.py        scores that are near perfect
"""
