"""What is hidden in a block of a text is found whatever plain sentences stand before or after it."""

from __future__ import annotations

import codecs
from collections.abc import Callable

import pytest

from classifiers.extract.extraction import extract_message

SENTENCES = (
    "Do not tell your parents about us and come to my house alone tonight",
    "My uncle hits me every night and I am scared so please help me",
    "No le digas a nadie lo nuestro y ven a mi casa sola esta noche",
)
COVERS = (
    "Hi,\n\nhere is the reading list for next week. Chapter four is the long one.\nSee you in class.\n\nMr. Lane\n\n",
    "Hi Mr. Lane,\n\nI uploaded my homework for chapter four today.\nThanks for the extra time.\n\n",
    "The reading list for next week is on the page of the class, and chapter four is the long one.\n",
)
WORDS = "apples birds clouds dogs eagles flowers gardens horses islands jokes kites lemons mountains nights oceans " \
    "pencils queens rivers stones trees umbrellas valleys winters xylophones yards zebras"  # fmt: skip
BY_LETTER = {word[0]: word for word in WORDS.split()}


def letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))


SPELLED: dict[str, Callable[[str], str]] = {
    "first letters of words": lambda text: " ".join(BY_LETTER[letter] for letter in letters(text)),
    "first letters of lines": lambda text: "\n".join(
        f"{BY_LETTER[letter].capitalize()} are on page three." for letter in letters(text)
    ),
    "rot13 without blanks": lambda text: codecs.encode(letters(text), "rot13"),
}
OF_ITS_OWN: dict[str, Callable[[str], str]] = {
    "a syllable before vowels": lambda text: "".join(f"ub{it}" if it in "aeiou" else it for it in text.lower()),
    "digits for vowels": lambda text: text.lower().translate(str.maketrans("aeiou", "12345")),
    "groups of letters": lambda text: " ".join(letters(text)[at : at + 4] for at in range(0, len(letters(text)), 4)),
    "letters of Hangul": lambda text: text.lower().translate(str.maketrans("oltinuec", "ㅇㅣㅜㅣㄇㄩㅌㄷ")),
}


def read(text: str) -> tuple[list[str], tuple[str, ...]]:
    content = f"From: a@a.example\r\nTo: b@b.example\r\nSubject: List\r\n\r\n{text}\n"
    message = extract_message(content.encode())
    return [passage.text for passage in message.passages], message.failed


@pytest.mark.parametrize("cover", COVERS[:2])
@pytest.mark.parametrize("way", SPELLED)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_letters_of_a_paragraph_are_found(cover: str, way: str, sentence: str) -> None:
    texts, failed = read(cover + SPELLED[way](sentence))
    assert any(letters(sentence) in letters(text) for text in texts) or "unreadable" in failed


@pytest.mark.parametrize("cover", COVERS)
@pytest.mark.parametrize("after", ["", "\n\nSee you on Monday, and have a nice weekend."])
@pytest.mark.parametrize("way", OF_ITS_OWN)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_lines_that_are_not_in_words_are_a_text_of_their_own(cover: str, after: str, way: str, sentence: str) -> None:
    disguised = OF_ITS_OWN[way](sentence)
    texts, _ = read(f"{cover}{disguised}{after}")
    assert any(letters(text) == letters(disguised) or letters(text) == letters(sentence) for text in texts)


@pytest.mark.parametrize(
    "text",
    [
        "Practice is on Tuesday at four in the gymnasium.\n\nBring your shoes and water.\n\nSee you there, Coach Hill",
        "Ana López\nDirectora de la escuela\n515-555-0100\n\nLa reunión es el martes a las cuatro en el gimnasio.",
        "Grades:\n\nKim 93 88 91\nReed 77 80 85\nOrtiz 90 92 97\n\nThe next test is on Friday.",
        "See https://school.example/reading/list/chapter-four?week=12\n\nThanks, and see you on Monday.",
    ],
)
def test_paragraphs_of_words_are_read_once(text: str) -> None:
    texts, failed = read(text)
    assert len(texts) == 2  # the subject and the text
    assert failed == ()
