"""Whether letters without blanks between them spell words: letters marked one by one, words that run together.

Which letter follows two others tells words from letters that stand together by chance. The sum over letters is the
evidence that they are a text: letters by chance have b bits or more once in 2^b times (a likelihood ratio; Neyman and
Pearson, 1933).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import accumulate, islice
from operator import sub

from gateway.core.mime.spelling import letter_triples

_LETTERS, _BITS, _MOST_BITS = 26, 0.4, 6.0
_FIRST = ord("a") * (_LETTERS**2 + _LETTERS + 1)
"""The number of the first triple."""
_MIN_LETTERS = 12
"""Letters that stand together."""
_EVIDENCE, _EVIDENCE_OF_SOME = 8.0, 20.0
"""Bits of evidence that all letters spell words, or some of them in a row, whose first and last one are not known."""
_MAX_REPEATED = 2
"""Triples for each different one: the same word again and again says nothing."""
_MIN_PLAIN = 0.9
"""The share of letters of the alphabet; others may be halves of letters with accents."""
_MAX_SCORED = 1_000
"""Letters that are looked at."""
_MAX_PIECE = 4
"""Letters of a piece that is marked inside a word."""
_ACCENTS = str.maketrans("áéíóúñ", "aeioun")
_ADDRESSING = frozenset(
    "i me my you your us our we don't nobody yo tu tú mi me te ti nos nuestro nuestra le nadie ven".split()
)
_MIN_ADDRESSING = 2
"""Words by which somebody speaks to somebody, and how many different ones marked words have."""
_JOINING = _ADDRESSING | frozenset(
    "a about after again all alone am an and are as at be because but by can cause come do for from get go had has "
    "have he her him his how if in is it its just keep like more never no not now of on or our out over please she so "
    "some that the their them then there they this to too tonight up was we what when where who will with without "
    "al como con cuando de del el ella en es esta está estoy este este eso ha hasta la las le les lo los mas más mis "
    "muy no noche o para pero por porque que qué quiero se si sí sin son su sus tan tengo todas todos tus un una y ya"
    .split()
)  # fmt: skip
_SHARE = 0.3
"""Words that join others, and their share of a sentence."""
_WORD_SIGNS = ".,;:!?¿¡()\"'"


def _plain(words: Iterable[str]) -> list[str]:
    return [word.strip(_WORD_SIGNS).lower() for word in words]


def addresses_somebody(words: Iterable[str]) -> bool:
    """Whether words are such as somebody says to somebody."""
    return len(_ADDRESSING.intersection(_plain(words))) >= _MIN_ADDRESSING


def is_sentence(words: Iterable[str]) -> bool:
    """Whether words may be a sentence that somebody says to somebody: many of them join the others."""
    plain = _plain(words)
    return (
        len(_ADDRESSING.intersection(plain)) >= _MIN_ADDRESSING
        and sum([word in _JOINING for word in plain]) >= _SHARE * len(plain)
    )  # fmt: skip


def spells_words(letters: str, more: float = 0.0) -> bool:
    """Whether letters spell words together. `more`: further bits of evidence, because others could have been chosen."""
    plain = letters.lower().translate(_ACCENTS)
    codes = plain[:_MAX_SCORED].encode("ascii", "ignore")
    if len(codes) < max(_MIN_LETTERS, _MIN_PLAIN * min(len(plain), _MAX_SCORED)) or not plain.isalpha():
        return False
    at = [a * _LETTERS**2 + b * _LETTERS + c - _FIRST for a, b, c in zip(codes, codes[1:], codes[2:], strict=False)]
    if len(set(at)) * _MAX_REPEATED < len(at):
        return False
    return any(_are_words([bits[triple] for triple in at], more) for bits in _bits_of_triples())


def _are_words(bits: list[float], more: float) -> bool:
    """Whether the sum of the bits is enough, or that of some of them in a row."""
    sums = [0.0, *accumulate(bits)]
    return sums[-1] >= _EVIDENCE + more or max(map(sub, sums, accumulate(sums, min))) >= _EVIDENCE_OF_SOME + more


@cache
def _bits_of_triples() -> list[list[float]]:
    """For each language, the bits of each triple of letters in alphabetical order."""
    languages = (letter_triples.ENGLISH, letter_triples.SPANISH)
    return [[_BITS * (ord(sign) - ord("A")) - _MOST_BITS for sign in signs] for signs in languages]


def is_short_piece(text: str) -> bool:
    """Whether a piece of text is a letter or a few, as somebody marks them inside words."""
    return len(text) <= _MAX_PIECE and text.isalpha()


def spelled_by_pieces(pieces: Iterable[str]) -> list[str]:
    """What the short ones among the pieces of a text spell: every second one, with others between them, or all."""
    texts = [text for piece in pieces if (text := piece.strip("\r\n"))]
    if not any(map(is_short_piece, texts)):
        return []
    ways = ("".join(filter(is_short_piece, map(str.strip, way))) for way in (texts[1::2], texts[::2], texts))
    return list(islice(filter(spells_words, ways), 1))
