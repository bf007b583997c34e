"""How long work shows itself: a spinner and a clock on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(steps: int) -> Iterator[Callable[[str], None]]:
    """A function to be told each step; about `steps` of them are expected."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _log_lines()
        return
    columns = (BarColumn(bar_width=24), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=steps)

        def show(step: str) -> None:
            done = min(int(bar.tasks[0].completed) + 1, steps - 1)
            bar.update(task, description=step if len(step) < 100 else f"{step[:97]}...", completed=done)

        yield show


def _log_lines() -> Callable[[str], None]:
    start = time.monotonic()

    def line(step: str) -> None:
        print(f"[{time.monotonic() - start:6.1f} s] {step}", file=sys.stderr, flush=True)

    return line
