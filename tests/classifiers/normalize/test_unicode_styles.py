"""Styled letters are read as plain letters and are no disguise by themselves."""

from __future__ import annotations

import pytest

from classifiers.normalize.normalization import Normalizer
from classifiers.normalize.unicode_styles import unstyled
from classifiers.pipeline.classifier import Classifier, load
from tests.classifiers.sample_messages import one, prohibited, sms

NOTICE = "Cheer practice is Tuesday at four in the gym. Bring water and your pom poms. Go Tigers!"
GROOMING = "You are so sexy, come over alone tonight and keep it secret"
MIRROR = str.maketrans("abcdefghjkpqrsty", "ɒdɔbɘʇǫʜįʞqpɿƨƚγ")
ACCENTS = str.maketrans("ACDEGHILNORSTUYZ", "ĂĆĎĔĞĤĨĹŃŐŔŚŤÚŶŹ")
SMALL = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀsᴛᴜᴠᴡxʏᴢ")


def styled(text: str, capital: int, small: int, after: str = "") -> str:
    return "".join(
        (chr(capital + ord(char) - 65) if char.isupper() else chr(small + ord(char) - 97)) + after
        if char.isascii() and char.isalpha()
        else char
        for char in text
    )


ALPHABETS = {
    "bold": lambda text: styled(text, 0x1D400, 0x1D41A),
    "script": lambda text: styled(text, 0x1D4D0, 0x1D4EA),
    "fraktur": lambda text: styled(text, 0x1D56C, 0x1D586),
    "sans": lambda text: styled(text, 0x1D5A0, 0x1D5BA),
    "typewriter": lambda text: styled(text, 0x1D670, 0x1D68A),
    "wide": lambda text: styled(text, 0xFF21, 0xFF41),
    "circled": lambda text: styled(text, 0x24B6, 0x24D0),
    "bracketed": lambda text: styled(text.lower(), 0, 0x249C),
    "squared": lambda text: styled(text.upper(), 0x1F130, 0),
    "dark circles": lambda text: styled(text.upper(), 0x1F150, 0),
    "dark squares": lambda text: styled(text.upper(), 0x1F170, 0),
    "flags": lambda text: styled(text.upper(), 0x1F1E6, 0, "\u200b"),
    "flags in a row": lambda text: styled(text.upper(), 0x1F1E6, 0),
    "with accents": lambda text: text.upper().translate(ACCENTS),
    "small capitals": lambda text: text.lower().translate(SMALL),
}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


@pytest.mark.parametrize("name", ALPHABETS)
def test_a_notice_in_styled_letters_is_not_held(name: str, classifier: Classifier) -> None:
    verdict = one(classifier, sms(ALPHABETS[name](NOTICE)))
    assert prohibited(verdict) < 0.3
    assert verdict.failed == ()


@pytest.mark.parametrize("name", list(ALPHABETS))
def test_grooming_in_styled_letters_is_held(name: str, classifier: Classifier) -> None:
    assert one(classifier, sms(ALPHABETS[name](GROOMING))).score("7a") >= 0.5


@pytest.mark.parametrize(
    ("text", "plain", "disguises"),
    [
        ("✨𝐂𝐇𝐄𝐄𝐑✨ at four", "sparkles CHEER sparkles at four", 0),
        ("s𝓮xy", "sexy", 1),
        ("go 🇺🇸 go", "go flag go", 0),
        ("the 🅰 team", "the A team", 0),
        ("el 1º y la 2ª", "el 1o y la 2a", 0),
    ],
)
def test_only_mixed_letters_are_a_disguise(text: str, plain: str, disguises: int, classifier: Classifier) -> None:
    normalizer: Normalizer = classifier.normalizer
    normal = normalizer(text)
    assert (" ".join(normal.text.split()), normal.disguises) == (plain, disguises)


def test_plain_text_is_unchanged() -> None:
    for text in ("Plain words.", "¿Mañana, señor Núñez?", "½ cup at 20°, naïve café"):
        assert unstyled(text) == text


def test_letters_in_a_mirror_are_read(classifier: Classifier) -> None:
    assert prohibited(one(classifier, sms(GROOMING.lower().translate(MIRROR)[::-1]))) > 0.5
