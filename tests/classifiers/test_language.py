"""Short sentences in other languages are known for what they are; English and Spanish are not taken for them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path

import pytest

from classifiers.normalize.language import DetectedLanguage, detect_language
from classifiers.pipeline.classifier import load
from classifiers.training.examples.labeled import load_corpus

SENTENCES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("foreign_sentences.toml").read_text("utf-8"))
SAID = SENTENCES.pop("said")


@pytest.fixture(scope="module")
def vocabulary() -> Collection[str]:
    return load().normalise.known


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_short_sentence_is_not_covered(code: str, vocabulary: Collection[str]) -> None:
    missed = [each for each in SENTENCES[code] if detect_language(each, vocabulary).covered]
    assert len(missed) <= len(SENTENCES[code]) // 4, missed


def test_nearly_all_of_them_are_recognised_and_named(vocabulary: Collection[str]) -> None:
    found = [detect_language(each, vocabulary) for sentences in SENTENCES.values() for each in sentences]
    codes = [code for code, sentences in SENTENCES.items() for _ in sentences]
    assert sum(not each.covered for each in found) >= 0.94 * len(found)
    assert sum(each.code == code for each, code in zip(found, codes, strict=True)) >= 0.92 * len(found)


@pytest.mark.parametrize("text", SAID)
def test_what_a_few_words_say_is_not_covered(text: str, vocabulary: Collection[str]) -> None:
    assert not detect_language(text, vocabulary).covered
    assert not detect_language(f"{text} <3", vocabulary).covered


@pytest.mark.parametrize(
    "text",
    [
        "See you at Les Misérables tonight",
        "Maria dos Santos da Silva",
        "Ms. Nguyen, can I retake it?",
        "Jean-Luc will present Le Petit Prince",
        "The van der Berg family is here",
        "wat r u doing",
        "C'est la vie, we lost again",
        "The word of the day is Schadenfreude",
        "Bon voyage seniors!",
        "We learned ich liebe dich in German class today",
        "Ok merci",
        "Hola, ¿cómo está usted?",
        "no te la puedo dar",
        "Ella y yo vamos a ti",
        "Te amo mucho",
        "Kim Min-jun",
        "k thx bye",
        "",
    ],
)
def test_names_titles_and_slang_are_no_other_language(text: str, vocabulary: Collection[str]) -> None:
    assert detect_language(text, vocabulary).covered


def test_the_corpus_is_english_and_spanish(vocabulary: Collection[str]) -> None:
    texts = [f"{each.subject} \n{each.text}" for each in load_corpus()]
    assert sum(not detect_language(each, vocabulary).covered for each in texts) < 0.001 * len(texts)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_long_text_is_not_covered_either(code: str, vocabulary: Collection[str]) -> None:
    assert not detect_language(" ".join(SENTENCES[code] * 3), vocabulary).covered


@pytest.mark.parametrize("text", ["ta3ali 3andi el beit", "ma bte7ki la 7ada", "ba2dar 3ish law sama7t"])
def test_digits_that_are_arabic_letters(text: str, vocabulary: Collection[str]) -> None:
    assert detect_language(text, vocabulary) == DetectedLanguage("ar", False)


@pytest.mark.parametrize(
    "text",
    [
        "y0u l00k s3xy 2day, d3lete th3se t3xts",
        "Codes for the clickers: a3bk, r7tq, k2mm; 3pts each, due 7pm on the 3rd",
        "gr8 job w3rd, meet b4 7th period in b12a",
    ],
)
def test_other_digits_are_not(text: str, vocabulary: Collection[str]) -> None:
    assert detect_language(text, vocabulary).covered
