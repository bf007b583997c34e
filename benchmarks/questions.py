"""Does asking the proposed question bring decisions closer to the truth than asking another one?

    python -m benchmarks.questions [--leads N] [--companies N]

Made-up companies are trained on as `leadml demo` does. On the last Mondays of their history, whose outcomes no training
has seen, every open lead with a choice (two open questions or more, one of them proposed) is asked one: the proposed
one, any unanswered one at random, or the one with most points to gain. The answer is what the company's law says the
lead would answer, given the deal that is hidden as yet. It is filled in and the lead is scored again. The truth is the
exact probability given every record and all four answers of the account. A decision (handing over as MQL, or as SQL
where intent is shown) is wrong where the score and the truth lie on different sides of the cutoff, and costs as much as
the truth lies from it, in won deals.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.config import load_settings
from leadml.demo import law, write_company
from leadml.demo.company import Drawn, drawn_blocks
from leadml.demo.draw import pick
from leadml.demo.records import Answers
from leadml.demo.truth import win_probabilities
from leadml.features import FeaturePlan, snapshots_at
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.operations.train import run_training
from leadml.predict import Scorer
from leadml.schema import LeadTables

Floats = np.ndarray[Any, np.dtype[np.float64]]

FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 (as the company's dates: UTC without a zone)
MONDAYS = (92, 96, 100, 104)  # weeks after the first, of 104; the horizon of none has passed
WAYS = ("nothing", "random", "most points", "proposed")
_RESAMPLED = 2_000


@dataclass(frozen=True)
class Outcome:
    """Leads that were asked: account, and by way of asking the regret, the share of right decisions, and |p - truth|.

    The three have shape (ways, leads).
    """

    account: np.ndarray[Any, Any]
    regret: Floats
    right: Floats
    error: Floats


def hidden_truth(company: Sequence[Drawn], monday: int, seed: int) -> dict[str, tuple[str, float, tuple[str, ...]]]:
    """By lead that is open then: its account, the truth given all answers, and all its answers."""
    rng, truth = np.random.default_rng([seed, monday]), {}
    for number, drawn in enumerate(company):
        said, chance = _all_answered(drawn, monday, rng)
        weeks, contacts, accounts = drawn.weeks, drawn.contacts, drawn.accounts
        contact = weeks.contact[weeks.week + 1 == monday]
        contact = contact[accounts.closing[contacts.account[contact]] >= law.FIRST + monday * law.WEEK]
        for one, account in zip(contact.tolist(), contacts.account[contact].tolist(), strict=True):
            words = tuple(of[place] for of, place in zip(law.ANSWERS, said[account], strict=True))
            age = monday - accounts.start[account]
            truth[drawn.lead_ids[one]] = (f"{number}-{account}", float(chance[account, age - 1]), words)
    return truth


def _all_answered(drawn: Drawn, monday: int, rng: np.random.Generator) -> tuple[Any, Floats]:
    """What each account would answer, (accounts, questions), and its true probabilities once it has."""
    accounts, answers = drawn.accounts, drawn.answers
    account, question = np.divmod(np.arange(len(accounts) * len(law.QUESTIONS)), len(law.QUESTIONS))
    share = law.answers()[accounts.won[account], question, accounts.size[account]]
    said = pick(rng, share).reshape(len(accounts), -1)
    moment = law.FIRST + monday * law.WEEK
    before = answers.at < moment
    is_open = (accounts.start < monday) & (accounts.closing >= moment)
    unknown = np.repeat(is_open[:, None], len(law.QUESTIONS), axis=1)
    unknown[answers.account[before], answers.question[before]] = False
    account, question = np.nonzero(unknown)
    every = Answers(
        account=np.concatenate([answers.account[before], account]),
        question=np.concatenate([answers.question[before], question]),
        answer=np.concatenate([answers.answer[before], said[unknown]]),
        at=np.concatenate([answers.at[before], np.full(len(account), moment - 1)]),
    )
    return said, win_probabilities(accounts, drawn.contacts, drawn.weeks, every)


def ask(scorer: Scorer, rows: pa.Table, hidden: Sequence[tuple[str, float, tuple[str, ...]]]) -> Outcome:
    """Ask each row that has a choice in every way, and compare with the truth."""
    dimensions = (
        [dimension for dimension in scorer.rulebook.dimensions if dimension.question] if scorer.rulebook else []
    )
    scored = scorer.score(rows)
    proposed = scored["next_question"].cast(pa.string()).to_pylist()
    is_open = np.zeros((len(dimensions), rows.num_rows), np.bool_)
    for row, question in enumerate(scorer.open_questions(rows)):
        is_open[row, question.rows] = True
    after = np.array([scorer.probability(_filled(rows, d.column, hidden)) for d in dimensions])
    texts = [dimension.question for dimension in dimensions]
    gain = np.array([dimension.reach[1] - dimension.missing for dimension in dimensions])
    ways = {
        "random": is_open / np.maximum(is_open.sum(axis=0), 1),
        "most points": np.eye(len(dimensions))[np.where(is_open, gain[:, None], -np.inf).argmax(axis=0)].T,
        "proposed": np.array([[text == one for one in proposed] for text in texts], np.float64),
    }
    truth = np.array([one[1] for one in hidden])
    may_be = np.array([np.ones(rows.num_rows, np.bool_), scorer.subtotals(rows)["intent"] > 0])
    cutoffs = np.array([scorer.policy.mql, scorer.policy.sql], np.float64)
    figures = _figures(after, truth, cutoffs, may_be)
    now = _figures(np.array([scorer.probability(rows)]), truth, cutoffs, may_be)
    asked = np.array([text is not None for text in proposed]) & (is_open.sum(axis=0) > 1)
    told = [
        np.array([first[0], *((ways[way] * figure).sum(axis=0) for way in WAYS[1:])])[:, asked]
        for figure, first in zip(figures, now, strict=True)
    ]
    return Outcome(np.array([one[0] for one in hidden])[asked], *told)


def _figures(chance: Floats, truth: Floats, cutoffs: Floats, may_be: Any) -> tuple[Floats, Floats, Floats]:
    """Regret, share of right decisions and error of probabilities of shape (..., leads)."""
    wrong = ((chance[:, None] >= cutoffs[:, None]) != (truth >= cutoffs[:, None])) & may_be
    regret = (wrong * np.abs(truth - cutoffs[:, None])).sum(axis=1)
    return regret, 1 - wrong.sum(axis=1) / may_be.sum(axis=0), np.abs(chance - truth)


def _filled(rows: pa.Table, column: str | None, hidden: Sequence[tuple[str, float, tuple[str, ...]]]) -> pa.Table:
    """The rows with the hidden answers where there is none."""
    question = law.QUESTIONS.index(str(column))
    answers = pa.array([one[2][question] for one in hidden], pa.string())
    values = pc.coalesce(rows[column].cast(pa.string()), answers)
    return rows.set_column(rows.column_names.index(str(column)), column, values)


def outcomes(scorer: Scorer, tables: LeadTables, leads: int, seed: int) -> Iterator[Outcome]:
    """What asking gives on each of the Mondays."""
    plan, company = FeaturePlan.from_dict(scorer.facts["plan"]), list(drawn_blocks(leads, seed))
    for monday in MONDAYS:
        snapshots = snapshots_at(tables, FIRST + timedelta(weeks=monday), plan=plan)
        truth = hidden_truth(company, monday, seed)
        ids = snapshots.lead_id.to_pylist()
        known = [row for row, lead in enumerate(ids) if lead in truth]  # the others are rows of dirt
        hidden = [truth[ids[row]] for row in known]
        found = ask(scorer, snapshots.features.take(pa.array(known)), hidden)
        yield Outcome(np.char.add(f"{seed}-", found.account.astype(str)), found.regret, found.right, found.error)


def together(parts: Sequence[Outcome]) -> Outcome:
    """Several outcomes as one."""
    figures = (np.concatenate([getattr(part, name) for part in parts], axis=1) for name in ("regret", "right", "error"))
    return Outcome(np.concatenate([part.account for part in parts]), *figures)


def interval(values: Floats, account: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """Mean over the leads and its 95 % interval, by resampling accounts."""
    of_account = np.unique(account, return_inverse=True)[1]
    sums, counts = np.bincount(of_account, values), np.bincount(of_account)
    drawn = np.random.default_rng(0).integers(len(sums), size=(_RESAMPLED, len(sums)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return float(values.mean()), *np.quantile(means, (0.025, 0.975)).tolist()


def trained(folder: Path, leads: int, seed: int) -> tuple[Scorer, LeadTables]:
    """A company trained on as the demo does."""
    database, config = folder / f"{seed}.sqlite", folder / f"{seed}.toml"
    write_company(database, leads=leads, seed=seed)
    write_settings(propose(f"sqlite:///{database}"), config, force=True)
    project = Project(load_settings(config))
    training = run_training(project, now=FIRST + timedelta(weeks=104), progress=lambda _: None)
    plan = FeaturePlan.from_dict(training.scorer.facts["plan"])
    return training.scorer, project.read({attribute.name: attribute.kind for attribute in plan.attributes})


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print Markdown tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=20_000, help="leads of each company (default 20,000)")
    parser.add_argument("--companies", type=int, default=3, help="how many companies (default 3)")
    given = parser.parse_args(arguments)
    parts: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.companies):
            parts += outcomes(*trained(Path(folder), given.leads, seed), given.leads, seed)
    found = together(parts)
    print(f"{len(found.account):,} leads of {len(np.unique(found.account)):,} accounts\n")
    print("| asked | won deals lost by wrong decisions, per 100 leads | right decisions | error of the probability |")
    print("|---|---|---|---|")
    for row, way in enumerate(WAYS):
        regret, right, error = (figure[row].mean() for figure in (found.regret, found.right, found.error))
        print(f"| {way} | {100 * regret:.2f} | {100 * right:.1f} % | {error:.4f} |")
    print("\n| the proposed question instead of | loses less, per 100 leads | more right decisions | less error |")
    print("|---|---|---|---|")
    for row, way in enumerate(WAYS[:-1]):
        cells = [_cell(100 * (figure[row] - figure[-1]), found.account) for figure in (found.regret, -found.right)]
        cells.append(_cell(found.error[row] - found.error[-1], found.account, digits=4))
        print(f"| {way} | {' | '.join(cells)} |")


def _cell(values: Floats, account: np.ndarray[Any, Any], digits: int = 2) -> str:
    mean, low, high = interval(values, account)
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    main()
