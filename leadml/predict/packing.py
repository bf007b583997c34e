"""Rows of small whole numbers and a few floats as short texts, and back: what a score row keeps of its inputs.

A text is the base64 of: a version byte; four bytes of a checksum that starts from what the row belongs to; words, each
a run of digits in mixed radix (one digit per code, and one per float that says whether it is there); the floats that
are not 0, eight bytes each; and zeros up to a multiple of three bytes, so that all rows are encoded at once. Everything
is little-endian. Nothing is done row by row.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.errors import BundleError
from leadml.predict.arrays import Mask
from leadml.predict.encoding import Floats

VERSION = 1
_CHECK = 4  # bytes of the checksum, behind the version
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 over the golden ratio: spreads what it multiplies over all bits

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Words = np.ndarray[Any, np.dtype[np.uint64]]
Lengths = np.ndarray[Any, np.dtype[np.int64]]


class Packing:
    """Rows of digits, the n-th below `sizes[n]`, and of `floats` numbers that are mostly 0."""

    def __init__(self, sizes: Sequence[int], floats: int, belongs_to: bytes) -> None:
        self._digits, self._floats = len(sizes), floats
        self._runs = _runs([*sizes, *(2 for _ in range(floats))])
        self._widths = [((_product(run) - 1).bit_length() + 7) // 8 for run in self._runs]
        self._fixed = 1 + _CHECK + sum(self._widths)
        self._seed = np.uint64(int.from_bytes(belongs_to[:8], "little"))

    def pack(self, digits: Sequence[np.ndarray[Any, Any]], floats: Sequence[Floats], count: int) -> pa.Array:
        """One text per row, of `count` rows; string array."""
        bits = [np.ascontiguousarray(values).view(np.uint64) for values in floats]
        there = [each != 0 for each in bits]
        words = self._to_words([*digits, *there], count)
        start = self._fixed
        rows = np.zeros((count, start + 8 * len(bits) + 2), np.uint8)
        rows[:, 0] = VERSION
        rows[:, 1 : 1 + _CHECK] = _bytes_of(self._check([*words, *bits], count), _CHECK)
        at = 1 + _CHECK
        for word, width in zip(words, self._widths, strict=True):
            rows[:, at : at + width] = _bytes_of(word, width)
            at += width
        for number, each in enumerate(bits):
            rows[:, start + 8 * number : start + 8 * number + 8] = _bytes_of(each, 8)
        bare = self._length(there, count)
        lengths = bare + (-bare) % 3
        return _as_texts(rows[self._kept(there, bare)] if there else rows[:, : lengths.max(initial=0)], lengths)

    def unpack(self, texts: pa.Array) -> tuple[list[Words], list[Floats]]:
        """Digits and floats of each text, each of shape (rows,).

        Raises:
            BundleError: a text is damaged, or belongs to something else.
        """
        flat, starts, lengths = _from_texts(texts, self._fixed)
        fixed = flat[starts[:, None] + np.arange(self._fixed)]
        _refuse(fixed[:, 0] != VERSION, "are of a version that this one of leadml does not know, or damaged")
        words, at = [], 1 + _CHECK
        for width in self._widths:
            words.append(_number_of(fixed[:, at : at + width]))
            at += width
        digits, wrong = self._to_digits(words)
        there = [digit == 1 for digit in digits[self._digits :]]
        bare = self._length(there, len(starts))
        wrong |= lengths != bare + (-bare) % 3
        _refuse_damaged(wrong)
        bits, at_row = [], starts + self._fixed
        for each in there:
            number = np.zeros(len(starts), np.uint64)
            number[each] = _number_of(flat[at_row[each][:, None] + np.arange(8)])
            at_row = at_row + 8 * each
            bits.append(number)
        found = _bytes_of(self._check([*words, *bits], len(starts)), _CHECK)
        wrong = (found != fixed[:, 1 : 1 + _CHECK]).any(axis=1)
        for pad in (0, 1):
            inside = at_row + pad < starts + lengths
            wrong[inside] |= flat[(at_row + pad)[inside]] != 0
        _refuse_damaged(wrong)
        return digits[: self._digits], [each.view(np.float64) for each in bits]

    def _to_words(self, digits: Sequence[np.ndarray[Any, Any]], count: int) -> list[Words]:
        words, at = [], 0
        for run in self._runs:
            word = np.zeros(count, np.uint64)
            for size, digit in zip(run, digits[at : at + len(run)], strict=True):
                word *= np.uint64(size)
                word += digit.astype(np.uint64)
            words.append(word)
            at += len(run)
        return words

    def _to_digits(self, words: Sequence[Words]) -> tuple[list[Words], Mask]:
        """The digits, and of which rows a word is larger than its digits can be."""
        digits: list[Words] = []
        wrong = np.zeros(len(words[0]) if words else 0, np.bool_)
        for run, word in zip(self._runs, words, strict=True):
            rest, own = word, []
            for size in reversed(run):
                above = rest // np.uint64(size)  # by one number, which numpy does far faster than divmod
                own.append(rest - above * np.uint64(size))
                rest = above
            digits += reversed(own)
            wrong |= rest != 0
        return digits, wrong

    def _length(self, there: Sequence[Mask], count: int) -> Lengths:
        """How many bytes each row takes, without the zeros behind."""
        return self._fixed + 8 * sum((each.astype(np.int64) for each in there), np.zeros(count, np.int64))

    def _kept(self, there: Sequence[Mask], bare: Lengths) -> Mask:
        """Which bytes of a full row are written."""
        keep = np.zeros((len(bare), self._fixed + 8 * self._floats + 2), np.bool_)
        keep[:, : self._fixed] = True
        for number, each in enumerate(there):
            keep[:, self._fixed + 8 * number : self._fixed + 8 * number + 8] = each[:, None]
        keep[:, -2] = bare % 3 != 0
        keep[:, -1] = bare % 3 == 1
        return keep

    def _check(self, words: Sequence[Words], count: int) -> Words:
        check = np.full(count, self._seed)
        for word in words:
            check ^= word
            check *= _GOLDEN
            check ^= check >> np.uint64(29)
        return check


def _runs(sizes: Sequence[int]) -> list[list[int]]:
    """The sizes cut into runs whose numbers fit 64 bits."""
    runs: list[list[int]] = [[]]
    for size in sizes:
        if _product(runs[-1]) * size > 2**64:
            runs.append([])
        runs[-1].append(size)
    return runs


def _product(sizes: Sequence[int]) -> int:
    product = 1
    for size in sizes:
        product *= size
    return product


def _bytes_of(words: Words, width: int) -> Bytes:
    """The lowest bytes of each word, shape (rows, width)."""
    return words.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :width]


def _number_of(given: Bytes) -> Words:
    """The word of which these are the lowest bytes; shape (rows,)."""
    whole = np.zeros((len(given), 8), np.uint8)
    whole[:, : given.shape[1]] = given
    return whole.view("<u8").reshape(-1).astype(np.uint64)


def _as_texts(kept: Bytes, lengths: Lengths) -> pa.Array:
    data = binascii.b2a_base64(np.ascontiguousarray(kept).data, newline=False)
    offsets = np.concatenate([[0], np.cumsum(lengths // 3 * 4)]).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), len(lengths), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _from_texts(texts: pa.Array, least: int) -> tuple[Bytes, Lengths, Lengths]:
    """All bytes, and where each row's begin and how many they are."""
    if texts.null_count:
        _refuse_damaged(np.array([text is None for text in texts.to_pylist()]))
    _, places, data = texts.buffers()
    if not len(texts):
        return np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64)
    offsets = np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    sizes = np.diff(offsets)
    _refuse_damaged((sizes % 4 != 0) | (sizes // 4 * 3 < least))
    try:
        flat = binascii.a2b_base64(data.slice(offsets[0], offsets[-1] - offsets[0]), strict_mode=True)
    except binascii.Error:
        flat = b""
    if len(flat) != sizes.sum() // 4 * 3:
        _refuse_damaged(np.array([not _is_base64(text) for text in texts.to_pylist()]))
    return np.frombuffer(flat, np.uint8), (offsets[:-1] - offsets[0]) // 4 * 3, sizes // 4 * 3


def _is_base64(text: str) -> bool:
    try:
        return len(binascii.a2b_base64(text, strict_mode=True)) == len(text) // 4 * 3
    except (binascii.Error, ValueError):
        return False


def _refuse_damaged(wrong: Mask) -> None:
    _refuse(wrong, "are damaged, or were written by another bundle than this one")


def _refuse(wrong: Mask, why: str) -> None:
    if wrong.any():
        raise BundleError(
            f"The inputs of row {int(np.argmax(wrong)) + 1} {why}. "
            "Replay them with the bundle whose digest stands beside them, as they were written."
        )
