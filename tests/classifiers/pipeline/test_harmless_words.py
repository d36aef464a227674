"""Words of school life that sound like danger do not alert; what else a message says still does."""

from __future__ import annotations

import pytest

from classifiers.components.lexicon import HARMLESS
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import Hit, TextAnnotations
from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.harmless_words import SPARED, rests_without_harmless_words
from classifiers.pipeline.job import Job
from classifiers.pipeline.texts import PipelineText
from gateway.core.channels.capabilities import SMS
from gateway.core.messages.message import sha256_of
from gateway.core.messages.parties import Direction

HARMLESS_TEXTS = (
    "he touched the ball with his hand and the ref didn't see it",
    "i need help with my homework before friday",
    "cant come to practice im sick",
    "Ms Ruiz my dress is too tight on top, I can't breathe when I sing. Can somebody let it out before Wednesday?",
    "vomité toda la noche no puedo ir al ensayo",
    "me da miedo el examen final jaja",
)
DANGER = (
    "he touched the ball first and then he touched me down there after practice",
    "need help with my essay and also i want to die",
    "coach i've been throwing up all night because i swallowed all my mom's pills",
    "me pegó la pelota y luego mi papá me pegó con el cable",
    "vomité toda la noche porque me tomé todas las pastillas",
)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


def test_harmless_words_do_not_alert_and_danger_beside_them_does(classifier: Classifier) -> None:
    texts = HARMLESS_TEXTS + DANGER
    jobs = [Job(text, sha256_of(text.encode()), SMS, str(Direction.STUDENT_TO_STAFF), text.encode()) for text in texts]
    assert {verdict.id for verdict in classifier.classify(jobs) if verdict.help >= 0.5} == set(DANGER)


def text_of(words: str, help_score: float, *harmless: str) -> tuple[PipelineText, TextAnnotations]:
    """A text whose parts `harmless` were found in the lexicon."""
    annotations = TextAnnotations(text=words, help=help_score)
    at = 0
    for word in words.split():
        at = words.index(word, at)
        annotations.words.append((word, at, at + len(word)))
        at += len(word)
    for part in harmless:
        annotations.hits.append(Hit(HARMLESS, "made", words.index(part), words.index(part) + len(part), "lexicon"))
    return PipelineText(PassageKind.NEW, words, (), 0), annotations


def test_the_rest_decides() -> None:
    student = str(Direction.STUDENT_TO_STAFF)
    text = text_of("i hit the ball then he hit me", 0.9, "hit the ball")
    (rest,) = rests_without_harmless_words([text], student)
    assert rest.text.text == "i then he hit me"
    rest.spare(0.6)
    assert text[1].help == 0.9
    rest.spare(0.1)
    assert text[1].help == SPARED
    (nothing,) = rests_without_harmless_words([text_of("hit the ball!", 0.9, "hit the ball")], student)
    assert nothing.is_empty


def test_only_texts_of_students_that_would_be_alerted_are_read_again() -> None:
    student, staff = str(Direction.STUDENT_TO_STAFF), str(Direction.STAFF_TO_STUDENT)
    text = "we hit the ball"
    assert not rests_without_harmless_words([text_of(text, 0.4, "hit the ball")], student)
    assert not rests_without_harmless_words([text_of(text, 0.9)], student)
    assert not rests_without_harmless_words([text_of(text, 0.9, "hit the ball")], staff)
    long = "hit the ball " + "and so on " * 10
    assert not rests_without_harmless_words([text_of(long, 0.9, "hit the ball")], student)
