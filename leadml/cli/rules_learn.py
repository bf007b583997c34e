"""`leadml rules learn` and `leadml rules export`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from leadml.cli.options import Config, Json, project_of
from leadml.cli.progress import progress
from leadml.cli.show import command, print_json, print_lines, print_table
from leadml.operations.learn_rules import LearnRun, export_card, run_learning
from leadml.predict.rules.rulebook import Rulebook
from leadml.rules.card import CardLine
from leadml.training.card.cost import CARD, FULL, UNROUNDED

_CONFIG = Path("leadml.toml")


def learn(
    config: Config = _CONFIG,
    lines: Annotated[int, typer.Option(min=1, help="The most lines that the card may have.")] = 20,
    out: Annotated[Path | None, typer.Option(help="Write the card as a rulebook to this TOML file.")] = None,
    json: Json = False,
) -> None:
    """Propose points from data: a card of few lines and whole points, and what it costs against the full model."""
    with progress(20) as step:
        run = run_learning(project_of(config), lines=lines, out=out, progress=step)
    _print_learned(run, json=json)


def export(
    rulebook: Annotated[str | None, typer.Argument(help="A preset, or a rulebook file; else the project's.")] = None,
    config: Config = _CONFIG,
    csv: Annotated[Path | None, typer.Option(help="Write the card to this CSV file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the card to this Markdown file.")] = None,
    json: Json = False,
) -> None:
    """Write a rulebook as a card, one line per rule, for a tool that knows nothing but points."""
    project = project_of(config) if rulebook is None else None
    book, lines = export_card(project, rulebook, csv=csv, markdown=markdown)
    files = [path for path in (csv, markdown) if path is not None]
    if json:
        print_json({"rulebook": book.name, "lines": list(map(asdict, lines)), "files": files})
        return
    _print_card(book, lines)
    print_lines(*(f"Written to {path}." for path in files))


def _print_learned(run: LearnRun, *, json: bool) -> None:
    learned = run.learned
    if json:
        left_out = [{"column": column, "why": why} for column, why in learned.left_out.items()]
        judged = {"learned": learned.learned, "judged": learned.judged, "figures": learned.figures}
        print_json({"lines": list(map(asdict, run.lines)), **judged, "excluded": left_out, "rulebook": run.path})
        return
    _print_card(learned.card.rulebook, run.lines)
    title = f"On the newest {learned.judged:,} snapshots, learned from the {learned.learned:,} before"
    print_lines("")
    print_table(title, ("what", "AUC", "log loss"), map(_figures_of(learned.figures), learned.figures), text="what")
    print_lines(*_costs(run))
    if learned.left_out:
        print_lines(
            f"Not asked for, as they leak or may, or name a lead: {', '.join(learned.left_out)}. "
            f"{command()} check says why, and how to settle a suspicion."
        )
    if run.path is None:
        print_lines(f"To keep it: {command()} rules learn --out card.toml")
        return
    print_lines(
        f'Written to {run.path}. As a rulebook: [rules] file = "{run.path}" in leadml.toml.',
        "It has seen the outcomes of the older leads: a model trained on the same leads beside it trusts it too much.",
    )


def _costs(run: LearnRun) -> list[str]:
    figures = run.learned.figures
    rounding, all_in_all = (
        [figures[CARD][name] - figures[other][name] for name in ("auc", "log_loss")] for other in (UNROUNDED, FULL)
    )
    return [
        f"Rounding costs {-rounding[0]:.4f} AUC and {rounding[1]:.4f} log loss;",
        f"against the full model the card costs {-all_in_all[0]:.4f} AUC and {all_in_all[1]:.4f} log loss.",
    ]


def _print_card(rulebook: Rulebook, lines: Sequence[CardLine]) -> None:
    head = ("dimension", "what", "points", "evidence", "cap", "decay")
    rows = [(one.dimension, one.rule, one.points, one.evidence, one.cap, one.decay) for one in lines]
    shown = [
        place for place, name in enumerate(head) if name in ("dimension", "what") or any(row[place] for row in rows)
    ]
    print_table(
        rulebook.name, [head[place] for place in shown], [[row[place] for place in shown] for row in rows], text="what"
    )


def _figures_of(figures: Mapping[str, Mapping[str, float]]) -> Callable[[str], tuple[str, str, str]]:
    return lambda what: (what, f"{figures[what]['auc']:.4f}", f"{figures[what]['log_loss']:.4f}")
