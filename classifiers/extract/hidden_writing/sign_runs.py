"""Quick looks for runs of certain signs: much faster than the patterns of codes, which are tried only where one is.

A look maps each character to one of two bytes and searches for a row of the first. It never misses a run: characters
outside ASCII count as one of its signs. It may find one where a pattern finds nothing.
"""

from __future__ import annotations

import string

LETTERS, DIGITS, PRINTABLE = string.ascii_letters, string.digits, "".join(map(chr, range(33, 127)))
_WANTED, _OTHER = b"1", b"0"
_NOT_ASCII = b"?"
"""What the encoder puts for a character outside ASCII."""
_BLOCK = 16


class SignRun:
    """A look for at least `length` of the given signs in a row. Signs in `between` may stand between them."""

    def __init__(self, signs: str, length: int, between: str = "") -> None:
        wanted = signs.encode() + _NOT_ASCII
        self._table = b"".join(_WANTED if byte in wanted else _OTHER for byte in range(256))
        self._run = _WANTED * length
        self._between = between.encode()

    def may_be_in(self, text: str) -> bool:
        """Whether the text may have such a run."""
        return self._run in text.encode("ascii", "replace").translate(self._table, self._between)


def has_run_of_two(text: str, between: str) -> bool:
    """Whether a text may have 32 characters in a row of only two kinds, with signs of `between` among them.

    Such a run has a whole block of 16 at a multiple of 16.
    """
    signs = text.encode("ascii", "replace").translate(None, between.encode())
    for at, (one, two, three) in enumerate(zip(signs[::_BLOCK], signs[1::_BLOCK], signs[2::_BLOCK], strict=False)):
        if (one in (two, three) or two == three) and len({*signs[at * _BLOCK : (at + 1) * _BLOCK]}) <= 2:
            return True
    return False


def is_latin(text: str) -> bool:
    """Whether a text has only characters of ISO 8859-1."""
    if text.isascii():
        return True
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
