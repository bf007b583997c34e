"""What every source promises of its transactions, its choice of rows and its lock."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from leadml.errors import SourceError
from leadml.sources import Among, Since, postgres_session, sqlite_session

HOSTILE = ["select", "a:b,c[d]", "x'); DROP TABLE leads;--", 'say "hi"', "two\nlines", "a.b", "Group", "ünï", "rowid"]
ROWS = pa.table({"id": ["a", "b", "c"], "grade": ["A", None, 'quote " , \n'], "note": ["x", "y", "ü 漢"]})


def _ids(rows: list[dict[str, Any]]) -> list[Any]:
    return [row["id"] for row in rows]


def test_what_is_written_is_read_back(place: Any) -> None:
    hostile = pa.table({name: [f"{name} 1", None, 'quote " comma , \n newline'] for name in HOSTILE})
    place.put("leads; -- 'x", hostile)
    assert "leads; -- 'x" + place.ending in place.source.tables()
    assert list(place.source.columns("leads; -- 'x" + place.ending)) == HOSTILE
    assert place.read("leads; -- 'x") == hostile.to_pylist()
    assert place.source.count("leads; -- 'x" + place.ending) == 3


def test_rows_with_a_known_key_are_replaced_and_others_added(place: Any) -> None:
    place.put("scores", ROWS)
    change_rows = pa.table({"id": ["b", "d"], "grade": ["B", "D"]})
    for _ in range(2):
        with place.source.transaction() as change:
            change.upsert("scores" + place.ending, change_rows, key=["id"])
    rows = {row["id"]: row for row in place.read("scores")}
    assert len(place.read("scores")) == 4
    assert rows["b"] == {"id": "b", "grade": "B", "note": "y"}  # a further column keeps what it held
    assert rows["d"] == {"id": "d", "grade": "D", "note": None}
    assert rows["c"] == ROWS.to_pylist()[2]


def test_a_table_is_made_and_given_the_columns_it_lacks(place: Any) -> None:
    with place.source.transaction() as change:
        change.upsert("scores" + place.ending, ROWS.select(["id"]), key=["id"])
    with place.source.transaction() as change:
        change.upsert("scores" + place.ending, ROWS.select(["note", "id"]).slice(1), key=["id"])
    assert {row["id"]: row["note"] for row in place.read("scores", ["id", "note"])} == {
        "a": None,
        "b": "y",
        "c": "ü 漢",
    }


def test_keys_of_two_columns_are_one_key(place: Any) -> None:
    rows = pa.table({"id": ["a", "a", "b"], "at": ["1", "2", "1"], "n": ["x", "y", "z"]})
    for content in (rows, rows.slice(1).set_column(2, "n", pa.array(["Y", "Z"]))):
        with place.source.transaction() as change:
            change.upsert("t" + place.ending, content, key=["id", "at"])
    assert sorted(row["n"] for row in place.read("t")) == ["Y", "Z", "x"]


def test_several_tables_change_at_once_or_not_at_all(place: Any, tmp_path: Path) -> None:
    place.put("scores", ROWS)
    tables, files = place.source.tables(), sorted(tmp_path.iterdir())

    def stumble() -> None:
        with place.source.transaction() as change:
            change.append("history" + place.ending, ROWS)
            change.append("scores" + place.ending, ROWS.set_column(0, "id", pa.array(["x", "y", "z"])))
            change.upsert("scores" + place.ending, ROWS.set_column(1, "grade", pa.array(["Z"] * 3)), key=["id"])
            change.remove("scores" + place.ending, Among("id", pa.array(["a"])))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stumble()
    assert (place.source.tables(), place.read("scores")) == (tables, ROWS.to_pylist())
    assert sorted(tmp_path.iterdir()) == files  # nothing is left behind


def test_readers_see_what_was_there_until_all_is_changed(place: Any) -> None:
    place.put("scores", ROWS)
    with place.source.transaction() as change:
        change.upsert("scores" + place.ending, pa.table({"id": ["a", "d"]}), key=["id"])
        change.append("history" + place.ending, ROWS)
        assert place.read("scores") == ROWS.to_pylist()
        assert "history" + place.ending not in place.source.tables()
    assert len(place.read("scores")) == 4
    assert place.read("history") == ROWS.to_pylist()


def test_two_that_write_at_once_do_so_one_after_the_other_or_the_second_is_refused(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_session, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(postgres_session, "LOCK_SECONDS", 0.05)
    first, second = pa.table({"id": ["first"]}), pa.table({"id": ["second"]})
    place.put("t", first)
    both = place.kind == "duckdb"  # within one process; others are kept out
    with place.source.transaction() as one:
        one.append("t" + place.ending, first)
        with (
            nullcontext() if both else pytest.raises(SourceError, match=r"is locked by|is already being done by"),
            place.source.transaction() as two,
        ):
            two.append("t" + place.ending, second)
        one.append("t" + place.ending, first)
    assert sorted(_ids(place.read("t"))) == ["first"] * 3 + ["second"] * both


def test_a_later_change_sees_the_earlier_ones_of_its_transaction(place: Any) -> None:
    with place.source.transaction() as change:
        change.append("t" + place.ending, ROWS)
        change.upsert("t" + place.ending, pa.table({"id": ["a"], "grade": ["Z"]}), key=["id"])
        change.remove("t" + place.ending, Among("id", pa.array(["b"])))
        change.append("t" + place.ending, pa.table({"id": ["b"]}))
    assert {row["id"]: row["grade"] for row in place.read("t")} == {"a": "Z", "c": 'quote " , \n', "b": None}


def test_exactly_the_rows_named_are_taken_out(place: Any) -> None:
    place.put("t", pa.table({"id": ["a", " b\t", "c", None, "B", "bb"], "x": ["x"] * 6}))
    with place.source.transaction() as change:
        change.remove("t" + place.ending, Among("id", pa.array(["b", "c", "nobody", "'; --"])))
        change.remove("missing" + place.ending, Among("id", pa.array(["b"])))
    assert _ids(place.read("t")) == ["a", None, "B", "bb"]


def test_rows_are_taken_out_by_a_number(place: Any) -> None:
    place.put("t", pa.table({"id": [1, 2, 10], "x": [1.0, 2.5, None]}))
    with place.source.transaction() as change:
        change.remove("t" + place.ending, Among("id", pa.array(["1", "x"])))
        change.remove("t" + place.ending, Among("x", pa.array(["2.5"])))
    assert [int(n) for n in _ids(place.read("t"))] == [10]


def test_doubles_of_a_key_are_refused(place: Any) -> None:
    place.put("t", pa.table({"id": ["a", "a"], "x": ["1", "2"]}))
    with (
        pytest.raises(SourceError, match=r"has rows with the same id, .*Take the doubles out.*nothing changed"),
        place.source.transaction() as change,
    ):
        change.upsert("t" + place.ending, pa.table({"id": ["b"], "x": ["3"]}), key=["id"])
    assert _ids(place.read("t")) == ["a", "a"]


def test_a_row_without_its_key_is_refused(place: Any) -> None:
    with pytest.raises(SourceError, match="lack their id"), place.source.transaction() as change:
        change.upsert("t" + place.ending, pa.table({"id": ["b", None]}), key=["id"])


def test_some_rows_are_read_and_counted_by_their_trimmed_text(place: Any) -> None:
    place.put("t", pa.table({"n": [1, 2, 3, 4, 5], "id": ["L1", " L2\u2003", "L10", None, "l1"]}))
    among = Among("id", pa.array(["L1", "L2", "L7", "x' OR 1=1"]))
    found = [row for batch in place.source.stream("t" + place.ending, ["n"], rows=among) for row in batch.to_pylist()]
    assert [int(row["n"]) for row in found] == [1, 2]
    assert place.source.count("t" + place.ending, among) == 2
    by_number = Among("n", pa.array(["3", "5", "no number"]))
    assert place.source.count("t" + place.ending, by_number) == 2
    assert place.source.count("t" + place.ending, Among("n", pa.array([], pa.string()))) == 0


TIMES = {
    "2024-03-01 10:00:00": True,
    "2024-03-01 09:59:59": False,
    " 2024-03-01T10:00": True,
    "2024-03-01 23:00+14:00": False,
    "2024-02-29 22:00:00-13:00": True,
    "01.03.2024 11:00": True,
    "01.03.2024": False,
    "02/03/2024": True,
    "12/01/2023": False,
    "never": True,
    "2023-01-01": False,
    "2023-02-30": False,
    None: True,
}


def test_rows_since_a_moment_are_those_at_or_after_it_and_those_that_say_nothing(place: Any) -> None:
    place.put("t", pa.table({"at": list(TIMES), "id": [str(n) for n in range(len(TIMES))]}))
    since = Since("at", dt.datetime(2024, 3, 1, 10))  # noqa: DTZ001 - leadml's times are naive UTC
    batches = place.source.stream("t" + place.ending, ["id"], rows=since)
    found = {int(row["id"]) for batch in batches for row in batch.to_pylist()}
    assert found == {number for number, late in enumerate(TIMES.values()) if late}
    assert place.source.count("t" + place.ending, since) == len(found)


HOLD = """
import sys, time
from leadml.sources import open_source
source = open_source(sys.argv[1])
with source.exclusive("scoring"):
    print("held", flush=True)
    sys.stdin.readline()
    with source.transaction():
        print("writing", flush=True)
        time.sleep(60)
"""


def test_nobody_else_holds_the_lock_or_writes_until_its_process_is_gone(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_session, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(postgres_session, "LOCK_SECONDS", 0.1)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, place.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdin is not None
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            with (
                pytest.raises(SourceError, match=rf"scoring .*already being done by .*{holder.pid}.*Wait"),
                place.source.exclusive("scoring"),
            ):
                pytest.fail("both hold it")
            with place.source.exclusive("training"):
                pass
            print(file=holder.stdin, flush=True)
            assert holder.stdout.readline() == "writing\n"
            with (
                pytest.raises(SourceError, match=r"locked by another|being written by|being done by"),
                place.source.transaction(),
            ):
                pytest.fail("both write")
        finally:
            holder.kill()
    with place.source.exclusive("scoring"), pytest.raises(SourceError), place.source.exclusive("scoring"):
        pytest.fail("both hold it")
    with place.source.exclusive("scoring"):
        pass
