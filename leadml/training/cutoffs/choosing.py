"""MQL and SQL cutoffs from a stated policy, chosen on out-of-time predictions.

A lead counts once, at its *first crossing*: the first of its snapshots at which it would have been handed over. That
is when it takes a place in the week's capacity, and whether it converts within the horizon *from then* is what the
conversion of a cutoff means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from leadml.training.cutoffs.confirmation import confirmed
from leadml.training.cutoffs.cutoff import Cutoff, unpublished
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import STAGES, CutoffPolicy, Stage, StagePolicy
from leadml.training.cutoffs.question import Question


def choose_cutoffs(
    leads: OutOfTime, policy: CutoffPolicy, *, base_rate: float, signal: bool = True, seed: int = 0
) -> list[Cutoff]:
    """The cutoffs for MQL and SQL, in this order, then those of each segment; SQL never lies below MQL.

    Each is the lowest cutoff that meets all that is asked, or the best of these by the policy's goal (`StagePolicy`).
    Where nothing is asked, it lies at the base rate for MQL and at twice the base rate for SQL (`times_base_rate`) or,
    where the leads above convert less than that, as much higher as it takes.

    Args:
        leads: what the cutoffs are chosen on; those whose outcome is not yet known are left aside. Without time there
            are no weeks, a volume cannot be kept to, and `why` says so.
        policy: what is asked.
        base_rate: share of snapshots that convert, from training.
        signal: False where the model knows no more than the base rate: then no cutoff is published.
        seed: picks the accounts of each bootstrap repeat.
    """
    if not signal:
        reason = "No cutoff is published: the model found no signal, so no score separates leads."
        return no_cutoffs(policy, lambda _: reason)
    return list(_chosen(leads.known, policy, base_rate, seed))


def no_cutoffs(policy: CutoffPolicy, why: Callable[[Stage], str]) -> list[Cutoff]:
    """No cutoff for any stage or segment, and why by stage."""
    return [unpublished(stage, why(stage), name) for name, *_ in _groups(policy) for stage in STAGES]


def _chosen(known: OutOfTime, policy: CutoffPolicy, base_rate: float, seed: int) -> Iterator[Cutoff]:
    for number, (segment, mql, sql) in enumerate(_groups(policy), start=-1):
        leads = known.of_segment(None if number < 0 else number)
        first = Question("MQL", mql, base_rate, segment=segment)
        published = first.publish(leads, seed)
        yield confirmed(published, [first], leads, seed)
        if published.probability is None:
            of = "" if segment is None else f" of {segment}"
            why = f"No SQL cutoff{of} is published: it would have to lie above an MQL cutoff."
            yield unpublished("SQL", why, segment)
        else:
            second = Question("SQL", sql, base_rate, published.probability, segment)
            yield confirmed(second.publish(leads, seed), [first, second], leads, seed)


def _groups(policy: CutoffPolicy) -> list[tuple[str | None, StagePolicy, StagePolicy]]:
    """The leads of no segment, then each segment: its name and what is asked of its stages."""
    return [(None, policy.mql, policy.sql), *((one.name, one.mql, one.sql) for one in policy.segments)]
