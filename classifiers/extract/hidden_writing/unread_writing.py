"""Finds writing that is in no language: letters in another order, under a key, or in a code that nothing decoded.

A person who knows the trick reads it, and the classifiers do not. Which letters follow each other tells it from every
language, names and texting included. `letter_pairs.txt` has a line for each of 27 languages in Latin letters: its code,
and a sign for each pair of letters, from A for one that always follows up to Z, each step 0.4 bits rarer. They come
from the 8,000 most frequent words of its list in wordfreq (CC BY-SA 4.0), weighted by the square roots of their
frequencies, accents removed, letters that stand twice left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from operator import ne
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase, punctuation

import numpy as np
import numpy.typing as npt

from classifiers.extract.hidden_writing.other_letters.phone_keys import KEYED, is_keyed
from classifiers.extract.hidden_writing.sign_runs import DIGITS, PRINTABLE, SignRun
from classifiers.normalize.language import known_words

_FILE = Path(__file__).with_name("letter_pairs.txt")
_LETTERS, _BITS = 26, 0.4
NEAR = ("en", "es")
"""The languages that are tried first. Most texts are in one of them."""
MIN_PAIRS = 44
"""Pairs of letters in a row that are looked at together."""
MAX_BITS = 4.7
"""Bits of a pair in the mean, in the language that is nearest, up to which a text is in a language."""
_MIN_WORD, _MAX_KNOWN = 3, 0.15
"""Letters of a word, and the share of words among letters that are in no language, which have some by chance."""
_MIN_DIFFERENT = 32
"""Different pairs among them. Fewer are a word again and again, or names of programs with the same beginnings."""
_LINK = re.compile(r"\W*(?:[a-zA-Z][a-zA-Z0-9+.-]{1,12}:/|www\.|mailto:|[\w.+-]{1,64}@[\w-]{1,64}\.)", re.ASCII)
_MARKUP = re.compile(
    r"://|www\.|url\([\"']?data:|</?[a-z]{1,10}>|&[a-z]{2,6};|(?:href|src)=|%[0-9A-F]{2}%", re.IGNORECASE
)
_HASH = re.compile(r"\W*[0-9A-Fa-f-]{8,}\W*", re.ASCII)
_NAME = re.compile(r"[@_{}$=\\]|/[^/]+/|\w\.\w|\w\(")
"""What is in an address, a path, or a name of a program or file, and in no word."""
_MIN_ESCAPES = 4
_MAX_REST = 400
"""Characters of a token before and after a range of it that are looked at with it."""
_MAX_LOOKED = 20_000
"""Characters that are compared with all languages, of letters that are unlikely in the near ones."""
_LONG = 40
"""Characters of a token from which it may be data whatever signs it has, if it is no link and no hash."""
_MIN_DATA = 80
"""Characters of data in an unknown code. Shorter ones may be an identifier, such as those that tell copies apart."""
_DATA_RUN = SignRun(PRINTABLE, _MIN_DATA)
_HEXADECIMAL, _MIN_DIGITS = re.compile(r"[0-9A-Fa-f]+"), 8
_KINDS = {
    ord(sign): kind
    for kind, signs in zip("aA0", (ascii_lowercase, ascii_uppercase, DIGITS), strict=True)
    for sign in signs
}
_KINDS |= {ord(sign): "!" for sign in punctuation}
_MIN_SWITCHES = 0.45
"""Changes between small letters, capitals, digits and signs, for each character of data."""
_SIGNS = bytes(byte if chr(byte).isalpha() and byte < 128 else 32 if chr(byte).isspace() else 0 for byte in range(256))
"""Each byte of ASCII as a letter, a blank, or another sign."""
_BLANK = 32

Table = npt.NDArray[np.float32]


def unread_writing(text: str, most_bits: float = MAX_BITS) -> list[str]:
    """The pieces of a text that are letters in no language, or data in an unknown code.

    `most_bits`: the bits of a pair of letters in the mean from which they are in no language.
    """
    plain = text if text.isascii() else _without_accents(text)
    pieces = [*filter(_is_data, plain.split())] if _DATA_RUN.may_be_in(plain) else []
    if (keys := max(map(str.strip, KEYED.findall(plain)), key=len, default="")) and len(keys) * 2 > len(plain):
        pieces += [keys] if is_keyed(keys) else []
    for start, end in _unlikely(plain, pairs_of(NEAR), most_bits):
        written = " ".join(filter(_is_written, _tokens(plain, start, min(end, start + _MAX_LOOKED))))
        for begin, stop in _unlikely(written, pairs_of(tuple(_languages())), most_bits):
            pieces += [" ".join(words)] if (words := _without_common_words(_tokens(written, begin, stop))) else []
    return pieces


def _unlikely(text: str, bits: Table, most_bits: float) -> list[tuple[int, int]]:
    """The ranges of a text in ASCII in which the pairs of letters are unlikely in each of some languages."""
    at, pairs = _letter_pairs(text)
    if len(pairs) < MIN_PAIRS:
        return []
    sums = np.cumsum(np.concatenate([np.zeros((1, bits.shape[1]), np.float32), bits[pairs]]), axis=0, dtype=np.float64)
    mean = (sums[MIN_PAIRS:] - sums[:-MIN_PAIRS]).min(axis=1) / MIN_PAIRS
    ranges: list[tuple[int, int]] = []
    for window in np.flatnonzero(mean > most_bits).tolist():
        start, end = int(at[window]), int(at[window + MIN_PAIRS - 1]) + 2
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = ranges[-1][0], end
        elif len(set(pairs[window : window + MIN_PAIRS].tolist())) >= _MIN_DIFFERENT:
            ranges.append((start, end))
    return ranges


def _letter_pairs(text: str) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where letters follow each other in words, and which. Letters between blanks are those of one word."""
    signs = np.frombuffer(text.encode("ascii", "replace").translate(_SIGNS), np.uint8)
    is_capital = (signs >= ord("A")) & (signs <= ord("Z"))
    small = np.where(is_capital, signs + (ord("a") - ord("A")), signs)
    is_letter = small >= ord("a")
    first, second = small[:-1], small[1:]
    is_pair = is_letter[:-1] & is_letter[1:] & (first != second)
    is_next = np.concatenate([[False], second - first == 1, [False]])
    is_pair &= ~(is_next[1:-1] & (is_next[:-2] | is_next[2:]))  # three in the order of the alphabet, as in tables
    is_pair &= is_capital[:-1] | ~is_capital[1:]  # capitals begin words, as in names of programs
    if 2 * np.count_nonzero(is_capital) < np.count_nonzero(is_letter):
        is_pair &= ~(is_capital[:-1] & is_capital[1:])  # abbreviations
    at = np.flatnonzero(is_pair)
    pairs = (first[at].astype(np.intp) - ord("a")) * _LETTERS + second[at] - ord("a")
    padded = np.concatenate([[False], is_letter, [False]])
    is_single = is_letter & ~padded[:-2] & ~padded[2:]
    if np.count_nonzero(is_single) < MIN_PAIRS:
        return at, pairs
    apart = np.flatnonzero(is_single[:-2] & (small[1:-1] == _BLANK) & is_single[2:] & (small[:-2] != small[2:]))
    at_apart = (small[apart].astype(np.intp) - ord("a")) * _LETTERS + small[apart + 2] - ord("a")
    order = np.argsort(np.concatenate([at, apart]), kind="stable")
    return np.concatenate([at, apart])[order], np.concatenate([pairs, at_apart])[order]


