"""Without the extra `train`, what needs it says so, and serving does not."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import sys
for name in ("pandas", "sklearn", "typer", "rich", "pydantic", "duckdb", "lightgbm", "altair"):
    sys.modules[name] = None
"""


def call(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WITHOUT + code], capture_output=True, text=True, check=False)


def test_the_command_line_names_the_extra_and_exits_with_2() -> None:
    done = call("from leadml.__main__ import main; main()")
    assert done.returncode == 2
    assert "pip install 'leadml[train]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_needs_the_extra_says_so_when_it_is_used() -> None:
    done = call(
        "import leadml\nfrom leadml.errors import MissingExtraError\n"
        "try:\n    leadml.LeadScorer\nexcept MissingExtraError as error:\n    print(error)"
    )
    assert "leadml.LeadScorer needs the package" in done.stdout
    assert "pip install 'leadml[train]'" in done.stdout


def test_every_public_name_is_there_and_no_other() -> None:
    import leadml

    assert all(getattr(leadml, name) for name in leadml.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'leadscorer'"):
        leadml.leadscorer  # noqa: B018
