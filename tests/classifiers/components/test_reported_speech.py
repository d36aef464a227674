"""Plain words count unless their sentence, or the one around their quotation, only reports them."""

from __future__ import annotations

import pytest

from classifiers.components.reported_speech import is_mentioned, is_reported
from classifiers.features.annotations import USER_DATA_KEY, TextAnnotations
from classifiers.pipeline.classifier import load
from classifiers.pipeline.rules import build_rule_pipeline
from tests.classifiers.sample_messages import STAFF, STUDENT, one, prohibited, sms

NLP = build_rule_pipeline()
PLAIN_CUES = ("direct_threat", "solicitation", "death_wish", "abuse")


def reported(text: str) -> bool:
    annotations = NLP(text).user_data[USER_DATA_KEY]
    assert isinstance(annotations, TextAnnotations)
    hits = [hit for hit in annotations.hits if hit.cue in PLAIN_CUES and hit.by == "lexicon"]
    hits = [hit for hit in hits if hit.clause in ("7a", "7c", "7d", "7e")]
    assert hits, text
    return all(is_reported(annotations, hit) for hit in hits)


@pytest.mark.parametrize(
    "text",
    [
        "You called my mom, I will kill you",
        "I will kill you. The essay is due on Friday.",
        "The essay is due on Friday.\nI will kill you.",
        "I will kill you. Office hours are at three.",
        "If you tell the principal I will kill you",
        "Tell the counselor and I will kill you",
        "Give me the answers to the test or I will kill you",
        "You told her everything so I will kill you",
        "I said I will kill you and I mean it",
        "Why don't you kill yourself already",
        "Send me nudes. Also the history homework is due.",
        "The quiz is tomorrow, send me nudes",
        "Don't worry about the project, have sex with me",
        'The character is "nice". I will kill you.',
        "Te voy a matar. El examen es mañana.",
    ],
)
def test_a_school_word_elsewhere_is_no_excuse(text: str) -> None:
    assert not reported(text)


@pytest.mark.parametrize(
    "text",
    [
        "The character says 'I will kill you'.",
        'In chapter 4 he writes "I\'m going to shoot up the school" and the class discusses it.',
        'For the play, shout "I will kill you!" and then exit.',
        'Here is what he posted:\n"I will kill you"',
        'He texted me "go kill yourself" yesterday',
        "He told me I will kill you",
        "Telling someone to go kill yourself is a violation of the handbook.",
        "The slide says send me nudes",
        "Do not bring a gun to school.",
        'Macbeth, scene 2: "I\'m going to kill him," says Macbeth.',
        'El personaje grita "te voy a matar" en la escena.',
    ],
)
def test_quoted_taught_forbidden_and_told_words_are_reported(text: str) -> None:
    assert reported(text)


@pytest.mark.parametrize("direction", [STAFF, STUDENT])
def test_a_threat_beside_school_business_is_held(direction: str) -> None:
    classifier = load()
    assert (
        one(classifier, sms("You called my mom, I will kill you. The essay is due Friday.", direction)).score("7d")
        >= 0.5
    )
    assert one(classifier, sms("Send me nudes. Also the history homework is due.", direction)).score("7a") >= 0.5
    assert prohibited(one(classifier, sms("The character says 'I will kill you' in chapter 3.", direction))) < 0.5


HATEFUL = (
    "Los inmigrantes son una plaga",
    "Odio a los negros con toda mi alma",
    "No aguanto a los putos maricones",
    "Los judíos no merecen vivir",
    "Hay que exterminar a los gitanos",
    "Me da asco la gente trans",
    "Immigrants are vermin",
    "We should gas all the jews",
)
INNOCENT = (
    "No odio a los inmigrantes, mi familia es inmigrante",
    'Decir "los gays son una plaga" está mal',
    'The quote "immigrants are vermin" comes from the 1924 debate',
    "Los migrantes deberían tener derechos",
    "Me da asco la comida de la cafetería",
    "The poster says immigrants are vermin and the class explains why that is wrong",
    "Women should vote, she wrote in 1910",
)


def test_contempt_for_groups_counts_where_it_is_not_mentioned_only() -> None:
    def counts(text: str) -> bool:
        annotations = NLP(text).user_data[USER_DATA_KEY]
        hits = [hit for hit in annotations.hits if hit.cue.startswith("group_")]
        return any(not is_reported(annotations, hit) and not is_mentioned(annotations, hit) for hit in hits)

    assert [text for text in HATEFUL + INNOCENT if counts(text)] == list(HATEFUL)
