"""What the contacts of a lead's account did before its snapshot.

Every feature is a difference of running totals, looked up by an as-of join: the cost grows with the number of
activities and snapshots, not with their product, even where one "account" holds half of all leads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadml.features.engine import END, measured
from leadml.features.plan import STILL, Ebb, FeaturePlan, Measure
from leadml.features.spine import DAY
from leadml.predict.encoding import Column, Group
from leadml.predict.phrases import PLAIN, Phrase

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

__all__ = ["account_features", "account_measures"]

_ENGAGED = Phrase("value", "Contacts of the account engaged in 90 days")
_ROLES = Phrase("value", "Roles of the account engaged in 90 days")
_COLLEAGUES = Phrase("times", "Colleagues active", 30)
_LAST = Phrase("last", "Someone of the account active")


def account_features(con: DuckDBPyConnection, plan: FeaturePlan) -> list[pa.ChunkedArray]:
    """One array per measure, a value per row of the spine."""
    if not plan.accounts:
        return []
    return measured(con, list(account_measures(plan)), _query(_role_periods(plan)))


def account_measures(plan: FeaturePlan) -> Iterator[Measure]:
    """Features of accounts; none where every lead is its own account."""
    if not plan.accounts:
        return
    # The lead itself is known, even if it was created in the very moment.
    known = "coalesce(contacts.total, 0) + (leads.created >= s.moment)::bigint"
    yield _measure("contacts known", "fit", "Contacts of the account", known)
    if not plan.activity_types:
        return
    engaged, roles = "coalesce(engaged.total, 0)", "coalesce(roles.total, 0)"
    yield _measure(
        *("contacts engaged", "engagement", "Contacts engaged, 90 days", engaged), _ENGAGED, Ebb("engaged", 90)
    )
    if plan.roles:
        yield _measure("roles covered", "fit", "Roles engaged, 90 days", roles, _ROLES, Ebb("roles", 90))
    others = f"({_within('account', 'total', 30)} - ({_within('own', 'total', 30)})) / 1e6"
    yield _measure(
        *("colleagues activity 30d", "engagement", "Activity of colleagues, 30 days", others),
        *(_COLLEAGUES, Ebb("colleagues", 30)),
    )
    if plan.intent_types:
        for days in (30, 90):
            intent = f"({_within('account', 'intent', days)}) / 1e6"
            phrase = Phrase("times", "Intent shown in the account", days)
            name, label = f"account intent {days}d", f"Intent in the account, {days} days"
            yield _measure(name, "intent", label, intent, phrase, Ebb("account window", days))
    since = f"(s.moment - account.moment) / {DAY}.0"
    yield _measure(
        "days since account activity", "engagement", "Account, days since any activity", since, _LAST, Ebb("since")
    )


def _measure(name: str, group: Group, label: str, sql: str, phrase: Phrase = PLAIN, ebb: Ebb = STILL) -> Measure:
    return Measure(Column(name, "number", group, label, phrase), sql, ebb)


def _within(source: str, total: str, days: int) -> str:
    return f"coalesce({source}.{total}, 0) - coalesce({source}{days}.{total}, 0)"


def _query(role_periods: str) -> str:
    return f"""
        with of_account as materialized ({_running("account")}),
        of_lead as materialized ({_running("lead")}),
        of_contacts as materialized (
            select account, created as moment, sum(count(*)) over (partition by account order by created) as total
            from leads where created is not null group by account, created
        ),
        touched as materialized (select lead, account, moment as since, moment + 90 * {DAY} as until from activities),
        engagements as materialized ({_united("touched", "lead, account")}),
        of_engagements as materialized ({_running_open("engagements")}),
        role_periods as materialized ({role_periods}),
        held as materialized (
            select account, role, greatest(e.since, r.since) as since, least(e.until, r.until) as until
            from engagements e join role_periods r using (lead)
            where greatest(e.since, r.since) < least(e.until, r.until)
        ),
        covered as materialized ({_united("held", "account, role")}),
        of_roles as materialized ({_running_open("covered")}),
        moments as materialized (select *, moment - 30 * {DAY} as moment30, moment - 90 * {DAY} as moment90 from spine)
        select {{measures}} from moments s
        join leads on leads.lead = s.lead
        asof left join of_contacts contacts on contacts.account = s.account and s.moment > contacts.moment
        asof left join of_engagements engaged on engaged.account = s.account and s.moment > engaged.moment
        asof left join of_roles roles on roles.account = s.account and s.moment > roles.moment
        asof left join of_account account on account.account = s.account and s.moment > account.moment
        asof left join of_account account30 on account30.account = s.account and s.moment30 > account30.moment
        asof left join of_account account90 on account90.account = s.account and s.moment90 > account90.moment
        asof left join of_lead own on own.lead = s.lead and s.moment > own.moment
        asof left join of_lead own30 on own30.lead = s.lead and s.moment30 > own30.moment
        order by s.row
    """  # noqa: S608 - only whole numbers and names of this module


def _running(key: str) -> str:
    """Totals of all activities and of those of intent, up to and including each moment."""
    return f"""
        select {key}, moment, sum(sum(units)) over running as total,
               sum(coalesce(sum(units) filter (where points > 1), 0)) over running as intent
        from activities group by {key}, moment window running as (partition by {key} order by moment)
    """  # noqa: S608


def _running_open(periods: str) -> str:
    """How many periods of an account are open after each moment; a period is open where since < moment <= until."""
    return f"""
        select account, moment, sum(sum(step)) over (partition by account order by moment) as total from (
            select account, since as moment, 1 as step from {periods}
            union all select account, until, -1 from {periods}
        ) group by account, moment
    """  # noqa: S608


def _united(periods: str, keys: str) -> str:
    """Overlapping periods of the same keys made one: a period is new where no earlier one reaches it."""
    earlier = "rows between unbounded preceding and 1 preceding"
    return f"""
        select {keys}, min(since) as since, max(until) as until from (
            select *, sum(fresh) over (partition by {keys} order by since, until) as number from (
                select *, coalesce(max(until) over (partition by {keys} order by since, until {earlier}) < since, true)
                          ::bigint as fresh
                from {periods}
            )
        ) group by {keys}, number
    """  # noqa: S608


def _role_periods(plan: FeaturePlan) -> str:
    """Which role each lead had when; the role as it is now only where no history of roles exists."""
    if not plan.roles:
        return "select lead, '' as role, 0 as since, 0 as until from leads where false"
    past = [attribute.name for attribute in plan.attributes if attribute.history]
    if "role" not in past:
        return f"select lead, role, role_since as since, {END} as until from leads where role is not null"  # noqa: S608
    return f"""
        select lead, value as role, greatest(moment, role_since) as since, coalesce(next, {END}) as until
        from (select *, lead(moment) over (partition by lead order by moment) as next from history
              where field = {past.index("role")}) join leads using (lead)
        where value is not null
    """  # noqa: S608
