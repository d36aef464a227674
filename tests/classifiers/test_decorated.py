"""Fancy letters are read as the plain ones that they show, and are no disguise by themselves."""

from __future__ import annotations

import pytest

from classifiers.normalize.normalization import Normalizer
from classifiers.normalize.unicode_styles import unstyled
from classifiers.pipeline.classifier import Classifier, load
from tests.classifiers.test_pipeline import one, prohibited, sms

NOTICE = "Cheer practice is Tuesday at four in the gym. Bring water and your pom poms. Go Tigers!"
WARM = "You are so sexy, come over alone tonight and keep it secret"
SMALL = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀsᴛᴜᴠᴡxʏᴢ")


def dressed(text: str, capital: int, small: int, behind: str = "") -> str:
    return "".join(
        (chr(capital + ord(each) - 65) if each.isupper() else chr(small + ord(each) - 97)) + behind
        if each.isascii() and each.isalpha()
        else each
        for each in text
    )


ALPHABETS = {
    "bold": lambda text: dressed(text, 0x1D400, 0x1D41A),
    "script": lambda text: dressed(text, 0x1D4D0, 0x1D4EA),
    "fraktur": lambda text: dressed(text, 0x1D56C, 0x1D586),
    "sans": lambda text: dressed(text, 0x1D5A0, 0x1D5BA),
    "typewriter": lambda text: dressed(text, 0x1D670, 0x1D68A),
    "wide": lambda text: dressed(text, 0xFF21, 0xFF41),
    "circled": lambda text: dressed(text, 0x24B6, 0x24D0),
    "bracketed": lambda text: dressed(text.lower(), 0, 0x249C),
    "squared": lambda text: dressed(text.upper(), 0x1F130, 0),
    "dark circles": lambda text: dressed(text.upper(), 0x1F150, 0),
    "dark squares": lambda text: dressed(text.upper(), 0x1F170, 0),
    "flags": lambda text: dressed(text.upper(), 0x1F1E6, 0, "\u200b"),
    "flags in a row": lambda text: dressed(text.upper(), 0x1F1E6, 0),
    "small capitals": lambda text: text.lower().translate(SMALL),
}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


@pytest.mark.parametrize("name", ALPHABETS)
def test_a_cheerful_notice_is_not_held_for_its_letters(name: str, classifier: Classifier) -> None:
    verdict = one(classifier, sms(ALPHABETS[name](NOTICE)))
    assert prohibited(verdict) < 0.3
    assert verdict.failed == ()


@pytest.mark.parametrize("name", [each for each in ALPHABETS if each != "flags in a row"])
def test_what_is_bad_is_held_in_any_letters(name: str, classifier: Classifier) -> None:
    assert one(classifier, sms(ALPHABETS[name](WARM))).score("7a") >= 0.5


@pytest.mark.parametrize(
    ("text", "plain", "tricks"),
    [
        ("✨𝐂𝐇𝐄𝐄𝐑✨ at four", "sparkles CHEER sparkles at four", 0),
        ("s𝓮xy", "sexy", 1),
        ("go 🇺🇸 go", "go flag go", 0),
        ("the 🅰 team", "the A team", 0),
        ("el 1º y la 2ª", "el 1o y la 2a", 0),
    ],
)
def test_letters_are_plain_and_only_a_mixture_is_a_disguise(
    text: str, plain: str, tricks: int, classifier: Classifier
) -> None:
    normalise: Normalizer = classifier.normalise
    normal = normalise(text)
    assert (" ".join(normal.text.split()), normal.tricks) == (plain, tricks)


def test_plain_text_is_left_alone() -> None:
    for text in ("Plain words.", "¿Mañana, señor Núñez?", "½ cup at 20°, naïve café"):
        assert unstyled(text) == text