def _tokens(text: str, start: int, end: int) -> list[str]:
    """The tokens of a range of a text, the first and last of them whole unless they are very long."""
    first, last = max(0, start - _MAX_REST), min(len(text), end + _MAX_REST)
    while start > first and not text[start - 1].isspace():
        start -= 1
    while end < last and not text[end].isspace():
        end += 1
    return text[start:end].split()


def _without_common_words(words: Sequence[str]) -> Sequence[str]:
    """Words without the common ones at their edges; none if they have more of them than by chance.

    Lists of names of programs have words among them.
    """
    lengths = [len(word) if word.lower().strip(punctuation) in known_words() else 0 for word in words]
    others = [at for at, length in enumerate(lengths) if length < _MIN_WORD]
    if not others:
        return ()
    inside = slice(others[0], others[-1] + 1)
    size, known = sum(map(len, words[inside])), sum(length for length in lengths[inside] if length >= _MIN_WORD)
    return words[inside] if size >= MIN_PAIRS and known <= _MAX_KNOWN * size else ()


def _is_data(token: str) -> bool:
    """Whether a token is data: signs of all kinds in turn, or hexadecimal of signs."""
    if len(token) < _MIN_DATA or _LINK.match(token) or _MARKUP.search(token):
        return False
    if _HEXADECIMAL.fullmatch(token):
        return bytes.fromhex(token[: len(token) // 2 * 2]).isascii() and len(set(token)) >= _MIN_DIGITS
    kinds = token.translate(_KINDS)
    if sum(map(ne, kinds, kinds[1:])) < _MIN_SWITCHES * len(token):
        return False
    _, pairs = _letter_pairs(token.lower())
    return len(pairs) * 8 > len(token) and bool((pairs_of(NEAR)[pairs].mean(axis=0) > MAX_BITS).all())


def _is_written(token: str) -> bool:
    """Whether a token may be writing, and is no link, hash or name of a program."""
    if _LINK.match(token) or _MARKUP.search(token) or _HASH.fullmatch(token) or token.count("\\x") >= _MIN_ESCAPES:
        return False
    return len(token) >= _LONG or _NAME.search(token.rstrip("=")) is None  # base64 may end in them


def _without_accents(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


@cache
def _languages() -> dict[str, tuple[float, ...]]:
    lines = (line.split() for line in _FILE.read_text(encoding="ascii").splitlines())
    return {code: tuple(_BITS * (ord(sign) - ord("A")) for sign in signs) for code, signs in lines}


@cache
def pairs_of(codes: tuple[str, ...]) -> Table:
    """The bits of each pair of letters, a line for each from "aa" to "zz", in each of some languages."""
    return np.array([_languages()[code] for code in codes], np.float32).T
