"""What benchmarks.batch measures, each in a process of its own so that its peak memory is its own.

    python -m benchmarks.batch_sides score CONFIG WHICH      `leadml score --leads WHICH` as a library call
    python -m benchmarks.batch_sides bare CONFIG FOLDER      the bare cost: read the same columns, write the same rows

Prints one JSON object: seconds and seconds of the processors (both without starting Python and its imports), and the
peak of memory in MiB. `bare` reads with `Source.stream` and writes with `Source.transaction`, which is what leadml
itself reads and writes with, 50,000 leads a transaction; the rows to be written lie ready in memory, as Parquet in
FOLDER before.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from leadml.config import load_settings
from leadml.operations.project import Project
from leadml.operations.scoring.run import run_scoring
from leadml.operations.scoring.runs import Which
from leadml.sources import Source

_KEYS = {"lead_scores": "lead_id", "lead_lifecycle": "lead_id", "scoring_runs": "run_id"}
_PART = 50_000


def score(config: Path, which: Which) -> dict[str, float]:
    """A run of leadml."""
    started, worked = time.perf_counter(), time.process_time()
    run_scoring(Project(load_settings(config)), which=which, progress=lambda _: None)
    return {"seconds": time.perf_counter() - started, "processor": time.process_time() - worked}


def bare(config: Path, folder: Path) -> dict[str, float]:
    """The bare cost of the same run: reading, and writing what lies in the folder, one file per table."""
    project = Project(load_settings(config))
    results = {path.name.removesuffix(".rows"): pq.read_table(path) for path in sorted(folder.glob("*.rows"))}
    started, worked = time.perf_counter(), time.process_time()
    tables = [project.leads_table]
    if project.settings.activities:
        tables.append(project.settings.activities.table)
    for table in tables:
        for _ in project.source.stream(table):
            pass
    read = time.perf_counter() - started
    _write(project.source, results)
    seconds = time.perf_counter() - started
    processor = time.process_time() - worked
    return {"seconds": seconds, "processor": processor, "reading": read, "writing": seconds - read}


def _write(source: Source, results: dict[str, pa.Table]) -> None:
    rows = max(table.num_rows for table in results.values())
    # One transaction for all where each would cost what the tables hold, as a run does it.
    step = _PART if source.small_transactions else rows
    for start in range(0, rows, step):
        with source.transaction() as changes:
            for name, table in results.items():
                part, key = table.slice(start, step), _KEYS.get(name.partition(".")[0])
                if part.num_rows and key is None:
                    changes.append(name, part)
                elif part.num_rows:
                    changes.upsert(name, part, key=[str(key)])


def main() -> None:
    """Measure one side."""
    side, config, more = sys.argv[1:]
    measured = score(Path(config), cast(Which, more)) if side == "score" else bare(Path(config), Path(more))
    print(json.dumps(measured | {"peak": _peak()}))


def _peak() -> float:
    """The peak of this program's memory in MiB, from Linux; `getrusage` would count what started this program, too."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    main()
