"""Whether letters without blanks between them spell words: letters marked one by one, words that run together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby, islice

_MIN_LETTERS, _MIN_WORDS = 16, 3
"""Letters that stand together, and how many different words they spell."""
_WORDS = (
    "about after alone always amor antes anybody anyone ayuda because before borra call casa class come conmigo "
    "contigo cuando delete despues digas dont erase escuela esta estoy every favor foto from friend going gustas "
    "habla happen have help here hermosa hits home hurt keep kiss know later like linda listo love manana meet "
    "mensaje message miedo mother mucho nadie necesito never night nobody noche nothing nuestra nuestro parents "
    "pega perfect phone picture please porque pretty promise puedo quiere quiero scared school secret send sola "
    "sorry sueltes tell tengo that them there think this tiene toca todas together tomorrow tonight touch verme "
    "verte want what when where will with would your youre"
)
"""Common words of English and Spanish, without accents, and those of secrets and calls for help."""
_WORD = re.compile(
    "|".join(
        f"{first}(?:{'|'.join(word[1:] for word in words)})"
        for first, words in groupby(sorted(_WORDS.split(), reverse=True), key=lambda word: word[0])
    )
)
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


def is_sentence(words: Iterable[str], share: float = _SHARE) -> bool:
    """Whether words may be a sentence that somebody says to somebody: many of them join the others."""
    plain = _plain(words)
    return (
        len(_ADDRESSING.intersection(plain)) >= _MIN_ADDRESSING
        and sum([word in _JOINING for word in plain]) >= share * len(plain)
    )  # fmt: skip


def may_be_sentence(words: Iterable[str]) -> bool:
    """Whether a third of the words may be a sentence that somebody says to somebody."""
    return is_sentence(words, _SHARE / 3)


def spells_words(letters: str) -> bool:
    """Whether letters spell several words together."""
    if len(letters) < _MIN_LETTERS or not letters.isalpha():
        return False
    return len(set(_WORD.findall(letters.lower().translate(_ACCENTS)))) >= _MIN_WORDS


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
