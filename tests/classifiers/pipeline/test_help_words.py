"""Texts that are only a word that calls for help, in generated spellings."""

import random

import pytest

from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.normalize.unicode_styles import MIRRORED, TURNED
from classifiers.pipeline.help_words import help_word_findings, is_help_word
from classifiers.pipeline.rules import build_normalizer
from classifiers.pipeline.texts import build_texts
from gateway.core.messages.parties import Direction

WORDS = ("help", "sos", "911", "988", "ayuda", "auxilio", "socorro", "ayudame")
_AROUND = ("", " ", "!", "...", "\n", "\u200b", "\ufe0f", "\u00ad", "?!", "🆘", "-", "\u202e")
_FILLERS = ("", " me", " please", " now", " pls", " por favor", " ya", " coach", " Ms. Whitfield", " 911", " help")


def spellings(word: str, chance: random.Random, count: int) -> list[str]:
    """Ways to write a word: case, blanks and signs between and around letters, full-width forms, repeated letters."""
    out = []
    for _ in range(count):
        between = chance.choice(_AROUND)
        letters = [chance.choice((letter.lower(), letter.upper())) for letter in word]
        if chance.random() < 0.3:
            letters = [chr(ord(letter) + 0xFEE0) for letter in letters]
        if chance.random() < 0.3 and word.isalpha():
            at = chance.randrange(len(letters))
            letters[at] *= chance.randrange(2, 6)
        filler = chance.choice(_FILLERS) if word.isalpha() else ""
        out.append(chance.choice(_AROUND) + between.join(letters) + filler + chance.choice(_AROUND))
    return out


@pytest.mark.parametrize("word", WORDS)
def test_every_spelling_is_a_call(word: str) -> None:
    assert [text for text in spellings(word, random.Random(20), 400) if not is_help_word(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "", "please", "help with number 3", "helpful", "9112", "19111", "ok", "me", "988 pages", "x" * 5000, "9/11",
        "info", "parar", "ALTO", "cancelar", "ayuda con la tarea", "ayudante", "sos mi profe",
        "teacher aide", "help https://docs.google.com/d/1", "coach", "urgente",
        "...", "al" * 50,
    ],
)  # fmt: skip
def test_other_texts_are_not(text: str) -> None:
    assert not is_help_word(text)


@pytest.mark.parametrize(
    "text",
    [
        "🆘",
        "... --- ...",
        "…–––…",
        "help!!11!",
        "HLEP",
        "ayuda ayuda",
        "helpls",
        "llama al 911",
        "es una emergencia",
        "Aide!",
        "Aidez-moi",
        "au secours",
        "tulong",
        "помогите",
        "ساعدوني",
        "救命",
        "SOS! I need help. I'm here https://maps.app.goo.gl/x",
        "help https://www.google.com/maps?q=41.6,-93.6",
    ],
)
def test_other_ways_to_call(text: str) -> None:
    assert is_help_word(text)


_KEYS = dict(zip("23456789", ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), strict=True))
_TAPS = {letter: key * (at + 1) for key, letters in _KEYS.items() for at, letter in enumerate(letters)}
_TURNED = {plain: turned for turned, plain in TURNED.items()}
_MIRRORED = {plain: mirrored for mirrored, plain in MIRRORED.items()}
DISGUISES = {
    "turned": lambda word: "".join(_TURNED.get(letter, letter) for letter in reversed(word)),
    "mirrored": lambda word: "".join(_MIRRORED.get(letter, letter) for letter in word),
    "mirrored and backwards": lambda word: "".join(_MIRRORED.get(letter, letter) for letter in reversed(word)),
    "tags": lambda word: "ok" + "".join(chr(0xE0000 + ord(letter)) for letter in word),
    "all high bits": lambda word: "".join(chr(ord(letter) | 0x80) for letter in word),
    "every second high bit": lambda word: "".join(chr(ord(letter) | 0x80 * (at % 2)) for at, letter in enumerate(word)),
    "strokes": lambda word: word.translate(str.maketrans("hepldu", "\u0127\u0247\u1d7d\u0142\u0111\u0289")),
    "marks": lambda word: "".join(f"{letter}\u0337\u20dd" for letter in word),
    "keys": lambda word: " ".join(_TAPS[letter] for letter in word),
    "keys with hyphens": lambda word: "-".join(_TAPS[letter] for letter in word),
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("word", ["help", "ayuda", "helpme", "auxilio", "please help"])
def test_a_disguised_word_calls_for_help(word: str, disguise: str) -> None:
    written = " ".join(map(DISGUISES[disguise], word.split()))
    assert is_help_word(written), written


@pytest.mark.parametrize("word", ["hello", "thanks", "grade", "tarea", "yes coach"])
def test_another_disguised_word_does_not(word: str) -> None:
    for disguise in DISGUISES.values():
        assert not is_help_word(disguise("".join(word.split())))


@pytest.mark.parametrize("text", ["515 555 0142", "777 888", "85 92 78", "22 33 44 55", "7777", "4357", "\u00e5\u00e9"])
def test_numbers_are_no_call(text: str) -> None:
    assert not is_help_word(text)


@pytest.mark.parametrize(
    ("file", "channel", "direction", "expected"),
    [
        ("911", "sms", Direction.STUDENT_TO_STAFF, True),
        ("Help!", "sms", Direction.STUDENT_TO_STAFF, True),
        ("Help with number 3", "sms", Direction.STUDENT_TO_STAFF, False),
        ("Help!", "sms", Direction.STAFF_TO_STUDENT, False),
        ("Help!", "mail", Direction.STUDENT_TO_STAFF, False),
        ("Class of 2027\nsos plz\n+1 515 555 0142", "sms", Direction.STUDENT_TO_STAFF, True),
        ("1\n00:01 --> 00:02\nplease help me", "sms", Direction.STUDENT_TO_STAFF, True),
        ("NOTE:help me", "sms", Direction.STUDENT_TO_STAFF, True),
        ("Emergency\n911\nHelp desk", "sms", Direction.STUDENT_TO_STAFF, False),
        ("help with this\nplease", "sms", Direction.STUDENT_TO_STAFF, False),
    ],
)
def test_a_file_beside_a_text_may_be_a_call(file: str, channel: str, direction: Direction, *, expected: bool) -> None:
    passages = [Passage("1", 0, "ok", PassageKind.NEW), Passage("", 0, file, PassageKind.ATTACHED)]
    texts, _ = build_texts(passages, build_normalizer(frozenset()))
    found = help_word_findings([(text, TextAnnotations(text.text)) for text in texts], direction, channel)
    assert bool(found) is expected


@pytest.mark.parametrize("text", [f"see you{' ' * 40}help me", "see you\n\nsos", "thanks!\t\t\t\t\t\t\t\t911"])
def test_a_call_out_of_sight_is_found(text: str) -> None:
    texts, _ = build_texts([Passage("1", 0, text, PassageKind.NEW)], build_normalizer(frozenset()))
    annotated = [(text, TextAnnotations(text.text)) for text in texts]
    assert help_word_findings(annotated, Direction.STUDENT_TO_STAFF, "sms")
    assert not help_word_findings(annotated, Direction.STUDENT_TO_STAFF, "mail")
