"""Cases of the fuzzing campaign: a valid file made wrong, and what leadml does with it.

    python -m tests.proof.fuzzing KIND FIRST COUNT FOLDER

runs some of them in this process, which may crash or hang: it writes each case down before it begins with it.
"""

from __future__ import annotations

import faulthandler
import json
import random
import resource
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from leadml.config import load_settings
from leadml.errors import ConfigError, LeadmlError, RulebookError
from leadml.operations.project import Project
from leadml.predict import load_scorer
from leadml.predict.bundle import _open, _pack
from leadml.predict.columns import TYPE_OF_KIND
from leadml.rules import load_rulebook
from leadml.rules.card import card_lines, card_to_markdown
from leadml.rules.lint import lint
from leadml.rules.presets import preset_names
from leadml.rules.toml_text import rulebook_to_toml
from leadml.sources import open_source, read_leads
from tests.operations.conftest import crown, floor_rows, write_floor
from tests.proof.mutating import mutated

ENDS = ("done", "refused")
SECONDS = 30
MEMORY = 6 * 2**30
_LONGEST = 2000


@dataclass(frozen=True)
class Kind:
    """What is made wrong: valid contents, how, the file's name, and what is then done with the file."""

    contents: tuple[bytes, ...]
    name: str
    use: Callable[[Path], None]
    wrong: Callable[[bytes, random.Random], bytes] = mutated


def kinds(folder: Path) -> dict[str, Kind]:
    """Every kind of case; what they need lies in the folder."""
    project = _floor(folder)
    bundle = next(project.models.glob("*.leadml")).read_bytes()
    presets = Path(str(__import__("leadml").__file__)).parent / "rules" / "presets"
    table = pa.Table.from_batches(project.source.stream("leads"))
    text, parquet = pa.BufferOutputStream(), pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, text)
    pq.write_table(table, parquet, row_group_size=15)
    return {
        "configuration": Kind(((folder / "leadml.toml").read_bytes(),), "fuzzed.toml", _configure),
        "rulebook": Kind(tuple((presets / f"{name}.toml").read_bytes() for name in preset_names()), "r.toml", _rules),
        "bundle": Kind((bundle,), "b.leadml", _score),
        "forged bundle": Kind((bundle,), "b.leadml", _score, _forged),
        "csv": Kind((text.getvalue().to_pybytes(),), "leads.csv", _reader(project)),
        "parquet": Kind((parquet.getvalue().to_pybytes(),), "leads.parquet", _reader(project)),
        "sqlite": Kind(((folder / "floor.sqlite").read_bytes(),), "leads.sqlite", _reader(project)),
    }


def outcome(kind: Kind, label: str, number: int, folder: Path) -> str:
    """Run a case: "done", "refused", or what is wrong with how it ended."""
    chance = random.Random(f"{label} {number}")
    path = folder / kind.name
    path.write_bytes(kind.wrong(chance.choice(kind.contents), chance))
    try:
        kind.use(path)
    except LeadmlError as refused:
        return _unclear(refused) or "refused"
    except Exception as bug:
        frames = [frame for frame in traceback.extract_tb(bug.__traceback__) if "leadml" in frame.filename]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        return f"{type(bug).__name__} at {place}: {str(bug)[:200]}"
    return "done"


def _unclear(refused: LeadmlError) -> str:
    """Say what is wrong with a message: it is to be one line (of a list of problems, one each) that can be read."""
    text = str(refused)
    lines = text.split("\n")
    if len(lines) > 1 and not isinstance(refused, ConfigError | RulebookError):
        return f"several lines: {text[:300]!r}"
    if any(not line.strip() or len(line) > _LONGEST for line in lines):
        return f"a line that is empty or longer than {_LONGEST}: {text[:300]!r}"
    if any(ord(letter) < 32 or ord(letter) == 127 for line in lines for letter in line):
        return f"control characters: {text[:300]!r}"
    return f"not for people: {text[:300]!r}" if "Traceback" in text or " object at 0x" in text else ""


def _floor(folder: Path) -> Project:
    project = write_floor(folder, floor_rows(40))
    if not project.models.exists():
        crown(project)
    return project


def _configure(path: Path) -> None:
    project = Project(load_settings(path))
    project.read()
    project.choices()


def _rules(path: Path) -> None:
    rulebook = load_rulebook(path)
    lint(rulebook)
    card_to_markdown(rulebook, card_lines(rulebook))
    rulebook_to_toml(rulebook)


def _score(path: Path) -> None:
    scorer = load_scorer(path)
    columns = {column.name: pa.nulls(3, TYPE_OF_KIND[column.kind]) for column in scorer.columns}
    scorer.score(pa.table(columns))


def _forged(bundle: bytes, chance: random.Random) -> bytes:
    """A bundle whose seal is right and one of whose parts is not."""
    parts: dict[str, bytes] = dict(_open(bundle))
    one = chance.choice(sorted(parts))
    return _pack(parts | {one: mutated(parts[one], chance)})


def _reader(project: Project) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        source = open_source(str(path))
        name = "leads" if "leads" in source.tables() else path.name
        read_leads(source, leads_table=name, lead_columns=project.settings.lead_columns())

    return read


def main(label: str, first: int, count: int, folder: Path) -> None:
    """Run cases, and print those that did not end as they should, a line of JSON each."""
    warnings.simplefilter("error")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    kind = kinds(folder)[label]
    for number in range(first, first + count):
        (folder / "case").write_text(str(number))
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        found = outcome(kind, label, number, folder)
        if found not in ENDS:
            print(json.dumps([number, found]), flush=True)
    faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
