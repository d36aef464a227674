"""A sample of the disguises, one at a time; `make differential` tries all of them and thousands of combinations."""

from __future__ import annotations

import random

import pytest

from classifiers.pipeline.classifier import Classifier, load
from gateway.core.messages.parties import Direction
from tests.differential.evasions.check import outcomes, sentence_of
from tests.differential.evasions.mails import plain_mails, rarer_mails

SAMPLE = 50


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load("")


@pytest.mark.slow
@pytest.mark.parametrize("direction", list(Direction))
def test_a_hidden_sentence_is_found_or_called_not_read(classifier: Classifier, direction: Direction) -> None:
    mails = list(plain_mails(sentence_of(direction)))
    rarer = list(rarer_mails(sentence_of(direction)))
    seed = random.randrange(1_000)
    print("seed", seed)
    chosen = random.Random(seed).sample(mails, SAMPLE) + random.Random(seed).sample(rarer, SAMPLE)
    wrong = [
        (mail.kinds, verdict.failed, what) for mail, verdict, what in outcomes(classifier, chosen, direction) if what
    ]
    assert wrong == []
