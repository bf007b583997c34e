from __future__ import annotations

import threading
import time

import pyarrow as pa
import pytest

from leadml.predict.threads import side_by_side


def test_results_come_in_the_order_of_the_pieces_whichever_is_done_first():
    def slowest_first(piece):
        time.sleep(0.02 if piece == 0 else 0)
        return piece

    assert side_by_side(slowest_first, range(8)) == list(range(8))


def test_one_piece_or_one_processor_needs_no_thread(monkeypatch):
    here = threading.get_ident()
    assert side_by_side(lambda _: threading.get_ident(), [1]) == [here]
    monkeypatch.setattr(pa, "cpu_count", lambda: 1)
    assert side_by_side(lambda _: threading.get_ident(), [1, 2, 3]) == [here] * 3


def test_what_fails_in_a_thread_fails_here():
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda piece: 1 / piece, [1, 0])
