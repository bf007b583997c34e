"""Leads at past moments, scored as they were then: what they were short of, what was seen next, what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import FeaturePlan
from leadml.operations.queue.moving import SEEN_DAYS, Case
from leadml.operations.queue.shortage import shortage
from leadml.operations.scoring.scores import score_leads
from leadml.predict import Scorer
from leadml.schema import LeadTables

MOMENTS = 6
_MOST_LEADS = 50_000

_TIME = pa.timestamp("us")
_Ends = Mapping[str, tuple[str, datetime | None, str | None]]


def past_cases(
    scorer: Scorer, tables: LeadTables, plan: FeaturePlan, moment: datetime, horizon_days: int, judged: Sequence[str]
) -> Iterator[Case]:
    """Give the accounts with leads below MQL at six past moments, 30 days apart; nothing from `moment` on is looked at.

    An account counts once for each shortage, at the first of these moments: its later ones share the same deal. Of a
    company with more than 50,000 leads, whole accounts of about so many are looked at.
    """
    parts = tables.leads.num_rows // _MOST_LEADS + 1
    met: set[tuple[str, str]] = set()
    for back in reversed(range(MOMENTS)):
        landmark = moment - timedelta(days=horizon_days + SEEN_DAYS * back)
        then = landmark - timedelta(days=SEEN_DAYS)
        scores = score_leads(scorer, tables, plan, then, reasons=1, part=(0, parts))
        short = _short(scores, judged)
        seen = _seen(tables, short, then, landmark)
        for case in _cases(short, _ends(tables.leads, short), seen, landmark, landmark + timedelta(days=horizon_days)):
            if (case.account_id, case.shortage) not in met:
                met.add((case.account_id, case.shortage))
                yield case


def _short(scores: pa.Table, judged: Sequence[str]) -> dict[str, str]:
    """What each lead below MQL is short of."""
    stage = scores["stage"].cast(pa.string())
    below = scores.filter(pc.or_(pc.is_null(stage), pc.equal(stage, "raw")).combine_chunks().fill_null(True))
    return {row["lead_id"]: shortage(row, judged) for row in below.select(["lead_id", *judged]).to_pylist()}


def _cases(
    short: Mapping[str, str],
    ends: _Ends,
    seen: Mapping[str, set[str]],
    landmark: datetime,
    until: datetime,
) -> Iterator[Case]:
    """One case per account and shortage, of its leads that were still open at the landmark."""
    seen_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    won: dict[tuple[str, str], bool] = defaultdict(bool)
    for lead in sorted(short):
        account, closed, outcome = ends[lead]
        if closed is not None and closed < landmark:
            continue
        key = (account, short[lead])
        seen_of[key] |= seen.get(lead, set())
        won[key] |= outcome == "won" and closed is not None and closed < until
    for (account, lack), things in seen_of.items():
        yield Case(account, lack, frozenset(things), won[account, lack])


def _ends(leads: pa.Table, of: Collection[str]) -> _Ends:
    """Account, close date and outcome of some leads; an open lead's close date is what sales hope for."""
    leads = leads.filter(_belongs(leads, of))
    columns = (leads[name].to_pylist() for name in ("lead_id", "account_id", "closed_at", "outcome"))
    return {
        lead: (account, None if outcome is None else closed, outcome)
        for lead, account, closed, outcome in zip(*columns, strict=True)
    }


def _seen(tables: LeadTables, of: Collection[str], since: datetime, until: datetime) -> dict[str, set[str]]:
    """Types of activities and answers given of some leads, from `since` on and before `until`."""
    found: dict[str, set[str]] = defaultdict(set)
    if tables.activities is not None:
        recent = _between(tables.activities, "occurred_at", of, since, until)
        for lead, kind in zip(recent["lead_id"].to_pylist(), recent["type"].to_pylist(), strict=True):
            found[lead].add(kind)
    if tables.history is not None:
        questions = {attribute: question for question, attribute in sorted(tables.answers.items(), reverse=True)}
        given = _between(tables.history, "changed_at", of, since, until).select(["lead_id", "field", "value"])
        for row in given.to_pylist():
            if row["field"] in questions and row["value"] is not None:
                found[row["lead_id"]].add(f"{questions[row['field']]} answered {row['value']}")
    return found


def _between(events: pa.Table, column: str, of: Collection[str], since: datetime, until: datetime) -> pa.Table:
    first, last = pa.scalar(since, _TIME), pa.scalar(until, _TIME)
    events = events.filter(pc.and_(pc.greater_equal(events[column], first), pc.less(events[column], last)))
    return events.filter(_belongs(events, of))


def _belongs(rows: pa.Table, leads: Collection[str]) -> pa.ChunkedArray:
    return pc.is_in(rows["lead_id"], value_set=pa.array(list(leads), pa.string()))
