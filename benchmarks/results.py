"""What was measured, one JSON line each, so that long work resumes where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.figures import FIGURES
from leadml.errors import SourceError

# Set, split, digest of the rows, model, version.
Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Result:
    """Figures of one model on one split; `rows` is the digest of what was split, `version` the model's package's."""

    set: str
    split: str
    rows: str
    train: int
    test: int
    model: str
    version: str
    figures: Mapping[str, float]
    seconds: float

    @property
    def key(self) -> Key:
        """What makes two results measurements of the same."""
        return self.set, self.split, self.rows, self.model, self.version


class Results:
    """Results by what they measure, the last one wins; written to `path` as they come, if there is one.

    Raises:
        SourceError: the file's folder does not exist, or a line of the file is not a result.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._found: dict[Key, Result] = {}
        if path is not None and not path.absolute().parent.is_dir():
            raise SourceError(f"{path}: its folder does not exist; make it, or choose another")
        if path is not None and path.exists():
            self._found = {result.key: result for result in _read(path)}

    def has(self, result_key: Key) -> bool:
        """Whether this was measured before."""
        return result_key in self._found

    def add(self, result: Result) -> None:
        """Keep a result, on disk before the next is measured."""
        self._found[result.key] = result
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(result)) + "\n")

    def of(self, wanted: Iterable[Key]) -> list[Result]:
        """The results with these keys that there are."""
        return [self._found[key] for key in wanted if key in self._found]

    def last_version(self, model: str) -> str | None:
        """The version by which a model was measured last, None where it never was."""
        return next((result.version for result in reversed(self._found.values()) if result.model == model), None)


def _read(path: Path) -> Iterable[Result]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            result = Result(**json.loads(line))
            missing = set(FIGURES) - set(result.figures)
        except (TypeError, ValueError, AttributeError) as broken:
            raise SourceError(f"{path}: line {number}: is no result of this benchmark; remove the line") from broken
        if missing:
            raise SourceError(f"{path}: line {number}: lacks the figures {', '.join(sorted(missing))}; remove the line")
        yield result
