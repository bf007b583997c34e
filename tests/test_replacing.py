from __future__ import annotations

from pathlib import Path

import pytest

from leadml.replacing import replacing


def test_readers_see_the_old_file_until_the_block_has_ended(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")
    with replacing(target) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")

    def write_half() -> None:
        with replacing(target) as draft:
            draft.write_text("ne")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_two_at_the_same_time_do_not_write_into_each_other(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    with replacing(target) as first, replacing(target) as second:
        first.write_text("first")
        second.write_text("second")
    assert target.read_text() == "first"
    assert list(tmp_path.iterdir()) == [target]
