"""Reads letters that stand in another order: along rails, down the columns or in the spiral of a square, by a key.

All orders are tried at once on letters that are in no language, if each of them is as frequent as in one: another order
changes nothing about that. The order in which they follow each other most as in English or Spanish is taken if they
spell words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice, permutations

import numpy as np
import numpy.typing as npt

from classifiers.extract.hidden_writing.unread_writing import NEAR, pairs_of, unread_writing
from gateway.core.mime.spelling.spelled_words import spells_words

MAX_LETTERS = 600
"""Letters that are put in order. More of them are read up to here, where the order allows it."""
_MIN_LETTERS, _MAX_PARAGRAPHS = 24, 2
_PARAGRAPH, _LINE_END = re.compile(r"[^\r\n]+(?:\r?\n[^\r\n]+)*"), re.compile(r"\r?\n")
_TAKEN = 3
"""Orders that are read, because a wrong one may be as likely as the right one."""
_LETTERS = 26
_MIN_SHARE = 4
"""One in so many signs has to be a pair with the next one. Two letters alone say nothing."""
_MAX_BITS_OF_LETTERS = 4.8
"""Bits of a letter in the mean up to which letters may be a text in another order: random ones have 5.3."""
_MAX_RAILS, _MAX_COLUMNS, _MAX_KEY = 10, 40, 6
"""Rails, columns of a square, and columns that a key puts in order."""
MIN_BITS = 4.4
"""Bits of a pair of letters in the mean from which another order is looked for."""
_MAX_BITS, _MAX_BITS_BETWEEN_BLANKS = 4.1, 3.75
"""Bits of a pair of letters in the mean up to which they may be words, without blanks and between blanks."""
_BITS_OF_CHOICE = 12.0
"""Bits of evidence that one of 3,600 orders has by chance."""

Places = npt.NDArray[np.intp]
Orders = npt.NDArray[np.int16]
Table = npt.NDArray[np.float32]


def words_in_order(text: str) -> list[str]:
    """What paragraphs of a text say whose letters stand in another order, in the likeliest orders."""
    paragraphs = (found[0] for found in _PARAGRAPH.finditer(text))
    unlikely = islice((text for text in paragraphs if unread_writing(text, MIN_BITS)), _MAX_PARAGRAPHS)
    return [said for paragraph in unlikely for said in _in_order(paragraph)]


def _in_order(text: str) -> list[str]:
    """What letters say that stand in another order; nothing if no order that is tried makes words of them."""
    with_blanks = _LINE_END.sub("", text.lower())
    if not _has_letters_of_texts(with_blanks):
        return []
    if said := [words for bits, words in _likeliest(with_blanks) if bits <= _MAX_BITS_BETWEEN_BLANKS]:
        return said
    likeliest = _likeliest("".join(filter(str.isalpha, with_blanks)))
    return [words for bits, words in likeliest if bits <= _MAX_BITS or spells_words(words, _BITS_OF_CHOICE)]


def _has_letters_of_texts(signs: str) -> bool:
    """Whether small letters are about as frequent as in English or Spanish."""
    codes = _codes(signs)
    letters = codes[codes < _LETTERS]
    return len(letters) >= _MIN_LETTERS and float(_bits_of_letters()[letters].mean(axis=0).min()) < _MAX_BITS_OF_LETTERS


def _likeliest(signs: str) -> list[tuple[float, str]]:
    """The orders of letters in which they follow each other most as in a language, and bits of a pair in the mean."""
    codes = _codes(signs)
    if len(codes) < _MIN_LETTERS:
        return []
    orders = _orders(len(codes))
    read = codes[orders]
    pairs = read[:, :-1] * (_LETTERS + 1) + read[:, 1:]
    bits, is_pair = _bits_of_neighbors()
    mean = np.stack([of_language[pairs].sum(axis=1) for of_language in bits]).min(axis=0)
    counted = is_pair[pairs].sum(axis=1)
    mean = np.where(counted * _MIN_SHARE > len(codes), mean / np.maximum(counted, 1), np.inf)
    array = np.frombuffer(signs[:MAX_LETTERS].encode("ascii", "replace"), np.uint8)
    found: dict[str, float] = {}
    for at in np.argsort(mean, kind="stable").tolist():
        found.setdefault(array[orders[at]].tobytes().decode("ascii"), float(mean[at]))
        if len(found) == _TAKEN:
            break
    return [(likelihood, words) for words, likelihood in found.items()]


def _codes(signs: str) -> Places:
    """The numbers of the small letters of a text, and 26 for each other sign."""
    array = np.frombuffer(signs[:MAX_LETTERS].encode("ascii", "replace"), np.uint8)
    return np.where((array >= ord("a")) & (array <= ord("z")), array - ord("a"), _LETTERS).astype(np.intp)


@cache
def _bits_of_neighbors() -> tuple[Table, npt.NDArray[np.bool_]]:
    """The bits of each pair of codes in English and Spanish, and which pairs count: two different letters."""
    bits = np.zeros((len(NEAR), _LETTERS + 1, _LETTERS + 1), np.float32)
    bits[:, :_LETTERS, :_LETTERS] = pairs_of(NEAR).T.reshape(-1, _LETTERS, _LETTERS)
    is_pair = np.zeros((_LETTERS + 1, _LETTERS + 1), np.bool_)
    is_pair[:_LETTERS, :_LETTERS] = ~np.eye(_LETTERS, dtype=np.bool_)
    return (bits * is_pair).reshape(len(NEAR), -1), is_pair.ravel()


@cache
def _bits_of_letters() -> Table:
    """The bits of each letter in English and Spanish: how often a walk from letter to letter comes to it."""
    follows = np.exp2(-pairs_of(NEAR).T.reshape(-1, _LETTERS, _LETTERS).astype(np.float64))
    follows /= follows.sum(axis=2, keepdims=True)
    visited = np.linalg.matrix_power(follows, 64)[:, 0]
    bits: Table = -np.log2(visited).T.astype(np.float32)
    return bits


@lru_cache(maxsize=4)
def _orders(size: int) -> Orders:
    """All orders in which somebody may write or read a text, a line for each: the places of its letters."""
    orders = np.stack(list(_written_orders(size))).astype(np.int16)
    back = np.empty_like(orders)
    np.put_along_axis(back, orders.astype(np.intp), np.arange(size, dtype=np.int16)[np.newaxis], axis=1)
    return np.concatenate([orders, back])


def _written_orders(size: int) -> Iterator[Places]:
    """Orders in which somebody may write a text."""
    for rails in range(2, _MAX_RAILS + 1):
        turn = np.arange(size) % (2 * rails - 2)
        yield np.argsort(np.minimum(turn, 2 * rails - 2 - turn), kind="stable")
    for width in range(2, min(_MAX_COLUMNS, size // 2) + 1):
        yield from (cells[cells >= 0] for cells in _walks(_square(size, width)))
    for width in range(3, _MAX_KEY + 1):
        columns = [np.arange(at, size, width) for at in range(width)]
        for key in permutations(range(width)):
            yield np.concatenate([columns[at] for at in key])


def _square(size: int, width: int) -> Places:
    """The places of letters in rows of a width, -1 where there is none."""
    cells = np.full(-(-size // width) * width, -1, np.intp)
    cells[:size] = np.arange(size)
    return cells.reshape(-1, width)


def _walks(square: Places) -> Iterator[Places]:
    """Ways through a square: down its columns, to and fro, around from each corner, along its diagonals."""
    for turned in (square, square[:, ::-1], square[::-1], square[::-1, ::-1]):
        yield turned.T.ravel()
        yield _to_and_fro(turned)
        yield _to_and_fro(turned.T)
        yield _around(turned)
        yield _around(turned.T)
        yield np.concatenate([np.diagonal(turned, at) for at in range(1 - turned.shape[0], turned.shape[1])])


def _to_and_fro(square: Places) -> Places:
    rows = square.copy()
    rows[1::2] = rows[1::2, ::-1]
    return rows.ravel()


def _around(square: Places) -> Places:
    """Along the edge from the first corner, then along the edge of what is left."""
    rows = []
    while square.size:
        rows.append(square[0])
        square = square[1:].T[::-1]
    return np.concatenate(rows)
