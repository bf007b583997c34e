"""Batch scoring over the lead database: part by part, each written at once, so that it may be stopped at any moment.

asked.py      what is asked of a run
resuming.py   which stopped run goes on
keeping.py    what a run keeps on disk until it is done
reading.py    the leads, and what was written about them before, in parts
changed.py    which leads are looked at where only some can have changed
beginning.py  what holds for all parts
part.py       what becomes of one part
meanwhile.py  what people decide while a run is under way
writing.py    which rows are written, and why
tally.py      what became of a part, added up
counts.py     counts that add up
runs.py       the table of runs
history.py    the table of all scores that were ever written
session.py    a run under way
summary.py    what a run did
scores.py     scores of the leads in some tables
run.py        run_scoring: reads, scores and writes
"""
