"""Rulebooks, read and evaluated: what serving needs of the rules.

rows.py            columns as rules look at them
conditions.py      what a rule asks; condition_text.py reads and writes it
rulebook.py        dimensions, rules, gates; rulebook_text.py reads and writes them
impossible.py      conditions that contradict each other
columns.py         what rules add to a score row
"""
