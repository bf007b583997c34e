"""`leadml review`: the leads that the scorer was wrong about, in a file of the project that belongs to one bundle.

The bundle itself holds no lead: it gets copied and logged elsewhere.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadml.errors import SourceError
from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.operations.queue.sheet import write_sheet
from leadml.predict import Scorer
from leadml.spreadsheet import safe_cell

_REST = ("as_of", "probability", "grade", "what_happened", "reasons_for", "reasons_against")
COLUMNS = ("kind", "lead_id", *_REST, "bundle")
MISSED, ALARM = "missed", "alarm"


@dataclass(frozen=True)
class ReviewRun:
    """Missed wins and false alarms of the champion, the worst first; `facts` hold their counts and common reasons."""

    missed: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    facts: Mapping[str, Any]
    file: Path


def refuse_foreign(project: Project) -> None:
    """Refuse to replace a file that holds something else.

    Raises:
        SourceError: the file of `output.review` is there and is not what `write_review` writes.
    """
    path = _path(project)
    if path.exists() and _read(path) is None:
        raise SourceError(
            f"{path} is there already and holds no missed wins. Choose another name for output.review in leadml.toml."
        )


def write_review(project: Project, rows: Sequence[Mapping[str, Any]], digest: str) -> None:
    """Write the leads of `leadml.training.review.review_rows`, each with the digest of the bundle it was judged for.

    Raises:
        SourceError: the file cannot be written.
    """
    write_sheet(_path(project), COLUMNS, [{**row, "bundle": digest} for row in rows])


def review(project: Project) -> ReviewRun:
    """What the champion was wrong about, lead by lead.

    Raises:
        BundleError: there is no champion.
        SourceError: there is no such file, or it belongs to another bundle.
    """
    scorer, path = load_champion(project.models), _path(project)
    facts = scorer.facts.get("review")
    if not isinstance(facts, Mapping):
        raise SourceError("The champion was not reviewed when it was trained. Run `leadml train` again.")
    rows = rows_of(project, scorer)
    if rows is None:
        what = "belongs to another bundle than the champion" if path.exists() else "is not there"
        raise SourceError(f"{path}: {what}. Run `leadml train` to write it anew.")
    missed, alarms = ([row for row in rows if row["kind"] == kind] for kind in (MISSED, ALARM))
    return ReviewRun(missed, alarms, facts, path)


def rows_of(project: Project, scorer: Scorer) -> list[dict[str, Any]] | None:
    """The rows of the project's file, None where it is not there or was written for another bundle."""
    path, facts = _path(project), scorer.facts.get("review")
    rows = _read(path) if path.exists() else None
    if rows is None or not isinstance(facts, Mapping):
        return None
    listed = sum((facts.get(name) or {}).get("listed", 0) for name in ("missed", "alarms"))
    return rows if len(rows) == listed and all(row["bundle"] == scorer.digest for row in rows) else None


def _path(project: Project) -> Path:
    return project.settings.path(project.settings.output.review)


def _read(path: Path) -> list[dict[str, Any]] | None:
    """The rows of a file that `write_review` wrote, None where something else stands in it.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                return None
            return [_row(row) for row in reader]
    except OSError as refused:
        raise SourceError(f"{path}: cannot be read ({refused.strerror}). Choose another output.review.") from None
    except (UnicodeDecodeError, csv.Error, ValueError, TypeError):
        return None


def _row(cells: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {name: _plain(cell) for name, cell in cells.items()}
    return told | {"probability": float(cells["probability"]), "as_of": cells["as_of"] or None}


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps a spreadsheet from running it."""
    return cell[1:] if cell.startswith("'") and safe_cell(cell[1:]) == cell else cell
