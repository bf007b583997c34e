"""What the columns and tables of a stranger's leads mean, guessed from names and values.

Every guess is scored evidence: what the name says (names.py, vocabulary.py) and what the values look like (profile.py).
"""
