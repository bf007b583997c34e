"""Which columns of the lead table play which role: by name, and held against the values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from leadml.operations.guess import vocabulary as v
from leadml.operations.guess.evidence import Candidate, percent, quoted
from leadml.operations.guess.names import NameRule, words
from leadml.operations.guess.profile import Profile

Judge = Callable[[Profile], tuple[float, str]]
"""Hold a role against the values: (what it adds to the name's weight, words); -inf where they rule it out."""

NO = (float("-inf"), "")


def _identifier(p: Profile) -> tuple[float, str]:
    if p.filled_share < 0.95 or p.distinct_share < 0.9 or p.dates > 0.5 or _decimal(p):
        return NO
    return (1.0 if p.distinct_share > 0.97 else 0.0), f"{percent(p.distinct_share)} of its values differ"


def _moment(p: Profile) -> tuple[float, str]:
    return (1.0, f"{percent(p.dates)} of its values are dates") if p.dates >= 0.9 and p.filled else NO


def _creation(p: Profile) -> tuple[float, str]:
    return _moment(p) if p.filled_share >= 0.8 else NO


def _company(p: Profile) -> tuple[float, str]:
    many = max(10, 0.03 * p.filled)
    if len(p.levels) < many or p.dates > 0.5 or _decimal(p) or p.mails > 0.5:
        return NO
    return 1.0, f"{len(p.levels):,} companies for {p.filled:,} leads"


def _worker(p: Profile) -> tuple[float, str]:
    few = max(20, 0.2 * p.filled)
    if not 2 <= len(p.levels) <= few or p.dates > 0.5 or _decimal(p) or _yes_or_no(p):
        return NO
    return 1.0, f"{len(p.levels):,} people for {p.filled:,} leads"


def _group(p: Profile) -> tuple[float, str]:
    few = max(20, 0.05 * p.filled)
    if not 2 <= len(p.levels) <= few or p.dates > 0.5 or p.numbers > 0.5 or _yes_or_no(p):
        return NO
    return 1.0, f"{len(p.levels):,} teams for {p.filled:,} leads"


def _function(p: Profile) -> tuple[float, str]:
    salutation = p.among(("mr", "mrs", "ms", "miss", "dr", "herr", "frau", "mr.", "mrs.", "ms.", "dr.")) > 0.5
    if len(p.levels) < 2 or p.distinct_share > 0.6 or p.numbers > 0.5 or p.dates > 0.5 or salutation:
        return NO
    return (-9.0 if _yes_or_no(p) else 0.5), f"values such as {quoted(list(p.levels), 3)}"


def _money(p: Profile) -> tuple[float, str]:
    return (1.0, "numbers") if p.numbers >= 0.9 and len(p.levels) > 5 and p.dates < 0.5 else NO


def _origin(p: Profile) -> tuple[float, str]:
    if not 2 <= len(p.levels) <= max(30, 0.05 * p.filled) or max(p.numbers, p.dates) > 0.5 or _yes_or_no(p):
        return NO
    return 1.0, f"values such as {quoted(list(p.levels), 3)}"


def _either_way(p: Profile) -> tuple[float, str]:
    # The values alone say it: no other column holds "inbound" and "outbound".
    inbound, outbound = (
        sum(n for value, n in p.levels.items() if value.casefold() in known) for known in (v.INBOUND, v.OUTBOUND)
    )
    if not (inbound and outbound) or inbound + outbound < 0.8 * p.filled:
        return NO
    return 4.0, f"values {quoted(list(p.levels))}"


ROLES: Mapping[str, tuple[NameRule, Judge]] = {
    "id": (NameRule(v.ID, v.NOT_ID), _identifier),
    "created_at": (NameRule(v.CREATED, v.NOT_CREATED), _creation),
    "closed_at": (NameRule(v.CLOSED, v.NOT_CLOSED), _moment),
    "account": (NameRule(v.ACCOUNT, v.NOT_ACCOUNT), _company),
    "owner": (NameRule(v.OWNER, v.NOT_OWNER), _worker),
    "team": (NameRule(v.TEAM, v.NOT_TEAM), _group),
    "role": (NameRule(v.ROLE, v.NOT_ROLE), _function),
    "deal_value": (NameRule(v.DEAL_VALUE, v.NOT_DEAL_VALUE), _money),
    "cost": (NameRule(v.COST, v.NOT_COST), _money),
    "source": (NameRule(v.SOURCE, v.NOT_SOURCE), _origin),
    "direction": (NameRule(v.DIRECTION), _either_way),
}


_COUNTER = NameRule(v.ID | {"index": 1.5, "sequence": 1.5, "order": 1.5, "no": 1.0, "row": 1.0})
_STEADY = 0.9
_ENOUGH = 2.0


def find_role(rule: NameRule, judge: Judge, profiles: Iterable[Profile], by_values: bool = False) -> Candidate | None:
    """Choose the column for one role; None where no column fits.

    `by_values` lets values speak alone; else a name has to say something.
    """
    best: Candidate | None = None
    for profile in profiles:
        named, phrase = rule.match(profile.name)
        added, seen = judge(profile)
        if added == float("-inf") or not (named or by_values):
            continue
        evidence = ", ".join(part for part in (seen, f"the name says {phrase}" if phrase else "") if part)
        if named + added >= (best.weight + 1e-9 if best else _ENOUGH):
            best = Candidate(profile.name, named + added, evidence)
    return best


def find_roles(profiles: Mapping[str, Profile], taken: Collection[str]) -> dict[str, Candidate]:
    """Choose a column for each role of the lead table; a column plays one role, the one it fits best."""
    roles: dict[str, Candidate] = {}
    free = {name: profile for name, profile in profiles.items() if name not in taken}
    waiting = dict(ROLES)
    while waiting:
        found = {
            role: candidate
            for role, (rule, judge) in waiting.items()
            if (candidate := find_role(rule, judge, free.values(), by_values=role == "direction"))
        }
        if not found:
            break
        role = max(found, key=lambda r: found[r].weight)
        roles[role] = found[role]
        del waiting[role], free[found[role].column]
    return _consistent(roles, free)


def _consistent(roles: dict[str, Candidate], free: Mapping[str, Profile]) -> dict[str, Candidate]:
    if "created_at" not in roles:
        dates = [p.name for p in free.values() if _creation(p) != NO and not v.NOT_CREATED & set(words(p.name))]
        if len(dates) == 1:
            roles["created_at"] = Candidate(dates[0], 1.0, "the only dates that are always filled in")
    if "created_at" not in roles:
        roles.pop("closed_at", None)  # without a beginning, an end says nothing
    return roles


def find_order(profiles: Mapping[str, Profile], taken: Collection[str]) -> Candidate | None:
    """Find a number that stands for time where there are no dates: all differ, and they hardly ever turn back."""
    candidates = []
    for p in profiles.values():
        if p.name in taken or p.distinct_share < 1 or abs(p.trend) < _STEADY:
            continue
        named, phrase = _COUNTER.match(p.name)
        way = "rises" if p.trend > 0 else "falls"
        evidence = f"no two are alike, and it {way} in {percent((1 + abs(p.trend)) / 2)} of the rows"
        candidates.append(Candidate(p.name, 1.0 + named, evidence + (f", the name says {phrase}" if phrase else "")))
    return max(candidates, key=lambda candidate: candidate.weight, default=None)


def _decimal(p: Profile) -> bool:
    return p.numbers > 0.9 and any("." in value and not value.endswith(".0") for value in list(p.levels)[:50])


def _yes_or_no(p: Profile) -> bool:
    return p.among(v.PLAIN_YES | v.PLAIN_NO) > 0.6
