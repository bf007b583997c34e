"""The strongest reasons of many rows.

What a table says is a matter of the code, so all that tables can say is put in order once. A row's strongest reasons
are then the lowest of a few whole numbers; which reason that is, and its log-odds, is looked up for the winners alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict.arrays import from_numpy, from_texts
from leadml.predict.encoding import Codes, Floats
from leadml.predict.terms import Term

Indices = np.ndarray[Any, np.dtype[np.intp]]
Places = np.ndarray[Any, np.dtype[np.int32]]
Ranks = np.ndarray[Any, np.dtype[Any]]

REASONS_TYPE = pa.list_(pa.struct([("reason", pa.dictionary(pa.int32(), pa.string())), ("log_odds", pa.float64())]))


class ReasonPicker:
    """Picks each row's strongest terms and gives them as text, made once per term and code, not once per row.

    Args:
        terms: all of them, in the order of the sum.
        by_code: those of them whose log-odds are a matter of their code alone.
    """

    def __init__(self, terms: Sequence[Term], by_code: slice) -> None:
        offsets = np.cumsum([0, *(len(term.texts) for term in terms)])[:-1].astype(np.int32)
        self._texts = from_texts([text for term in terms for text in term.texts])
        self._offsets, self._by_code = offsets, by_code
        log_odds = [np.asarray(term.log_odds) for term in terms[by_code]]
        self._for = _Ranking(log_odds, offsets[by_code], sign=1)
        self._against = _Ranking(log_odds, offsets[by_code], sign=-1)

    def pick(self, matrix: Floats, codes: Sequence[Codes], most: int) -> tuple[pa.ListArray, pa.ListArray]:
        """The strongest reasons for and against each row, strongest first.

        Args:
            matrix: log-odds of each term for each row, shape (terms, rows).
            codes: code of each term for each row, each of shape (rows,).
            most: how many reasons each way at the most; a term is a reason only for the direction it speaks in.

        Returns:
            Two lists per row of structs (reason, log_odds). Ties go to the term that comes first in the sum.
        """
        most = min(most, len(matrix))
        return self._lists(self._for, matrix, codes, most), self._lists(self._against, matrix, codes, most)

    def _lists(self, ranking: _Ranking, matrix: Floats, codes: Sequence[Codes], most: int) -> pa.ListArray:
        log_odds, places = ranking.best(codes[self._by_code], most, matrix.shape[1])
        if most and len(codes) > len(codes[self._by_code]):
            log_odds, places = self._with_others(ranking.sign, log_odds, places, matrix, codes, most)
        keep = log_odds != 0
        reasons = pa.StructArray.from_arrays(
            [pa.DictionaryArray.from_arrays(from_numpy(places[keep]), self._texts), from_numpy(log_odds[keep])],
            fields=list(REASONS_TYPE.value_type),
        )
        offsets = np.zeros(len(keep) + 1, np.int32)
        np.cumsum(keep.sum(axis=1, dtype=np.int32), out=offsets[1:])
        return pa.ListArray.from_arrays(from_numpy(offsets), reasons)

    def _with_others(
        self, sign: int, log_odds: Floats, places: Places, matrix: Floats, codes: Sequence[Codes], most: int
    ) -> tuple[Floats, Places]:
        """The best of those picked by their codes and of all other terms, which stand before and behind them."""
        own = [offset + code.astype(np.int32) for offset, code in zip(self._offsets, codes, strict=True)]
        before, behind = slice(0, self._by_code.start), slice(self._by_code.stop, None)
        rest = np.stack([*matrix[before], *log_odds.T, *matrix[behind]], axis=1)
        place = np.stack([*own[before], *places.T, *own[behind]], axis=1)
        picked = [_take_out(rest, *_STRONGEST[sign]) for _ in range(most)]
        columns = np.stack([column for column, _ in picked], axis=1)
        return np.stack([value for _, value in picked], axis=1), np.take_along_axis(place, columns, axis=1)


class _Ranking:
    """Everything that terms can say in one direction, the strongest first; of equals the first term's.

    `log_odds` are the terms' tables, `offsets` the place of each term's first text among all texts.
    """

    def __init__(self, log_odds: Sequence[Floats], offsets: Places, sign: int) -> None:
        self.sign = sign
        said = np.concatenate([*log_odds, np.zeros(1)])  # the last one: nothing
        ends = np.cumsum([len(table) for table in log_odds], dtype=np.intp)
        places = [np.arange(offset, offset + len(table)) for offset, table in zip(offsets, log_odds, strict=True)]
        strength = np.maximum(sign * said, 0.0)
        order = np.argsort(-strength, kind="stable")  # the tables are in the order of the terms
        self._log_odds = np.where(strength > 0, said, 0.0)[order]
        self._places = np.concatenate([*places, [0]]).astype(np.int32)[order]
        ranks = np.empty(len(order), np.uint16 if len(order) <= 1 << 16 else np.uint32)
        ranks[order] = np.arange(len(order))
        self._ranks = np.split(ranks[:-1], ends[:-1]) if log_odds else []
        self._nothing = ranks[-1]

    def best(self, codes: Sequence[Codes], most: int, count: int) -> tuple[Floats, Places]:
        """Log-odds of the strongest reasons of `count` rows and the places of their texts, both of (rows, most).

        Log-odds of 0 say that there is no reason left.
        """
        best = np.full((most, count), self._nothing)
        for ranks, code in zip(self._ranks, codes, strict=True):
            _insert(ranks.take(code), best)
        best = best.T.copy()
        return self._log_odds.take(best), self._places.take(best)


def _insert(ranks: Ranks, best: Ranks) -> None:
    """Put one more rank of each row among its lowest ones, which ascend; `best` has shape (ranks kept, rows)."""
    for kept in best:
        passed = np.maximum(ranks, kept)
        np.minimum(ranks, kept, out=kept)
        ranks = passed


_STRONGEST: dict[int, tuple[Callable[..., Indices], np.ufunc]] = {
    1: (np.argmax, np.maximum),
    -1: (np.argmin, np.minimum),
}


def _take_out(rest: Floats, strongest: Callable[..., Indices], towards: np.ufunc) -> tuple[Indices, Floats]:
    """Each row's strongest term in one direction and its log-odds, 0 where none speaks so; zeroed in `rest`."""
    term = strongest(rest, axis=1)
    at = (np.arange(len(rest)), term)
    value: Floats = towards(rest[at], 0.0)
    rest[at] -= value
    return term, value
