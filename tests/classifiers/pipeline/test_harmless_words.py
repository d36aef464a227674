"""Words of school life that sound like danger do not alert; what else a message says still does."""

from __future__ import annotations

import pytest

from classifiers.components.reported_speech import HARMLESS
from classifiers.components.sentences import split_sentences
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import Hit, TextAnnotations
from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.harmless_words import SPARED, Rest, is_plain_question, rests_without_harmless_words
from classifiers.pipeline.job import Job
from classifiers.pipeline.texts import PipelineText
from gateway.core.channels.capabilities import SMS
from gateway.core.messages.message import sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.policy.clauses import HELD

HARMLESS_TEXTS = (
    "he touched the ball with his hand and the ref didn't see it",
    "i need help with my homework before friday",
    "cant come to practice im sick",
    "Ms Ruiz my dress is too tight on top, I can't breathe when I sing. Can somebody let it out before Wednesday?",
    "vomité toda la noche no puedo ir al ensayo",
    "me da miedo el examen final jaja",
    "can i go to the bathroom laughing im in the back",  # a plain question
    "my little brother was born last night, i'm tired but happy",
    "si ve algo mal me avisa",
    "heard shots fired in the movie, was that in act two?",
)
SORROWS = (
    "they make fun of my shoes",
    "they didn't invite me",
    "se burlan de mi acento",
    "le tengo miedo al profe de mate",
)
DANGER = (
    "he touched the ball first and then he touched me down there after practice",
    "need help with my essay and also i want to die",
    "coach i've been throwing up all night because i swallowed all my mom's pills",
    "me pegó la pelota y luego mi papá me pegó con el cable",
    "vomité toda la noche porque me tomé todas las pastillas",
    "they make fun of my shoes and i cut myself again",
    "its my last day on earth laughing",
    "soon you won't have to deal with me anymore",
    "should i just walk into traffic",
    "can i sleep at the school tonight my mom kicked me out",
    "i only had gum this week and im still huge",
    "soy una carga para mi familia",
    "theres an active shooter at our school plz",
    "alguien está disparando en el pasillo",
    "tell mr b theres bullets on the floor by ezras desk",
    "he showed everybody the knife in his backpack at lunch",
    "anda con un cuchillo en la manga, se llama Elmer",
)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


def test_harmless_words_do_not_alert_and_danger_beside_them_does(classifier: Classifier) -> None:
    verdicts = classifier.classify([sms(text) for text in HARMLESS_TEXTS + SORROWS + DANGER])
    assert {verdict.id for verdict in verdicts if verdict.help >= 0.5} == set(DANGER)
    sad = {verdict.id for verdict in verdicts if verdict.distress is not None and verdict.distress >= 0.5}
    assert set(SORROWS) <= sad


def test_models_alone_do_not_hold_a_few_words_of_a_student(classifier: Classifier) -> None:
    guessed, said = classifier.classify([sms("we got smoked"), sms("i will stab you tomorrow")])
    assert max((finding.score for finding in guessed.findings if finding.clause in HELD), default=0.0) < 0.5
    assert said.score("7d") >= 0.5


def sms(text: str, direction: Direction = Direction.STUDENT_TO_STAFF) -> Job:
    return Job(text, sha256_of(text.encode()), SMS, str(direction), text.encode())


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


def test_distress_falls_with_help_unless_a_sorrow_is_told() -> None:
    _, annotations = text_of("i lost the game", 0.9, "lost the game")
    annotations.distress = 0.8
    for keeps, distress in ((True, 0.8), (False, 0.2)):
        Rest(annotations, PipelineText(PassageKind.NEW, "i", (), 0), keeps).spare(0.1, 0.2)
        assert annotations.distress == distress


@pytest.mark.parametrize(
    ("question", "is_plain"),
    [
        ("is there homework", True),
        ("Coach, can we use the gym? Thanks", True),
        ("hay ensayo mañana?", True),
        ("can i sleep at your place", False),
        ("can i talk to you", False),
        ("we lost the game", False),
        ("is it open. he hit me", False),
    ],
)
def test_a_question_is_plain_if_nothing_in_it_is_grave(question: str, is_plain: bool) -> None:
    _, annotations = text_of(question.lower(), 0.7)
    annotations.words = [(word.strip(",.?"), start, end) for word, start, end in annotations.words]
    annotations.sentences = list(split_sentences(question))
    assert is_plain_question(annotations) is is_plain


def test_only_texts_of_students_that_would_be_alerted_are_read_again() -> None:
    student, staff = str(Direction.STUDENT_TO_STAFF), str(Direction.STAFF_TO_STUDENT)
    text = "we hit the ball"
    assert not rests_without_harmless_words([text_of(text, 0.4, "hit the ball")], student)
    assert not rests_without_harmless_words([text_of(text, 0.9)], student)
    assert not rests_without_harmless_words([text_of(text, 0.9, "hit the ball")], staff)
    long = "hit the ball " + "and so on " * 10
    assert not rests_without_harmless_words([text_of(long, 0.9, "hit the ball")], student)
