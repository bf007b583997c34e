"""The tree is the architecture: imports run down only, and the serving core carries nothing but numpy and pyarrow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "leadml"

# From the bottom up; parts on one line are siblings and do not import each other.
LAYERS = [
    {"config", "schema", "errors", "quiet_duckdb", "replacing", "spreadsheet"},
    {"predict"},
    {"sources", "features", "rules", "lifecycle", "charts", "demo", "sql"},
    {"training"},
    {"estimator"},
    {"report"},
    {"operations"},
    {"cli"},
    {"__main__"},
]
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
# errors is what everyone may raise and schema what everyone may speak of.
SHARED = {"errors", "schema"}
SERVING = {"numpy", "pyarrow", "leadml"}


def _modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def _part(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "leadml")


@pytest.mark.parametrize("path", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_down_only(path: Path) -> None:
    own = _part(path)
    assert own in LEVEL, f"{own} has no place in the layers"
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] != "leadml" or len(parts) < 2:
            continue
        other = parts[1]
        if other in {own, *SHARED} or other.startswith("__"):
            continue
        assert other in LEVEL, f"{path}: imports {name}"
        assert LEVEL[other] < LEVEL[own], f"{own} imports {other}, which is not below it"


def test_the_serving_core_imports_numpy_and_pyarrow_only() -> None:
    import sys

    for path in (ROOT / "predict").rglob("*.py"):
        for name in _imports(path):
            top = name.split(".")[0]
            assert top in SERVING or top in sys.stdlib_module_names, f"{path}: imports {name}"


def test_nothing_that_loads_can_run_code() -> None:
    forbidden = {"pickle", "joblib", "cloudpickle", "dill", "marshal", "shelve", "yaml"}
    for path in _modules():
        assert not forbidden & {name.split(".")[0] for name in _imports(path)}, path
        calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
        names = {node.func.id for node in calls if isinstance(node.func, ast.Name)}
        assert not names & {"eval", "exec", "compile", "__import__"}, path
