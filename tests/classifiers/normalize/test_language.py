"""Short sentences in other languages are recognized; English and Spanish are not mistaken for them."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path

import pytest

from classifiers.normalize.language import DetectedLanguage, detect_language
from classifiers.pipeline.classifier import load
from classifiers.training.examples.labeled import load_corpus

SENTENCES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("foreign_sentences.toml").read_text("utf-8"))
PHRASES = SENTENCES.pop("said")


@pytest.fixture(scope="module")
def vocabulary() -> Collection[str]:
    return load().normalizer.known


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_most_short_foreign_sentences_are_not_covered(code: str, vocabulary: Collection[str]) -> None:
    covered = [sentence for sentence in SENTENCES[code] if detect_language(sentence, vocabulary).covered]
    assert len(covered) <= len(SENTENCES[code]) // 4, covered


def test_nearly_all_languages_are_recognized_and_named(vocabulary: Collection[str]) -> None:
    languages = [detect_language(sentence, vocabulary) for sentences in SENTENCES.values() for sentence in sentences]
    codes = [code for code, sentences in SENTENCES.items() for _ in sentences]
    assert sum(not sentence.covered for sentence in languages) >= 0.94 * len(languages)
    assert sum(sentence.code == code for sentence, code in zip(languages, codes, strict=True)) >= 0.92 * len(languages)


@pytest.mark.parametrize("text", PHRASES)
def test_foreign_phrases_are_not_covered(text: str, vocabulary: Collection[str]) -> None:
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
def test_names_titles_and_slang_are_covered(text: str, vocabulary: Collection[str]) -> None:
    assert detect_language(text, vocabulary).covered


def test_the_corpus_is_english_and_spanish(vocabulary: Collection[str]) -> None:
    texts = [f"{sentence.subject} \n{sentence.text}" for sentence in load_corpus()]
    assert sum(not detect_language(sentence, vocabulary).covered for sentence in texts) < 0.001 * len(texts)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_long_foreign_texts_are_not_covered(code: str, vocabulary: Collection[str]) -> None:
    assert not detect_language(" ".join(SENTENCES[code] * 3), vocabulary).covered


@pytest.mark.parametrize("text", ["ta3ali 3andi el beit", "ma bte7ki la 7ada", "ba2dar 3ish law sama7t"])
def test_digits_as_arabic_letters_are_recognized(text: str, vocabulary: Collection[str]) -> None:
    assert detect_language(text, vocabulary) == DetectedLanguage("ar", False)


@pytest.mark.parametrize(
    "text",
    [
        "y0u l00k s3xy 2day, d3lete th3se t3xts",
        "Codes for the clickers: a3bk, r7tq, k2mm; 3pts each, due 7pm on the 3rd",
        "gr8 job w3rd, meet b4 7th period in b12a",
    ],
)
def test_other_digits_are_covered(text: str, vocabulary: Collection[str]) -> None:
    assert detect_language(text, vocabulary).covered
