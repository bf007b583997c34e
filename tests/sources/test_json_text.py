from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from leadml.sources.json_text import json_text

TYPE = pa.list_(
    pa.struct(
        [
            ("reason", pa.string()),
            ('say "log_odds"', pa.float64()),
            ("n", pa.int64()),
            ("sure", pa.bool_()),
            ("deeper", pa.list_(pa.struct([("x", pa.float32())]))),
        ]
    )
)
ITEMS = st.none() | st.fixed_dictionaries(
    {
        "reason": st.none() | st.text(),
        'say "log_odds"': st.none() | st.floats(),
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "sure": st.none() | st.booleans(),
        "deeper": st.none() | st.lists(st.none() | st.fixed_dictionaries({"x": st.floats(width=32)}), max_size=3),
    }
)


@given(st.lists(st.none() | st.lists(ITEMS, max_size=4), max_size=8), st.integers(0, 3))
def test_it_reads_back_as_what_json_dumps_writes(rows: list[Any], cut: int) -> None:
    column = pa.array(rows, TYPE).slice(cut)
    read = [None if text is None else json.loads(text) for text in json_text(column).to_pylist()]
    assert json.dumps(_narrow(read)) == json.dumps(_narrow(column.to_pylist()))


def _narrow(value: Any) -> Any:
    """Single floats are written by their own shortest text."""
    if isinstance(value, list):
        return [_narrow(item) for item in value]
    if isinstance(value, dict):
        return {k: pa.scalar(v, pa.float32()).as_py() if k == "x" else _narrow(v) for k, v in value.items()}
    return value


def test_reasons_are_written_byte_for_byte_as_json_dumps_does() -> None:
    rows = [[{"reason": 'Asked for a "demo", ü', "log_odds": 0.41}, {"reason": "x\n", "log_odds": -2.0}], [], None]
    kind = pa.list_(pa.struct([("reason", pa.string()), ("log_odds", pa.float64())]))
    expected = [None if row is None else json.dumps(row, ensure_ascii=False) for row in rows]
    assert json_text(pa.array(rows, kind)).to_pylist() == expected


def test_what_json_does_not_know_is_its_text() -> None:
    column = pa.array([{"at": dt.date(2025, 3, 1)}, {"at": None}])
    assert json_text(column).to_pylist() == ['{"at": "2025-03-01"}', '{"at": null}']
    coded = pa.StructArray.from_arrays([pa.array(["a", None, "a"]).dictionary_encode()], ["level"])
    assert json_text(coded).to_pylist() == ['{"level": "a"}', '{"level": null}', '{"level": "a"}']
