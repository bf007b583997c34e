"""One part of a run: what becomes of its leads, computed first, then written in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from leadml.features import snapshots_at
from leadml.features.expiry import valid_until
from leadml.operations.accounts import account_rows
from leadml.operations.lifecycle import LifecycleStep, of_scores
from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.history import history_rows, history_table
from leadml.operations.scoring.keeping import Beginning
from leadml.operations.scoring.reading import RunParts
from leadml.operations.scoring.scores import score_snapshots
from leadml.operations.scoring.tally import Tally, tallied
from leadml.operations.scoring.writing import Differences, as_they_stand, differences, rewritten
from leadml.schema import LeadTables
from leadml.sources.source import Among, Transaction


@dataclass(frozen=True)
class Change:
    """What becomes of one table: rows put in the place of those of the same key, or added; and keys taken out."""

    table: str
    rows: pa.Table
    key: str | None
    removed: pa.Array | None = None

    def write(self, changes: Transaction) -> None:
        """Write it; what would change nothing is not asked for."""
        if self.removed is not None and len(self.removed):
            changes.remove(self.table, Among(str(self.key), self.removed))
        if self.rows.num_rows and self.key is None:
            changes.append(self.table, self.rows)
        elif self.rows.num_rows:
            changes.upsert(self.table, self.rows, key=[str(self.key)])


@dataclass(frozen=True)
class ScoredPart:
    """What is to be written for a part, and its tally."""

    number: int
    changes: Sequence[Change]
    tally: Tally


def score_part(asked: Asked, parts: RunParts, begun: Beginning, number: int) -> ScoredPart:
    """Score the leads of a part, their accounts and their lifecycle; writes nothing.

    Raises:
        LeadmlError: the leads do not have the scorer's columns, or a table holds what leadml did not write.
    """
    tables, before = parts.read(number), parts.scores(number)
    scores = _scores(asked, begun, tables)
    found = differences(before, scores, asked.project.settings.output.score_tolerance)
    standing = as_they_stand(scores, before, found)
    step = _step(asked, parts, begun, number, tables, standing)
    written = scores.filter(pa.array(found.written))
    stages, without = rewritten(parts.stages(number), step.stages, key="lead_id")
    history = history_rows(written, found.removed, run_id=begun.run_id, as_of=begun.as_of)
    targets = asked.targets
    changes = [
        Change(targets.scores, written.drop_columns("inputs"), "lead_id", found.removed),
        Change(targets.scores, _beside(before, scores, found), "lead_id"),
        Change(history_table(asked.project), history, None),
        *_accounts(asked, parts, begun, number, tables, standing),
        Change(targets.moves, step.moves, None),
        Change(targets.stages, stages, "lead_id", without),
    ]
    kept = [replace(change, rows=asked.project.source.as_kept(change.rows)) for change in changes]
    return ScoredPart(number, kept, tallied(tables.leads.num_rows, standing, found, step.tally, step.rejects))


def _scores(asked: Asked, begun: Beginning, tables: LeadTables) -> pa.Table:
    """The scores of a part's leads, with the scorer's inputs and until when each holds although nothing new happens."""
    moment = begun.as_of or begun.started_at
    snapshots = snapshots_at(tables, moment, plan=asked.plan, open_only=begun.closed == "left out")
    scores = score_snapshots(asked.scorer, snapshots, begun.as_of, inputs=True)
    tolerance = asked.project.settings.output.score_tolerance
    until = valid_until(tables, snapshots, asked.scorer, tolerance=tolerance, scores=scores)
    scores = scores.append_column("valid_until", until)
    return scores if asked.targets.accounts is None else scores.append_column("account_id", snapshots.account_id)


def _step(
    asked: Asked, parts: RunParts, begun: Beginning, number: int, tables: LeadTables, scores: pa.Table
) -> LifecycleStep:
    moves = parts.moves(number)
    ids = pa.chunked_array([*tables.leads["lead_id"].chunks, *moves["lead_id"].chunks], pa.string())
    return asked.lifecycle.step(
        tables,
        moves,
        parts.decisions(number, ids, begun.started_at),
        of_scores(scores),
        asked.scorer,
        moment=begun.moment,
        as_of=begun.as_of,
    )


def _beside(before: pa.Table, scores: pa.Table, found: Differences) -> pa.Table:
    """Of rows that say the same as before what stands beside the score, where that is another.

    That is until when it holds, and the account: a later run goes by both to tell whose score can have changed.
    """
    columns = [name for name in ("lead_id", "valid_until", "account_id") if name in scores.column_names]
    for name in columns:
        if name not in before.column_names:
            before = before.append_column(name, pa.nulls(before.num_rows, scores[name].type))
    unchanged = scores.select(columns).filter(pa.array(~found.written))
    return rewritten(before.select(columns), unchanged, key="lead_id")[0]


def _accounts(
    asked: Asked, parts: RunParts, begun: Beginning, number: int, tables: LeadTables, scores: pa.Table
) -> Sequence[Change]:
    """What becomes of the part's accounts, by the scores of their leads as they stand."""
    if asked.targets.accounts is None:
        return []
    rows = account_rows(tables, asked.plan, begun.as_of, begun.roles, scores.drop_columns("account_id"))
    # Reasons are those of the best lead when the row was written, as the lead's own are.
    but = ("as_of", "reasons_for", "reasons_against")
    rows, removed = rewritten(parts.accounts(number), rows, key="account_id", but=but)
    return [Change(asked.targets.accounts, rows, "account_id", removed)]
