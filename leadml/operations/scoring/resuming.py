"""Which run is gone on with: one that was stopped, was asked the very same, and has all that it read still at hand.

It must also stand in the database as it left it: its row still under way, as no other run began since (which would have
given it up), and as many scores as it had written.
"""

from __future__ import annotations

from datetime import timedelta

from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.beginning import rows_of_scores, utc_now
from leadml.operations.scoring.keeping import Beginning, RunFolder, kept_folders
from leadml.operations.scoring.reading import opened_parts
from leadml.operations.scoring.runs import ScoringRecord, recorded_runs
from leadml.operations.scoring.session import Session
from leadml.operations.scoring.tally import together

STALE = timedelta(hours=12)
"""How old what a stopped run has read may be: beyond, a new run reads everything anew."""


def resumed(asked: Asked) -> Session | None:
    """Find the run to go on with, None where there is none; what other stopped runs have left on disk is deleted.

    Raises:
        SourceError: the table of runs cannot be read.
    """
    runs = {run.run_id: run for run in recorded_runs(asked.project)}
    found: Session | None = None
    for folder in kept_folders(asked.project):
        begun = folder.beginning()
        session = None if begun is None or found else _session(asked, folder, begun, runs.get(begun.run_id))
        found = found or session
        if session is None:
            folder.discard()
    return found


def _session(asked: Asked, folder: RunFolder, begun: Beginning, record: ScoringRecord | None) -> Session | None:
    """The run of a folder; None where it is over or old, was asked something else, or lacks anything."""
    if begun.question != asked.identity or record is None or record.state != "running":
        return None
    tallies, parts = folder.tallies(record.parts_done), opened_parts(asked, folder.spool)
    if tallies is None or parts is None or utc_now() - begun.started_at > STALE:
        return None
    tally = together(tallies) if tallies else None
    written = begun.scores + (tally.added - tally.removed if tally else 0)
    if rows_of_scores(asked) != written:
        return None
    return Session(folder, parts, begun, record.parts_done, tally, resumed_at=record.parts_done)
