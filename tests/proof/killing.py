"""Runs the real command line in children that are killed; a program of its own, which only imports before it forks.

First it names the points at which a child can be made to die. Then it reads one JSON object a line: `argv`,
`leads_per_part`, and `point` (a function, whether before or after it, and at which of its calls to die) or null. It
answers with the child's process id, and then with how the child ended.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from contextlib import suppress
from functools import partial
from typing import Any

import leadml.cli.app
import leadml.cli.tables
import leadml.features.engine
import leadml.operations.scoring.run
import leadml.sources.parts.spool
import leadml.sources.postgres_changes
import leadml.sources.sqlite_changes

for later in ("duckdb", "adbc_driver_sqlite.dbapi", "adbc_driver_postgresql.dbapi", "pyarrow.dataset", "rich._emoji_codes"):
    with suppress(ImportError):  # imported on first use otherwise, in each child anew
        importlib.import_module(later)

POINTS = (
    "leadml.sources.parts.spool:cut",
    "leadml.sources.parts.spool:write_manifest",
    "leadml.operations.scoring.run:begun",
    "leadml.operations.scoring.keeping:RunFolder.keep_beginning",
    "leadml.operations.scoring.keeping:RunFolder.keep_tally",
    "leadml.operations.scoring.part:Change.write",
    "leadml.operations.scoring.runs:ScoringRecord.write",
    "leadml.operations.scoring.session:Session.after",
    "leadml.sources.parts.lead_parts:LeadParts.write_rejects",
    "leadml.operations.scoring.keeping:RunFolder.discard",
)


def dies_at(name: str, *, before: bool, call: int) -> None:
    """Make the process kill itself at some call of a function."""
    module, _, path = name.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, last = path.split(".")
    for attribute in outer:
        owner = getattr(owner, attribute)
    real, calls = getattr(owner, last), iter(range(call + 1))

    def deadly(*args: Any, **kwargs: Any) -> Any:
        due = next(calls, None) == call
        if due and before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **kwargs)
        if due:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, last, deadly)


def child(asked: dict[str, Any]) -> int:
    """Be the command line."""
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    sys.argv = ["leadml", *asked["argv"]]
    app = leadml.cli.app
    app.run_scoring = partial(app.run_scoring, leads_per_part=asked["leads_per_part"])
    if asked["point"]:
        name, before, call = asked["point"]
        dies_at(name, before=before, call=call)
    try:
        return app.run()
    except SystemExit as ended:  # not passed on: taking this program down takes longer than the run
        return int(ended.code or 0)


def main() -> None:
    """Serve until standard input ends."""
    print(json.dumps(POINTS), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if not (process := os.fork()):
            os._exit(child(asked))
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
