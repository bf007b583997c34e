"""`leadml check`: what a training would find in the leads, without training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadml.operations.project import Project
from leadml.training.clock import Progress
from leadml.training.examination import examine
from leadml.training.findings import Finding, refusals
from leadml.training.trainer import check_asked


@dataclass(frozen=True)
class CheckRun:
    """What was found; `left_out` are the columns that training would not see, with the reason.

    `reading` says in one line what became of the rows read.
    """

    findings: tuple[Finding, ...]
    left_out: Mapping[str, str]
    reading: str
    assumptions: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing stops training."""
        return not refusals(self.findings)

    @property
    def by_rules(self) -> bool:
        """Whether training would serve the rules as stated, for want of leads to learn from."""
        return any(finding.code == "R111" for finding in self.findings)


def run_check(project: Project, *, progress: Progress) -> CheckRun:
    """Read and examine a project's leads as training does; nothing is written but the rejects.

    Raises:
        LeadmlError: the leads cannot be read, or the settings do not fit them.
    """
    progress("reading leads")
    tables = project.read_and_keep_rejects()
    choices = project.choices()
    examined = examine(tables, choices, progress=progress)
    if not refusals(examined.findings):
        check_asked(examined, choices)
    return CheckRun(examined.findings, examined.left_out, tables.summary(), tables.assumptions)
