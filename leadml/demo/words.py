"""Names and notes: free text that means nothing and must do no harm."""

from __future__ import annotations

FIRST_NAMES = (
    "Ada", "Björn", "Chiara", "Dmitri", "Élodie", "Farah", "Grace", "Hana", "Ivo", "Jürgen",
    "Kofi", "Łucja", "Mei", "Noor", "Óscar", "Priya", "Quentin", "Rosa", "Søren", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Ångström", "Brown", "Calderón", "D'Angelo", "Eriksen", "Fischer", "García", "Hoffmann", "Ibrahim",
    "Jansen", "Kowalski", "Lefèvre", "Müller", "Novák", "O'Neill", "Petit", "Smith-Jones", "Tanaka", "王",
)  # fmt: skip
OWNERS = (
    "Anna Berg", "Ben Carter", "Carla Diaz", "David Evans", "Eva Frank", "Finn Gruber",
    "Gina Hall", "Hugo Iversen", "Ines Jacob", "Jonas Keller", "Kira Lang", "Leo Marin",
)  # fmt: skip
TEAMS = ("North", "South", "West")
NOTES = (
    "call back on Tuesday",
    "met at the fair 🎉 very friendly",
    'said "send me the offer", then silence',
    "two lines:\nfirst the pilot,\nthen the rest",
    "uses O'Brien's tool; wants out",
    "50 % off? no. <b>Never</b>.",
    "asks for; semicolons, commas, and tabs\tin exports",
    "🚀🚀🚀",
    "Rückruf erbeten, spricht nur Deutsch",
    "'); DROP TABLE leads;--",
)
