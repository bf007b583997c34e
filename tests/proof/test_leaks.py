"""What the audit says of companies whose leaks are known: `onboarding_manager` is one, every other column is honest."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadml.config import load_settings
from leadml.demo import write_company
from leadml.operations.init import propose, write_settings
from leadml.operations.project import Project
from leadml.training.examination import examine

LEAK = {"onboarding_manager"}


def examined(folder: Path, seed: int, leads: int) -> tuple[set[str | None], list[str]]:
    """The columns proven to leak, and "CODE column" of every suspicion."""
    database, config = folder / f"{seed}.sqlite", folder / f"{seed}.toml"
    write_company(database, leads=leads, seed=seed)
    write_settings(propose(f"sqlite:///{database}"), config)
    project = Project(load_settings(config))
    findings = examine(project.read(), project.choices()).findings
    database.unlink()
    proven = {finding.column for finding in findings if finding.kind == "proven"}
    return proven, [f"{finding.code} {finding.column}" for finding in findings if finding.kind == "suspected"]


@pytest.mark.parametrize("seed", [200])
def test_in_a_small_company_only_the_leak_is_proven_and_no_honest_column_is_suspected(tmp_path, seed) -> None:
    assert examined(tmp_path, seed, leads=2000) == (LEAK, [])


@pytest.mark.proof
def test_in_twenty_companies_the_leak_is_proven_and_no_honest_column_is(tmp_path) -> None:
    suspected = []
    for seed in range(1000, 1020):
        proven, suspicions = examined(tmp_path, seed, leads=20_000)
        suspected += suspicions
        print(f"seed {seed}: proven {sorted(map(str, proven))}, suspected {suspicions}", flush=True)
        assert proven == LEAK
    print(f"{len(suspected)} suspicions on honest columns in 20 companies")
    assert len(suspected) <= 2
