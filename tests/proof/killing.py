"""Runs the real command line in children that are killed; a program of its own, which only imports before it forks.

It reads one JSON object a line: `argv`, `leads_per_part`, `errors` (the file for what is said), `limit` (bytes that no
file may grow beyond, or null), and `point` (a function, whether before or after it, at which of its calls, and the
signal that the child sends to itself there) or null. It answers with the child's process id, and then with how the
child ended.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from contextlib import suppress
from functools import partial
from typing import Any

import leadml.cli.app
import leadml.features.engine
import leadml.operations.scoring.run
import leadml.sources.parts.spool
import leadml.sources.sqlite_session

# Imported on first use otherwise, in each child anew. Connections are opened by the children only.
for later in ("duckdb", "adbc_driver_sqlite.dbapi", "adbc_driver_postgresql.dbapi", "pyarrow.dataset"):
    with suppress(ImportError):
        importlib.import_module(later)


def signals_at(name: str, *, before: bool, call: int, signal: int) -> None:
    """Make the process signal itself at some call of a function."""
    module, _, path = name.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, last = path.split(".")
    for attribute in outer:
        owner = getattr(owner, attribute)
    real, calls = getattr(owner, last), iter(range(call + 1))

    def deadly(*args: Any, **kwargs: Any) -> Any:
        due = next(calls, None) == call
        if due and before:
            os.kill(os.getpid(), signal)
        result = real(*args, **kwargs)
        if due and not before:
            os.kill(os.getpid(), signal)
        return result

    setattr(owner, last, deadly)


def child(asked: dict[str, Any]) -> int:
    """Be the command line."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(asked["errors"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    sys.argv = ["leadml", *asked["argv"]]
    app = leadml.cli.app
    app.run_scoring = partial(app.run_scoring, leads_per_part=asked["leads_per_part"])
    # As in a large transaction, the file is changed before it is committed.
    leadml.sources.sqlite_session._CACHE_KIB = 16
    if asked["point"]:
        name, before, call, signal = asked["point"]
        signals_at(name, before=before, call=call, signal=signal)
    if asked["limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (asked["limit"], asked["limit"]))
    try:
        return app.run()
    except SystemExit as ended:  # not passed on: taking this program down takes longer than the run
        return int(ended.code or 0)


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        if not (process := os.fork()):
            code = 1
            try:
                code = child(asked)
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
