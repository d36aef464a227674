"""Messages for the tests of the classifiers."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from classifiers.pipeline.classifier import Classifier, load
from classifiers.pipeline.job import Job
from classifiers.service import self_test as self_test
from gateway.core.channels.capabilities import MAIL, SMS
from gateway.core.messages.message import sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Verdict


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


STAFF, STUDENT = Direction.STAFF_TO_STUDENT, Direction.STUDENT_TO_STAFF


GROOMING = "You look so beautiful today. This stays our secret, don't tell your parents."


def sms(text: str, direction: str = STAFF) -> Job:
    """A text message to classify."""
    content = text.encode()
    return Job("id", sha256_of(content), SMS, direction, content)


def mail(content: bytes, direction: str = STAFF) -> Job:
    """A mail to classify."""
    return Job("id", sha256_of(content), MAIL, direction, content)


def letter(text: str, subject: str = "Hello", html: bool = False, answers: str = "") -> bytes:
    """The content of a mail with this text."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    if answers:
        message["In-Reply-To"] = answers
    message.set_content(text, "html") if html else message.set_content(text)
    return message.as_bytes()


def one(classifier: Classifier, job: Job) -> Verdict:
    """The verdict on one message."""
    return classifier.classify([job])[0]


def prohibited(verdict: Verdict) -> float:
    """The highest score of a clause for which messages are held."""
    return max((verdict.score(clause) for clause in ("7a", "7b", "7c", "7d", "7e", "8", "9")), default=0.0)
