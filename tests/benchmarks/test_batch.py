"""The benchmark from database to database runs: what leadml wrote is what the bare side writes again."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import batch, batch_sides
from benchmarks.companies import Company, forget_results, make_company, train_on


@pytest.fixture
def company(tmp_path: Path) -> Company:
    train_on(tmp_path, 300, 2, seconds=5, kind="linear")
    return make_company(tmp_path, f"sqlite:///{tmp_path / 'c.db'}", 300, 2)


def side(name: str, company: Company, more: str) -> batch.Measured:
    """What a process of its own would do."""
    measured = (
        batch_sides.score(company.config, more) if name == "score" else batch_sides.bare(company.config, Path(more))
    )
    return measured | {"peak": 1.0}


def test_every_side_is_measured_and_the_bare_one_writes_the_very_rows(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_side", side)
    lines = list(batch.measure(company, "sqlite", runs=1, without=()))
    assert [line.what.partition(" (")[0] for line in lines] == [
        "bare",
        "leadml score",
        "leadml score again, nothing new",
        "leadml score --leads changed, 1 % new",
        "the same beside a full run",
    ]
    assert all(line.seconds > 0 and line.leads == 300 for line in lines)
    source = company.project.source
    ours = {table: source.count(table) for table in source.tables()}
    assert ours["lead_scores"] == ours["lead_lifecycle"] == 300
    (folder := tmp_path / "kept").mkdir()
    batch._keep_results(company, folder)
    forget_results(company)
    assert set(source.tables()) == set(company.tables)
    batch_sides.bare(company.config, folder)
    assert {table: source.count(table) for table in source.tables()} == ours
