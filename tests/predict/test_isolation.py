"""Serving needs numpy and pyarrow, and nothing else that has to be installed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from leadml.predict import save_scorer

BLOCKED = ["pandas", "sklearn", "scipy", "lightgbm", "mlflow", "duckdb", "pydantic", "typer", "rich", "altair"]

SCRIPT = """
import json, sys

class Absent:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in json.loads(sys.argv[2]):
            raise ImportError(f"{name} is not installed")

sys.meta_path.insert(0, Absent)
before = set(sys.modules)
from leadml.predict import load_scorer
scored = load_scorer(sys.argv[1]).score(json.loads(sys.argv[3]))
imported = sorted({name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names)
own = sorted(name for name in sys.modules if name.startswith("leadml."))
print(json.dumps({"rows": scored.drop_columns(["as_of"]).to_pylist(), "imported": imported, "own": own}))
"""


@pytest.fixture(scope="module")
def served(scorer, rows_of, tmp_path_factory):
    """What a fresh process says of the same rows, with the optional packages (True) absent or (False) at hand."""
    path = tmp_path_factory.mktemp("served") / "model.leadml"
    saved = save_scorer(scorer, path)
    rows = [
        {name: str(value) if hasattr(value, "year") else value for name, value in row.items() if value is not None}
        for row in rows_of(scorer, 11, 30).to_pylist()
    ]
    rows = [{name: value for name, value in row.items() if value not in (float("inf"), -float("inf"))} for row in rows]

    def run(absent):
        command = [sys.executable, "-c", SCRIPT, str(path), json.dumps(BLOCKED if absent else []), json.dumps(rows)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert not done.returncode, done.stderr
        return json.loads(done.stdout)

    expected = saved.score(rows).drop_columns(["as_of"]).to_pylist()
    return {absent: run(absent) for absent in (True, False)}, expected


@pytest.mark.parametrize("absent", [True, False])
def test_a_bundle_scores_with_reasons_where_only_numpy_and_pyarrow_are_installed(served, absent):
    told, expected = served
    assert told[absent]["rows"] == expected
    assert any(row["reasons_for"] for row in expected)
    assert any(row["reasons_against"] for row in expected)


@pytest.mark.parametrize("absent", [True, False])
def test_nothing_else_is_imported_even_where_it_is_installed(served, absent):
    told, _ = served
    named = {name for name in told[absent]["imported"] if not name.startswith("_")}
    # pyarrow brings the last two.
    assert named <= {"leadml", "numpy", "pyarrow", "cloudpickle", "cython_runtime"}


def test_only_the_serving_core_of_leadml_is_imported(served):
    told, _ = served
    assert {name for name in told[True]["own"] if not name.startswith("leadml.predict")} == {
        "leadml.errors",
        "leadml.replacing",
    }
