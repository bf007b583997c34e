from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OPENED = """
import sys
from pathlib import Path
import duckdb
from leadml.quiet_duckdb import open_file, open_memory
for opened in (duckdb.connect(), open_memory(threads=1), open_file(Path(sys.argv[1])), open_file(Path(sys.argv[1]))):
    (found,) = opened.sql("SELECT current_setting('enable_progress_bar')").fetchall()
    print(*found)
"""


def test_no_bar_is_drawn_where_duckdb_by_itself_would_draw_one(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OPENED, str(tmp_path / "x.duckdb")]  # without a file it thinks itself interactive
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False", "False"]
