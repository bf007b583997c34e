from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leadml.demo import CompanySummary, write_company


@dataclass
class Company:
    path: Path
    truth_path: Path
    summary: CompanySummary
    leads: sqlite3.Connection
    truth: sqlite3.Connection


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("company")
    path, truth_path = folder / "company.db", folder / "truth.db"
    summary = write_company(path, leads=4_000, seed=3, truth=truth_path)
    leads, truth = sqlite3.connect(path), sqlite3.connect(truth_path)
    leads.row_factory = sqlite3.Row
    yield Company(path, truth_path, summary, leads, truth)
    leads.close()
    truth.close()
