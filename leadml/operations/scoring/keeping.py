"""What a run keeps on disk beside leadml.toml until it is done, so that one that was stopped goes on as it began."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from leadml.errors import SourceError
from leadml.operations.project import Project
from leadml.operations.scoring.runs import Closed, Which
from leadml.operations.scoring.tally import Tally
from leadml.sources import staged

_HOME = (".leadml", "scoring")
_MOMENTS = ("started_at", "as_of", "moment")


@dataclass(frozen=True)
class Beginning:
    """What was asked of a run and what it found before its first part, all of which holds for every part of it.

    `question` identifies what was asked. `as_of` is the moment of the scores, None without dates; `moment` that up to
    which decisions and outcomes count. `roles` are those that a purchase needs; `why` says in sentences why which leads
    are looked at, `seen` is what a later run must know of the data of this one, and `scores` how many score rows there
    were.
    """

    run_id: str
    question: str
    which: Which
    closed: Closed
    started_at: datetime
    as_of: datetime | None
    moment: datetime
    roles: list[str]
    why: list[str]
    seen: str
    scores: int


class RunFolder:
    """The hidden folder of one run: its spool, how it began, and a tally of each part, written before the part is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.spool = path / "spool"

    def make(self) -> None:
        """Make the folder.

        Raises:
            SourceError: there is no right to.
        """
        try:
            self._path.mkdir(parents=True)
        except OSError as error:
            raise SourceError(
                f"{self._path}: the folder for a run cannot be made ({error.strerror}). Mend the rights of the folder "
                "of leadml.toml: what a run has read is kept there until it is done."
            ) from None

    def keep_beginning(self, beginning: Beginning) -> None:
        """Write down how the run began, at once."""
        self._write("run.json", beginning)

    def beginning(self) -> Beginning | None:
        """How the run began; None where it was stopped before all was read."""
        try:
            return Beginning(**self._read("run.json"))
        except (OSError, ValueError, TypeError):
            return None

    def keep_tally(self, number: int, tally: Tally) -> None:
        """Write down what becomes of a part, at once."""
        self._write(f"part-{number}.json", tally)

    def tallies(self, parts: int) -> list[Tally] | None:
        """The tallies of the first parts; None where one is missing."""
        try:
            return [Tally.restored(self._read(f"part-{number}.json")) for number in range(parts)]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def discard(self) -> None:
        """Delete the folder, and those above it that are left empty."""
        shutil.rmtree(self._path, ignore_errors=True)
        for folder in (self._path.parent, self._path.parent.parent):
            with suppress(OSError):
                folder.rmdir()

    def _write(self, name: str, kept: Beginning | Tally) -> None:
        text = json.dumps(asdict(kept), default=datetime.isoformat, ensure_ascii=False)
        with staged(self._path / name) as part:
            part.write_text(text, encoding="utf-8")

    def _read(self, name: str) -> dict[str, Any]:
        text = (self._path / name).read_text(encoding="utf-8")
        given: dict[str, Any] = json.loads(text, object_hook=_with_moments)
        return given


def _with_moments(given: dict[str, Any]) -> dict[str, Any]:
    """Read the moments of what was kept, which are text in JSON, at whatever depth."""
    return given | {name: datetime.fromisoformat(given[name]) for name in _MOMENTS if given.get(name) is not None}


def new_folder(project: Project, run_id: str) -> RunFolder:
    """The folder of a run that begins; not made yet."""
    return RunFolder(_home(project) / f"{_place(project)}-{run_id}")


def kept_folders(project: Project) -> Iterator[RunFolder]:
    """The folders of stopped runs over this source, the oldest first; other projects may have theirs beside."""
    return map(RunFolder, sorted(_home(project).glob(f"{_place(project)}-*")))


def _home(project: Project) -> Path:
    return project.settings.path("/".join(_HOME))


def _place(project: Project) -> str:
    return hashlib.sha256(project.settings.source_url().encode()).hexdigest()[:8]
