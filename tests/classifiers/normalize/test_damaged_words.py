"""Words that a person reads although they are damaged."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

import pytest

from classifiers.normalize.normalization import Normalizer

SENTENCES = (
    "our secret stays with you, tell nobody. meet me alone tonight and delete this message.",
    "mi padrastro me pega todas las noches y tengo miedo de volver a casa. ayuda por favor.",
)
KNOWN = {word for sentence in SENTENCES for word in re.findall(r"[^\W\d_]+", sentence)}
NORMALIZER = Normalizer(KNOWN, (), ())


def each_word(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: re.sub(r"[^\W\d_]+", lambda word: change(word[0]), text)


def inner_turned(word: str) -> str:
    return word[0] + word[1:-1][::-1] + word[-1] if len(word) > 3 else word


DAMAGE: dict[str, Callable[[str], str]] = {
    "digits": lambda text: text.translate(str.maketrans("aeiostg", "4310576")),
    "signs": lambda text: text.translate(str.maketrans("aeis", "@3!$")),
    "many signs": lambda text: text.translate(str.maketrans("aeioslth", "@3!0$1+#")),
    "many other signs": lambda text: text.translate(str.maketrans("aeioslth", "4310$|7#")),
    "signs as GSM 03.38 shows them": lambda text: text.translate(str.maketrans("aesth", "\u00a13\u00a4+#")),
    "masked vowels": lambda text: re.sub("[aeiou]", "*", text),
    "masked letters": each_word(lambda word: f"{word[:2]}_{word[3:]}" if len(word) > 3 else word),
    "no vowels": each_word(lambda word: re.sub("[aeiou]", "", word) if len(word) > 2 else word),
    "inner letters": each_word(inner_turned),
    "some words in ROT13": each_word(lambda word: codecs.encode(word, "rot13") if len(word) > 3 else word),
    "letters in the order of the alphabet": each_word(lambda word: "".join(sorted(word))),
    "last letter first": each_word(lambda word: word[-1] + word[:-1]),
    "first and last letters exchanged": each_word(
        lambda word: word[-1] + word[1:-1] + word[0] if len(word) > 2 else word
    ),
    "vowels doubled": lambda text: re.sub("([aeiou])", r"\1\1", text),
    "consonants doubled": lambda text: re.sub("([b-df-hj-np-tv-z])", r"\1\1", text),
    "one vowel": lambda text: re.sub("[aeiou]", "i", text),
    "numbered vowels": lambda text: text.translate(str.maketrans("aeiou", "12345")),
    "blanks elsewhere": lambda text: re.sub(r"(.{4})", r"\1 ", text.replace(" ", "")),
}
CERTAIN = (
    "digits",
    "signs",
    "many signs",
    "many other signs",
    "signs as GSM 03.38 shows them",
    "masked vowels",
    "masked letters",
    "numbered vowels",
)
"""Damage that shows which letters are meant."""
ORDINARY = (
    "Kumusta po, wala pong pasok bukas ang anak ko dahil may sakit siya. Salamat po sa inyong pang unawa.",
    "Bonjou madam, pitit mwen pa ka vini jodi a paske li malad. Mesi anpil pou tout sa yo voye pou nou.",
    "Anagrams for Friday: tca, odg, srat, reca, lpaet. Unscramble each word and write it down twice.",
    "Abdi, Aisha, Bao, Cole, Eli, Gia, Hugo, Jia, Kai, Lena, Leo, Mia, Milo, Noah, Omar, Pia, Ravi and Zoe.",
    "NaCl + AgNO3 -> AgCl + NaNO3; CaCO3 -> CaO + CO2; CH4 + 2 O2 -> CO2 + 2 H2O, balance the others.",
    "Room 204, 3rd floor: bring form B-12, $15 and 2 photos by 11:30 on 4/12.",
    "Anmeldung bis Freitag, danach ist leider keine Teilnahme mehr möglich.",
    "Okafor, Nguyen, Szczepanska, Abernathy and Quispe have the keys.",
    "HTML, CSS, PHP and SQL: 4 units, see http://example.org/c/x1?y=2",
)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_words_are_read(kind: str, sentence: str) -> None:
    read = re.findall(r"[^\W\d_]+", NORMALIZER(DAMAGE[kind](sentence)).text.lower())
    meant = re.findall(r"[^\W\d_]+", sentence)
    assert len(set(meant).intersection(read)) >= 0.8 * len(set(meant))


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("kind", DAMAGE)
def test_what_is_guessed_is_told(kind: str, sentence: str) -> None:
    assert bool(NORMALIZER(DAMAGE[kind](sentence)).guesses) == (kind not in CERTAIN)
    assert not NORMALIZER(sentence).guesses


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_with_unknown_words_stays(text: str) -> None:
    assert NORMALIZER(text).text == text


def test_a_damaged_word_is_found_where_it_was_received() -> None:
    text = "0ur s3cr37 $7ay$ w17h y0u, 73ll n0b0dy"
    normal = NORMALIZER(text)
    at = normal.text.index("secret")
    start, end = normal.received_range(at, at + len("secret"))
    assert text[start:end] == "s3cr37"


@pytest.mark.parametrize("size", [2, 3, 4, 5])
@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_are_read_although_pieces_of_them_are_short_words(sentence: str, size: int) -> None:
    letters = sentence.replace(" ", "")
    pieces = [letters[at : at + size] for at in range(0, len(letters), size)]
    read = Normalizer(KNOWN | {piece for piece in pieces[::3] if len(piece) == 3}, (), ())(" ".join(pieces)).text
    meant = set(re.findall(r"[^\W\d_]{4,}", sentence))
    assert len(meant.intersection(read.split())) >= 0.7 * len(meant)


def test_a_sign_alone_is_a_word_among_signs_only() -> None:
    known = Normalizer({"myself", "night", "last", "stop", "that", "cut"}, (), ())
    assert known("! cu+ my$31f 1@$+ n!g#+ @nd c@n n0+ $+0p").text == "i cut myself last night and can not stop"
    assert known("no ! stop ! that ! is it").text == "no ! stop ! that ! is it"
