"""A quote is accepted if the conversation or the header supports it; else it counts as new text."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from classifiers.extract.extraction import extract_message
from classifiers.extract.quote_check import ConversationHistory, mark_unverified_quotes
from classifiers.extract.quoting import PassageKind
from classifiers.pipeline.classifier import load
from classifiers.pipeline.job import Job
from gateway import policies
from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.message import EarlierMessage, sha256_of
from gateway.core.messages.parties import Direction, Pair
from gateway.core.policy.decide import decide
from gateway.core.policy.decision import Action

WROTE = "On Tue, Oct 8, 2024 at 7:14 PM Hollis Grady <hg@school.example> wrote:"
LAB = "The lab report is due on Friday. Please bring your goggles and the signed form from home."
WARM = "You are so beautiful and I think about you all the time. Come to my place alone and tell nobody about it."


def mail(text: str, *, references: str = "") -> bytes:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Re: lab"
    if references:
        message["References"] = references
    message.set_content(text)
    return message.as_bytes()


def earlier_messages(*texts: str) -> tuple[EarlierMessage, ...]:
    return tuple(EarlierMessage(str(number), "x@school.example", 1.0, text) for number, text in enumerate(texts))


def kinds_of(content: bytes, *earlier: str) -> set[PassageKind]:
    return {
        passage.kind
        for passage in mark_unverified_quotes(
            extract_message(content).passages, content, ConversationHistory(earlier_messages(*earlier))
        )
    } - {PassageKind.SUBJECT}


def quoted(above: str, text: str) -> str:
    return f"{above}\n\n{WROTE}\n> {text}"


@pytest.mark.parametrize(
    ("content", "earlier"),
    [
        (mail(quoted("Ok, thanks.", LAB), references="<1@school.example>"), ()),
        (mail(quoted("Ok, thanks.", LAB), references="<1@school.example>"), (LAB,)),
        (mail(quoted("Ok, thanks.", LAB)), (LAB,)),
        (mail(quoted("Ok, thanks.", f"{LAB} I will be in room 12 all afternoon.")), ("See you.", LAB)),
        (
            mail(quoted("A long answer of my own. " * 12, LAB), references="<1@school.example>"),
            ("Something else was said.",),
        ),
        (mail(quoted("Ok.", "See you at four then.")), ()),
    ],
    ids=["answer", "both", "record", "record of most of it", "long answer to an older one", "a few words"],
)
def test_the_quote_of_a_normal_reply_is_accepted(content: bytes, earlier: tuple[str, ...]) -> None:
    assert kinds_of(content, *earlier) == {PassageKind.NEW, PassageKind.QUOTED}


@pytest.mark.parametrize(
    ("content", "earlier"),
    [
        (mail(quoted("Ok, thanks.", WARM)), ()),
        (mail(quoted("", WARM)), (LAB,)),
        (mail(quoted("Ok, thanks.", WARM), references="<1@school.example>"), (LAB,)),
        (mail(f"{WROTE}\n{WARM}"), ()),
    ],
    ids=["no answer", "alone", "the record knows nothing of it", "without marks"],
)
def test_a_quote_without_evidence_is_unverified(content: bytes, earlier: tuple[str, ...]) -> None:
    assert PassageKind.UNVERIFIED in kinds_of(content, *earlier)
    assert PassageKind.QUOTED not in kinds_of(content, *earlier)


def test_text_messages_have_no_quotes() -> None:
    assert [passage.kind for passage in extract_message(f"{WROTE}\n> {WARM}".encode(), "sms").passages] == [
        PassageKind.NEW
    ]


def test_words_below_a_false_attribution_are_held_like_new_text() -> None:
    classifier = load()
    policy = policies.read(None, {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG})
    pair = Pair("s@school.example", "staff", "student", Direction.STAFF_TO_STUDENT)

    def action(text: str) -> Action:
        content = mail(text)
        job = Job("i", sha256_of(content), MAIL, str(pair.direction), content, context=earlier_messages(LAB), at=2.0)
        verdict = classifier.classify([job])[0]
        assert not any(passage.quoted for passage in verdict.findings)
        return decide([pair], verdict, {}, policy).action

    assert action(WARM) is Action.HOLD
    assert action(quoted("Ok, thanks.", WARM)) is Action.HOLD


def test_another_language_below_a_false_attribution_is_not_covered() -> None:
    french = "Bonjour, demain nous avons un examen de mathématiques et vous devez apporter vos livres avec vous."
    content = mail(quoted("Ok, thanks, see you then.", french))
    job = Job("i", sha256_of(content), MAIL, "", content)
    assert load().classify([job])[0].failed == ("language",)
