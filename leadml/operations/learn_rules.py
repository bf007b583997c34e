"""`leadml rules learn` and `leadml rules export`: a points card out of the data, and any rulebook as a card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from leadml.errors import ConfigError
from leadml.operations.project import Project
from leadml.predict.rules.rulebook import Rulebook
from leadml.rules import load_rulebook
from leadml.rules.card import CardLine, card_lines, card_to_csv, card_to_markdown
from leadml.rules.toml_text import rulebook_to_toml
from leadml.sources import staged
from leadml.training.card.cost import CardRun, learn_from_tables
from leadml.training.clock import Progress

_NOTES = (
    "Learned from data: a proposal, to be changed where sales knows better. For use: [rules] file in leadml.toml.",
    "It has seen the outcomes of the older leads: a model trained on the same leads beside it trusts it too much.",
)


@dataclass(frozen=True)
class LearnRun:
    """What was learned, line by line, and the file that holds it (None: none was asked for)."""

    learned: CardRun
    lines: tuple[CardLine, ...]
    path: Path | None


def run_learning(project: Project, *, lines: int, out: Path | None, progress: Progress) -> LearnRun:
    """Learn a points card of at most `lines` lines from a project's leads, and write it as a rulebook to `out`.

    Raises:
        ConfigError: fewer than one line, or a file that `[rules] file` could not read.
        LeadmlError: the leads cannot be read, or carry no card.
        SourceError: `out` cannot be written.
    """
    if lines < 1:
        raise ConfigError(f"--lines is {lines}; a card has one line or more.")
    if out is not None and out.suffix != ".toml":
        raise ConfigError(f"--out {out}: a rulebook file ends in .toml; name it so.")
    progress("reading leads")
    tables = project.read_and_keep_rejects()
    name = f"{project.settings.project.name}, learned"
    learned = learn_from_tables(tables, project.choices(), name=name, lines=lines, progress=progress)
    if out is not None:
        _write(out, rulebook_to_toml(learned.card.rulebook, _NOTES))
    return LearnRun(learned, tuple(card_lines(learned.card.rulebook)), out)


def export_card(
    project: Project | None, rulebook: str | None, *, csv: Path | None, markdown: Path | None
) -> tuple[Rulebook, list[CardLine]]:
    """A rulebook as a card: the one named (a preset or a TOML file), else the project's; written where asked.

    Raises:
        ConfigError: neither is there.
        RulebookError: the rulebook cannot be read or is wrong.
        SourceError: a file cannot be written.
    """
    book = load_rulebook(rulebook) if rulebook is not None else project.choices().rulebook if project else None
    if book is None:
        raise ConfigError("There is no rulebook: name a preset or a file, or say under [rules] which one is used.")
    lines = card_lines(book)
    if csv is not None:
        _write(csv, card_to_csv(lines))
    if markdown is not None:
        _write(markdown, card_to_markdown(book, lines))
    return book, lines


def _write(path: Path, text: str) -> None:
    with staged(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
