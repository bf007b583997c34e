"""Which run is gone on with: one that was stopped, was asked the very same, and has all that it read still at hand."""

from __future__ import annotations

from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.keeping import Beginning, RunFolder, kept_folders
from leadml.operations.scoring.reading import opened_parts
from leadml.operations.scoring.runs import ScoringRecord, recorded_runs
from leadml.operations.scoring.session import Session
from leadml.operations.scoring.tally import together


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
    """The run of a folder; None where it is over, was asked something else, or lacks anything."""
    if begun.question != asked.identity or (record is not None and record.state != "running"):
        return None
    done = 0 if record is None else record.parts_done
    tallies, parts = folder.tallies(done), opened_parts(asked, folder.spool)
    if tallies is None or parts is None:
        return None
    return Session(folder, parts, begun, done, together(tallies) if tallies else None, resumed_at=done)
