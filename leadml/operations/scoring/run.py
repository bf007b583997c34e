"""`leadml score`: the leads of a project as of a moment, scored part by part, each part published at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial

import pyarrow as pa

from leadml.errors import SourceError
from leadml.operations.ledger.seen import rows_now
from leadml.operations.project import Project
from leadml.operations.scoring.asked import Asked, ask
from leadml.operations.scoring.beginning import begun, new_roles, utc_now
from leadml.operations.scoring.changed import scope_of
from leadml.operations.scoring.keeping import new_folder
from leadml.operations.scoring.meanwhile import without_decided
from leadml.operations.scoring.part import ScoredPart, score_part
from leadml.operations.scoring.reading import read_parts
from leadml.operations.scoring.resuming import resumed
from leadml.operations.scoring.runs import Which, recorded_runs, unfinished
from leadml.operations.scoring.session import Session
from leadml.operations.scoring.summary import ScoringRun, summed_up
from leadml.sources.parts import made_ahead
from leadml.sources.quarantine import REJECTS_SCHEMA
from leadml.sources.source import Source, Transaction
from leadml.training.clock import Progress

LEADS_PER_PART = 50_000
_AT_ONCE = 2  # parts in the making: more would take more memory for little, as one writes


def run_scoring(
    project: Project,
    *,
    as_of: datetime | None = None,
    which: Which = "open",
    progress: Progress,
    leads_per_part: int = LEADS_PER_PART,
) -> ScoringRun:
    """Score a project's leads with its champion, publish what has changed, and advance the lifecycle.

    A run that was stopped, however that happened, is taken up where it stopped when the same is asked again.

    Args:
        project: whose leads.
        as_of: the moment (UTC) as of which leads are scored; None: right after the newest record there is.
        which: "open": the leads that are open then, or all where none is; "all": those that were won or lost, too;
            "changed": those whose score can have changed since the last run.
        progress: told what is being done.
        leads_per_part: about how many leads are in memory, and written in one transaction.

    Raises:
        LeadmlError: there is no champion, the leads do not have its columns, the lifecycle file is wrong, no lead was
            open, or the database cannot be read or written. Each lead has its old score or its new one then.
    """
    asked = ask(project, as_of=as_of, which=which)
    with project.source.exclusive("scoring"):
        session = resumed(asked) or _begin(asked, progress, leads_per_part)
        session = _publish(asked, session, progress)
        rejects = pa.Table.from_pylist(session.tally.rejects if session.tally else [], schema=REJECTS_SCHEMA)
        session.parts.leads.write_rejects(project.settings.path(project.settings.output.rejects), rejects)
        session.folder.discard()
    return summed_up(asked, session)


def _begin(asked: Asked, progress: Progress, leads_per_part: int) -> Session:
    """Read all leads and find out what holds for all of them."""
    now = utc_now()
    run_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    folder = new_folder(asked.project, run_id)
    folder.make()
    try:
        rows, scope = rows_now(asked.project), scope_of(asked, now)
        for why in scope.why:
            progress(why)
        parts = read_parts(
            asked, folder.spool, accounts=scope.accounts, leads_per_part=leads_per_part, now=now, progress=progress
        )
        if not scope.whole and new_roles(asked, parts, scope):
            scope = replace(
                scope, accounts=None, why=("A contact has a role that is new, so every lead is looked at.",)
            )
            parts = read_parts(
                asked, folder.spool, accounts=None, leads_per_part=leads_per_part, now=now, progress=progress
            )
        beginning = begun(asked, parts, scope, run_id, now, rows)
        folder.keep_beginning(beginning)
    except Exception:
        folder.discard()
        raise
    return Session(folder, parts, beginning)


def _publish(asked: Asked, session: Session, progress: Progress) -> Session:
    """Write the parts that are left, each in one transaction with the run's own row."""
    others = [run for run in unfinished(asked.project) if run.run_id != session.begun.run_id]
    with (
        _transactions(asked.project.source) as transaction,
        closing(_scored(asked, session, progress)) as parts,
    ):
        with transaction() as changes:
            for run in others:
                replace(run, state="abandoned").write(asked.project, changes)
            session.record(asked).write(asked.project, changes)
        while (part := _next(parts, session)) is not None:
            session.folder.keep_tally(part.number, part.tally)
            after = session.after(part.tally)
            with transaction() as changes:  # from here on nobody else writes: what is looked at stays as it is
                _refuse_overtaken(asked, session)
                for change in without_decided(asked, session, part).changes:
                    change.write(changes)
                after.record(asked).write(asked.project, changes)
            session = after
    return session


def _refuse_overtaken(asked: Asked, session: Session) -> None:
    """See that the run's own row stands as it was left: a place held alone may be lost, as with a lost connection."""
    if not asked.project.source.small_transactions:
        return
    own = [run for run in recorded_runs(asked.project) if run.run_id == session.begun.run_id]
    if [(run.state, run.parts_done) for run in own] != [("running", session.done)]:
        raise SourceError(
            f"{asked.project.source.where}: another scoring run has begun meanwhile, or the table of runs was changed. "
            f"This one has stopped after {session.done:,} of {session.parts.count:,} parts. Run `leadml score` again."
        )


def _next(parts: Iterator[ScoredPart], session: Session) -> ScoredPart | None:
    """The next part; where it cannot be scored, nothing of the run is kept, as it could not be the next time either."""
    try:
        return next(parts, None)
    except Exception:
        session.folder.discard()
        raise


@contextmanager
def _transactions(source: Source) -> Iterator[Callable[[], AbstractContextManager[Transaction]]]:
    """A transaction for each part, or one for all where each would cost what the tables hold."""
    if source.small_transactions:
        yield source.transaction
        return
    with source.transaction() as changes:
        yield lambda: nullcontext(changes)


def _scored(asked: Asked, session: Session, progress: Progress) -> Generator[ScoredPart]:
    """The parts that are left, one after the other, the next ones made ahead."""
    left = range(session.done, session.parts.count)
    score = partial(score_part, asked, session.parts, session.begun)
    with closing(made_ahead(score, left, at_once=_AT_ONCE)) as parts:
        for number in left:
            progress(f"scoring leads, part {number + 1} of {session.parts.count}")
            yield next(parts)
