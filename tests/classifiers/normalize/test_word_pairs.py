"""Words in a row are told to be a sentence by which words follow each other, in any wording."""

from __future__ import annotations

import random

from classifiers.normalize.word_pairs import evidence, likeliest_words
from tests.many_wordings import SENTENCES


def test_sentences_have_evidence_whatever_they_say() -> None:
    found = [evidence(sentence.lower().split()) for sentence in SENTENCES]
    assert sum(bits >= 8 for bits in found) >= 0.85 * len(SENTENCES)
    assert min(found) > 0


def test_words_by_chance_have_none() -> None:
    rng = random.Random(13)
    words = " ".join(SENTENCES).lower().split()
    chosen = [rng.choices(words, k=rng.randint(5, 30)) for _ in range(2000)]
    assert sum(evidence(row) >= 8 for row in chosen) <= 20


def test_letters_in_the_order_of_the_alphabet_are_no_sentence() -> None:
    assert evidence("a b c d e f g h i j".split()) < 4
    assert evidence([]) == evidence(["please"]) == 0.0


def test_words_again_and_again_are_no_more_evidence() -> None:
    assert evidence("go to go to go to go to".split()) <= evidence("go to go".split())


def test_of_words_that_fit_those_are_taken_that_follow_each_other() -> None:
    choices = [("deltas", "delete"), ("thus", "this"), ("massage", "message"), ("send", "and"), ("moot", "meet")]
    assert likeliest_words(choices) == "delete this message and meet".split()
    assert likeliest_words([]) == []
