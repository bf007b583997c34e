"""Whatever a file of the user holds: it is used, or refused in words; nothing crashes, hangs or ends in a trace."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from leadml.errors import ColumnsError
from tests.proof.fuzzing import ENDS, SECONDS, kinds, outcome

CASES = {
    "configuration": 20_000,
    "rulebook": 20_000,
    "bundle": 20_000,
    "forged bundle": 20_000,
    "csv": 20_000,
    "parquet": 20_000,
    "sqlite": 20_000,
}
AT_ONCE = 1000
FEW = 25


def campaign(label: str, cases: int, folder: Path) -> list[tuple[int, str]]:
    """Run cases in processes of their own, and give those that did not end as they should."""
    findings: list[tuple[int, str]] = []
    number = 0
    while number < cases:
        count = min(AT_ONCE, cases - number)
        command = [sys.executable, "-m", "tests.proof.fuzzing", label, str(number), str(count), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        findings += [(int(case), found) for case, found in map(json.loads, lines)]
        if done.returncode:  # the case that ended the process is the last one that was written down
            number = int((folder / "case").read_text())
            what = f"hung for {SECONDS} s" if "Timeout" in done.stderr else f"died ({done.returncode})"
            findings.append((number, f"{what}: {done.stderr[-1000:]}"))
            number += 1
        else:
            number += count
    return findings


@pytest.mark.parametrize("label", CASES)
def test_a_few_wrong_files_of_each_kind_are_used_or_refused_in_words(label, tmp_path) -> None:
    kind = kinds(tmp_path)[label]
    found = {number: outcome(kind, label, number, tmp_path) for number in range(FEW)}
    assert {number: what for number, what in found.items() if what not in ENDS} == {}
    assert "refused" in found.values()


def test_what_a_file_holds_is_quoted_so_that_it_can_be_read() -> None:
    told = str(ColumnsError("the value '\x1b[2J\x00\u202e' of column 'a'\nis wrong: " + "A" * 5000 + ". Mend it."))
    first, second = told.split("\n")
    assert first == r"the value '\x1b[2J\x00\u202e' of column 'a'"
    assert len(second) < 1100
    assert second.endswith("A. Mend it.")


@pytest.mark.proof
@pytest.mark.parametrize("label", CASES)
def test_thousands_of_wrong_files_of_each_kind_are_used_or_refused_in_words(label, tmp_path) -> None:
    assert campaign(label, CASES[label], tmp_path) == []
