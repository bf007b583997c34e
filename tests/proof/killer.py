"""Runs the command line in children that are killed, stopped, or short of room."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.proof.place import LEADS_PER_PART, Place

HANGS_AFTER = 120.0  # seconds; a run takes one or two
POINTS = {
    "leadml.sources.parts.spool:cut": 1,
    "leadml.sources.parts.spool:write_manifest": 1,
    "leadml.operations.scoring.run:begun": 1,
    "leadml.operations.scoring.keeping:RunFolder.keep_beginning": 1,
    "leadml.operations.scoring.keeping:RunFolder.keep_tally": 4,
    "leadml.operations.scoring.part:Change.write": 24,
    "leadml.operations.scoring.runs:ScoringRecord.write": 5,
    "leadml.operations.scoring.session:Session.after": 4,
    "leadml.sources.parts.lead_parts:LeadParts.write_rejects": 1,
    "leadml.operations.scoring.keeping:RunFolder.discard": 1,
}
"""Functions between which a run is something else, and how often a run calls each."""


class Point(NamedTuple):
    """A call of a function, before or after which a child signals itself."""

    name: str
    before: bool = True
    call: int = 0
    signal: int = signal.SIGKILL


class Killer:
    """Makes children of one program that has imported everything."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("killing.py")
        paths = os.pathsep.join(filter(None, [str(program.parents[2]), os.environ.get("PYTHONPATH")]))
        self._server = subprocess.Popen(
            [sys.executable, str(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=os.environ | {"PYTHONPATH": paths},
        )

    def start(self, place: Place, *, point: Point | None = None, limit: int | None = None) -> int:
        """Start `leadml score`; give its process id."""
        assert self._server.stdin
        argv = ["score", "--config", str(place.config)]
        asked = {"argv": argv, "leads_per_part": LEADS_PER_PART, "point": point, "limit": limit}
        self._server.stdin.write(json.dumps(asked | {"errors": str(place.errors)}).encode() + b"\n")
        return next(self._answers())

    def end(self, process: int, *, after: float = HANGS_AFTER) -> int:
        """Wait for it, and kill it after so many seconds; give how it ended (-9: killed)."""
        if not select.select([self._server.stdout], [], [], after)[0]:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return next(self._answers())

    def run(
        self, place: Place, *, after: float = HANGS_AFTER, point: Point | None = None, limit: int | None = None
    ) -> int:
        """Start it and wait for its end."""
        return self.end(self.start(place, point=point, limit=limit), after=after)

    def close(self) -> None:
        self._server.communicate()

    def _answers(self) -> Iterator[int]:
        assert self._server.stdout
        yield int(self._server.stdout.readline())


def wait_until_stopped(process: int) -> None:
    """Wait until a process has stopped itself."""
    until = time.monotonic() + HANGS_AFTER
    while Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "T":
        assert time.monotonic() < until
        time.sleep(0.01)
