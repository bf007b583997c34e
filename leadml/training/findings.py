"""What judging the data finds: one numbered remark each, for the command line, the bundle and the page.

R0xx  readiness error: no model is trained.        R1xx  readiness warning or note: a model is trained, with less said.
L0xx  leak, proven: the column is left out.        L1xx  leak, suspected: the column stays until the user decides.
L2xx  leak, settled: it looks like one, and the user has said that the column is known in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from leadml.errors import TrainingError

Level = Literal["error", "warning", "note"]
Kind = Literal["proven", "suspected", "settled", "refusal", "readiness"]

_KINDS: Mapping[str, Kind] = {
    "L0": "proven",
    "L1": "suspected",
    "L2": "settled",
    "R0": "refusal",
    "R1": "readiness",
}

CODES: Mapping[str, str] = {
    "R001": "only one outcome",
    "R002": "too few closed leads",
    "R003": "too few leads of an outcome",
    "R004": "no closed lead",
    "R009": "no moments to learn from, or none to test with",
    "R100": "what this much data can promise",
    "R101": "fewer than 40 won or 40 lost",
    "R102": "fewer than 1,000 closed leads or 120 won",
    "R103": "no spread in time",
    "R104": "constant column, left out",
    "R105": "column almost always missing",
    "R106": "column that names the lead, left out",
    "R107": "very rare outcome",
    "R108": "many repeated rows",
    "R109": "no column carries information",
    "R110": "rulebook dimension without a column",
    "R111": "nothing learned yet, the rules are served",
    "R112": "what more leads would gain",
    "R113": "cut to keep within the time limit",
    "R114": "recent snapshots used by weight",
    "R115": "teams known only as they are now",
    "R116": "a name in the settings that nothing in the data has",
    "L001": "filled only after closing, left out (by open leads)",
    "L002": "filled only after closing, left out (by the history's times)",
    "L101": "one column gives the outcome away",
    "L102": "being filled gives the outcome away",
    "L103": "values that belong to one outcome",
    "L104": "name or values that speak of what is known late, and close to the outcome",
    "L105": "tells far more shortly before closing than early",
    "L106": "a running number that stands for time",
    "L107": "leads of the test repeat leads that are learned from",
    "L108": "scores near perfect",
    "L200": "looks like a leak, but known in time (known_at)",
}

LEFT_OUT = frozenset({"R104", "R106", "L001", "L002"})


@dataclass(frozen=True)
class Finding:
    """One remark: `code` from `CODES`, the column it is about (None: the data as a whole), evidence and advice."""

    code: str
    level: Level
    column: str | None
    message: str
    advice: str

    @property
    def kind(self) -> Kind:
        """What the finding's number stands for."""
        return _KINDS[self.code[:2]]

    def to_dict(self) -> dict[str, str | None]:
        """The finding as the bundle's facts keep it."""
        return {
            "code": self.code,
            "kind": self.kind,
            "level": self.level,
            "column": self.column,
            "message": self.message,
            "advice": self.advice,
        }


def columns_left_out(findings: Iterable[Finding]) -> dict[str, str]:
    """The columns that training must not see, each with the reason."""
    return {
        finding.column: f"{finding.code}: {finding.message}"
        for finding in findings
        if finding.code in LEFT_OUT and finding.column is not None
    }


def refusals(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stop training."""
    return [finding for finding in findings if finding.kind == "refusal"]


def refuse_unready(findings: Iterable[Finding]) -> None:
    """Let leads that can carry a model pass.

    Raises:
        TrainingError: there are readiness errors (R0xx); the message lists every one.
    """
    refused = refusals(findings)
    if refused:
        lines = [f"{finding.code}: {finding.message} {finding.advice}".rstrip() for finding in refused]
        raise TrainingError("These leads cannot carry a model.\n  " + "\n  ".join(lines))
