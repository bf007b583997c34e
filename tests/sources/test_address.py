from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from leadml.errors import SourceError
from leadml.sources import masked, open_source


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "crm?#.db"  # a name that means something else inside an address
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE leads (id)")
    return path


def test_a_database_is_found_by_relative_and_absolute_address_and_by_path(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(database.parent)
    for url in ("sqlite:///crm?#.db", f"sqlite:///{database}", "crm?#.db", str(database)):
        assert open_source(url).tables() == ["leads"]


def test_a_database_is_known_by_its_content_too(database: Path) -> None:
    other = database.rename(database.with_name("crm.data"))
    assert open_source(str(other)).tables() == ["leads"]


@pytest.mark.parametrize(
    "url",
    [
        "oracle://ann:s3cret@host/crm",
        "mysql://ann:s3cret/with@signs@host/crm",
        "oracle://host/crm?user=ann&password=s3cret",
    ],
)
def test_secrets_in_an_address_are_never_shown(url: str) -> None:
    with pytest.raises(SourceError, match=r"is not supported. Use sqlite:///PATH") as refusal:
        open_source(url)
    assert "s3cret" not in str(refusal.value) + masked(url)
    assert "host/crm" in masked(url)


def test_a_missing_path_names_what_lies_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leads.csv").write_text("id\n1\n", "utf-8")
    with pytest.raises(SourceError, match=r"There is no file or folder .*laeds.csv. Did you mean 'leads.csv'\?"):
        open_source("laeds.csv")
    with pytest.raises(SourceError, match=r"There is no database .*crm.db"):
        open_source("sqlite:///crm.db")


@pytest.mark.parametrize("scheme", ["", "sqlite:///", "duckdb:///"])
@pytest.mark.parametrize("path", ["a\0b.csv", "a" * 5000, "~nobody-at-all/a.csv", "\udc80.csv"])
def test_a_path_that_can_be_none_is_refused_in_words(scheme, path):
    with pytest.raises(SourceError, match=r"no path of|There is no"):
        open_source(scheme + path)
