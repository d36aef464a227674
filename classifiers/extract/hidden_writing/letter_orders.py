"""Reads letters that stand in another order: along rails, down the columns or in the spiral of a square, by a key.

Each order is tried on letters that are in no language, which is rare. The one in which they follow each other most as
in English or Spanish is taken if they spell words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, permutations

import numpy as np
import numpy.typing as npt

from classifiers.extract.hidden_writing.unread_writing import bits_of_pairs, unread_writing
from gateway.core.mime.page.spelled_words import spells_words

MAX_LETTERS = 600
"""Letters that are put in order. More of them are read up to here, where the order allows it."""
_MIN_LETTERS, _MAX_PARAGRAPHS = 24, 2
_PARAGRAPH, _LINE_END = re.compile(r"[^\r\n]+(?:\r?\n[^\r\n]+)*"), re.compile(r"\r?\n")
_TAKEN = 3
"""Orders that are read, because a wrong one may be as likely as the right one."""
_MAX_RAILS, _MAX_COLUMNS, _MAX_KEY = 10, 40, 6
"""Rails, columns of a square, and columns that a key puts in order."""
MIN_BITS = 4.4
"""Bits of a pair of letters in the mean from which another order is looked for."""
_MAX_BITS, _MAX_BITS_SPELLED, _MAX_BITS_BETWEEN_BLANKS = 4.1, 4.5, 3.75
"""Bits of a pair of letters in the mean up to which they may be words: without blanks, where they spell words of
secrets and calls for help as well, and between blanks.
"""

Order = npt.NDArray[np.intp]


def words_in_order(text: str) -> list[str]:
    """What paragraphs of a text say whose letters stand in another order, in the likeliest orders."""
    paragraphs = (found[0] for found in _PARAGRAPH.finditer(text))
    unlikely = islice((text for text in paragraphs if unread_writing(text, MIN_BITS)), _MAX_PARAGRAPHS)
    return [said for paragraph in unlikely for said in _in_order(paragraph)]


def _in_order(text: str) -> list[str]:
    """What letters say that stand in another order; nothing if no order that is tried makes words of them."""
    with_blanks = _LINE_END.sub("", text.lower())
    if said := [words for bits, words in _likeliest(with_blanks) if bits <= _MAX_BITS_BETWEEN_BLANKS]:
        return said
    likeliest = _likeliest("".join(filter(str.isalpha, with_blanks)))
    return [words for bits, words in likeliest if bits <= (_MAX_BITS_SPELLED if spells_words(words) else _MAX_BITS)]


def _likeliest(signs: str) -> list[tuple[float, str]]:
    """The orders of letters in which they follow each other most as in a language, and bits of a pair in the mean."""
    array = np.frombuffer(signs[:MAX_LETTERS].encode("ascii", "replace"), np.uint8)
    found: list[tuple[float, str]] = []
    for order in _orders(len(array)) if len(array) >= _MIN_LETTERS else ():
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        texts = [array[way].tobytes().decode("ascii") for way in (order, back)]
        found = sorted({*found, *((bits_of_pairs(text), text) for text in texts)})[:_TAKEN]
    return found


def _orders(size: int) -> Iterator[Order]:
    """Orders in which somebody may write or read a text, as the places of its letters."""
    for rails in range(2, _MAX_RAILS + 1):
        turn = np.arange(size) % (2 * rails - 2)
        yield np.argsort(np.minimum(turn, 2 * rails - 2 - turn), kind="stable")
    for width in range(2, min(_MAX_COLUMNS, size // 2) + 1):
        yield from (cells[cells >= 0] for cells in _walks(_square(size, width)))
    for width in range(3, _MAX_KEY + 1):
        columns = [np.arange(at, size, width) for at in range(width)]
        for key in permutations(range(width)):
            yield np.concatenate([columns[at] for at in key])


def _square(size: int, width: int) -> Order:
    """The places of letters in rows of a width, -1 where there is none."""
    cells = np.full(-(-size // width) * width, -1, np.intp)
    cells[:size] = np.arange(size)
    return cells.reshape(-1, width)


def _walks(square: Order) -> Iterator[Order]:
    """Ways through a square: down its columns, to and fro, around from each corner, along its diagonals."""
    for turned in (square, square[:, ::-1], square[::-1], square[::-1, ::-1]):
        yield turned.T.ravel()
        yield _to_and_fro(turned)
        yield _to_and_fro(turned.T)
        yield _around(turned)
        yield _around(turned.T)
        yield np.concatenate([np.diagonal(turned, at) for at in range(1 - turned.shape[0], turned.shape[1])])


def _to_and_fro(square: Order) -> Order:
    rows = square.copy()
    rows[1::2] = rows[1::2, ::-1]
    return rows.ravel()


def _around(square: Order) -> Order:
    """Along the edge from the first corner, then along the edge of what is left."""
    rows = []
    while square.size:
        rows.append(square[0])
        square = square[1:].T[::-1]
    return np.concatenate(rows)
