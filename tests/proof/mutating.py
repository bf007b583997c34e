"""Valid files made wrong by chance: as bytes, as lines, as values of another type, and as what nobody would write."""

from __future__ import annotations

import random
import re

TOKENS = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3\x28", b"\xed\xa0\x80", b"\r", b"\n\n", b"\t", b"\x1b[2J", b"\x7f"),
    *(b"1e999", b"-1", b"0", b"9" * 40, b"9" * 5000, b"nan", b"-inf", b"1e-320", b"0x10", b"1_000", b"-0.0", b"2**63"),
    *(b'""', b"'", b'"', b'"""', b"[", b"]", b"{", b"}", b"=", b",", b";", b"#", b"\\", b"%s", b"{0}", b"../../etc"),
    *("é".encode(), "𝔘".encode(), "\u202e".encode(), "\u2028".encode(), "\ufeff".encode(), "ı".encode(), "ß".encode()),
    *(b"null", b"None", b"true", b"NULL", b"A" * 70_000, b"[" * 3000, b"{a=" * 500, b"2024-02-30", b"9999-12-31"),
)
VALUES = (
    *(b"[]", b"{}", b"true", b"false", b'""', b'"x"', b"0", b"-1", b"1e308", b"inf", b"nan", b"9223372036854775808"),
    *(b"1979-05-27", b"07:32:00", b"1979-05-27T07:32:00Z", b"[[1]]", b"{a = 1}", b'["a", 1]', b'["", ""]', b"[nan]"),
    *(
        b"null",
        b'"\\u0000"',
        b'"\\ud800"',
        b"1" * 30,
        b"-0.0",
        b'"*"',
        b'["*"]',
        b'"  "',
        b"0.5",
        b"1e-300",
        b'{"a": []}',
    ),
)
_VALUE = re.compile(rb'"[^"\n]*"|[-+\w.]+|\[[^\]\n]*\]')


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Give the content after one to four changes."""
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        content = chance.choice(_CHANGES)(content, chance)
    return content


def _flip(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content or b" ")
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwrite(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    new = chance.choice((b"\x00", b"\xff", b"\x7f", chance.randbytes(1))) * chance.choice((1, 2, 4, 8, 100))
    return content[:start] + new + content[start + len(new) :]


def _truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _insert(content: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + chance.choice(TOKENS) + content[start:]


def _slice(content: bytes, chance: random.Random) -> bytes:
    """Cut a slice out, or put it in again elsewhere, once or many times."""
    start = chance.randrange(len(content) + 1)
    piece = content[start : start + chance.choice((1, 4, 16, 64, 256, 4096))]
    if chance.random() < 0.5:
        return content[:start] + content[start + len(piece) :]
    place = chance.randrange(len(content) + 1)
    return content[:place] + piece * chance.choice((1, 1, 2, 50)) + content[place:]


def _lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    way = chance.randrange(3)
    if way == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif way == 1:
        lines.insert(other, lines[one])
    else:
        del lines[one]
    return b"\n".join(lines)


def _value(content: bytes, chance: random.Random) -> bytes:
    """Put a value of another type in the place of one."""
    found = list(_VALUE.finditer(content))
    if not found:
        return content
    one = chance.choice(found)
    return content[: one.start()] + chance.choice((*VALUES, *TOKENS)) + content[one.end() :]


def _swap(content: bytes, chance: random.Random) -> bytes:
    """Put one of the content's own values in the place of another."""
    found = [match.span() for match in _VALUE.finditer(content)]
    if not found:
        return content
    (start, end), (first, last) = chance.choice(found), chance.choice(found)
    return content[:start] + content[first:last] + content[end:]


_CHANGES = (_flip, _overwrite, _truncate, _insert, _slice, _lines, _value, _value, _value, _swap, _swap)
