"""A points card learned from data: few lines, whole points.

lines.py      what a line can say
choice.py     which lines, and how many
rounding.py   weights to whole points
learning.py   the card as a rulebook
cost.py       a company's card, and what it costs beside the full model
"""
