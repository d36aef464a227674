"""The status of a message, and the words shown for each clause."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage

import pytest

from gateway.core.channels.capabilities import SMS
from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Span
from gateway.core.review.views import MessageDetail, RecipientTrace, Trace
from gateway.demo.message_status import StatusLookup
from tests.demo.fake_gateway import TITLES, FakeGateway, by_subject

TEXT = "Let's keep this just\r\nbetween us, okay? Delete this when you've read it."


def mail(text: str = TEXT, title: str = "our secret") -> bytes:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"], message["Message-ID"] = title, "<m@x>"
    message.set_content(text)
    return message.as_bytes()


def finding(words: str, score: float, clause: str = "7a", part: str = "1", text: str = TEXT) -> Finding:
    at = text.index(words)
    return Finding(clause, score, "lexicon", (Span(part, at, at + len(words)),))


def lookup_with(*findings: Finding, content: bytes | None = None, action: str = "hold") -> StatusLookup:
    fake = FakeGateway(lambda _title, _text: (action, findings), {})
    fake.take(
        "s@riverbend.example", ["k@students.riverbend.example"], content or mail(), ["k@students.riverbend.example"]
    )
    return StatusLookup(fake, TITLES)


async def test_words_are_cut_from_the_message() -> None:
    lookup = lookup_with(
        finding("just\r\nbetween us", 0.9),
        finding("between us", 0.95),
        finding("Delete this", 0.8),
        finding("secret", 0.7, part="subject", text="our secret"),
    )
    status = await lookup.status(message_id="<m@x>")
    assert status is not None
    reason = status.reasons[0]
    assert (reason.clause, reason.title, reason.score) == ("7a", TITLES["7a"], 0.95)
    assert reason.words == ("just between us", "Delete this when you've", "our secret")
    assert status == await lookup.status(id="m001")
    assert (status.subject, status.purpose, status.took_ms) == ("our secret", "scheduling", 12.0)


@pytest.mark.parametrize(
    ("text", "found", "shown"),
    [
        ("Come over. There's a cooler of beer in the garage. Bring ice.", ["beer"], "cooler of beer in the"),
        ("Call 515-555-0142 now", ["0142"], "Call 515-555-0142 now"),
        ("You are so mature for your age, really.", ["You are", "age"], "You are so mature for your age"),
        ("Not a word. Ever.", ["word"], "Not a word"),
        ("one two three four five six seven, eight", ["one", "seven"], "one two three"),
        ("a\r\n\r\nbeer\r\n\r\nb", ["beer"], "beer"),
    ],
)
async def test_words_are_shown_with_their_neighbors(text: str, found: list[str], shown: str) -> None:
    findings = [finding(words, 0.9, "7b", text=text) for words in found]
    status = await lookup_with(*findings, content=mail(text)).status(id="m001")
    assert status is not None
    assert status.reasons[0].words[0] == shown


async def test_long_spans_are_shortened() -> None:
    text = "and so on " * 30
    lookup = lookup_with(Finding("8", 0.6, "head", (Span("1", 0, 300),)), content=mail(text))
    status = await lookup.status(id="m001")
    assert status is not None
    assert len(status.reasons[0].words[0]) < 80
    assert status.reasons[0].words[0].endswith("…")


async def test_spans_outside_the_text_show_nothing() -> None:
    lookup = lookup_with(Finding("9", 0.6, "head", (Span("7", 0, 9), Span("1", 9000, 9010))), Finding("9", 0.5, "rate"))
    status = await lookup.status(id="m001")
    assert status is not None
    assert (status.reasons[0].words, status.reasons[0].title) == ((), "")


async def test_unknown_messages_have_no_status() -> None:
    lookup = lookup_with()
    assert await lookup.status(id="nobody") is None
    assert await lookup.status(message_id="<other@x>") is None
    assert await lookup.status() is None
    assert await lookup.held_ids() == ["m001"]


async def test_clauses_have_no_words_before_the_verdict() -> None:
    class Early(FakeGateway):
        async def detail(self, id: str) -> MessageDetail | None:
            where = (RecipientTrace("k@x.example", State.RECEIVED, 0.0),)
            trace = Trace(id, "<m@x>", SMS, Direction.STAFF_TO_STUDENT, "s@x.example", where, "", "", ())
            return MessageDetail(trace, b"hi", SMS)

    status = await StatusLookup(Early(by_subject({}), {}), {}).status(id="m1")
    assert status is not None
    assert not status.decided
    assert (status.subject, status.reasons, status.took_ms) == ("hi", (), None), "a text is its own title"
