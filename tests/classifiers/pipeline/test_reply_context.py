"""A short reply is classified with its context. Only what it adds counts."""

from __future__ import annotations

import pytest

from classifiers.extract.passages import Passage
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline.classifier import load
from classifiers.pipeline.job import Job, pack_jobs, unpack_jobs
from classifiers.pipeline.reply_context import (
    CONTEXT_MESSAGES,
    MAX_CONTEXT_AGE,
    MAX_REPLY_WORDS,
    ReplyInContext,
    calls_in_pieces,
    context_texts,
)
from classifiers.pipeline.rules import build_normalizer
from classifiers.pipeline.texts import PipelineText, build_texts
from gateway.core.channels.capabilities import SMS
from gateway.core.messages.message import EarlierMessage, sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Span

NORMALIZER = build_normalizer(frozenset())
NOW = 1_000_000.0


def reply(text: str) -> tuple[PipelineText, ...]:
    return build_texts([Passage("1", 0, text, PassageKind.NEW)], NORMALIZER)[0]


def earlier_messages(*build_texts: str, ago: float = 60.0) -> list[EarlierMessage]:
    return [
        EarlierMessage(str(number), "someone@riverbend.example", NOW - ago, text)
        for number, text in enumerate(build_texts)
    ]


def test_a_reply_is_appended_to_its_context() -> None:
    found = reply("yes, at 8")
    earlier, combined = context_texts(found, earlier_messages("a", "b", "c", "come over?"), NOW, NORMALIZER, "en")
    assert (earlier.kind, combined.kind) == (PassageKind.CONTEXT, PassageKind.REPLY_WITH_CONTEXT)
    assert earlier.text.split("\n") == ["b", "c", "come over?"][-CONTEXT_MESSAGES:]
    assert combined.text == f"{earlier.text}\nyes, at 8"
    assert list(combined.spans(0, len(combined.text))) == [Span("1", 0, 9)]  # earlier messages have no spans
    assert not list(earlier.spans(0, len(earlier.text)))


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("word " * (MAX_REPLY_WORDS + 1), earlier_messages("come over?")),
        ("yes", []),
        ("yes", earlier_messages("  ")),
        ("yes", earlier_messages("come over?", ago=MAX_CONTEXT_AGE + 1)),
    ],
    ids=["long", "first", "blank", "old"],
)
def test_other_messages_have_no_context(text: str, earlier: list[EarlierMessage]) -> None:
    assert context_texts(reply(text), earlier, NOW, NORMALIZER, "en") == ()


def reply_in_context(
    alone: float, earlier_score: float, both: float, help_before: float = 0.0, help_both: float = 0.0
) -> ReplyInContext:
    found = reply("my place at 8")
    build_texts = (*found, *context_texts(found, earlier_messages("come over?"), NOW, NORMALIZER, "en"))
    evidence = [
        TextAnnotations(scores={"7a": alone}),
        TextAnnotations(scores={"7a": earlier_score}, help=help_before),
        TextAnnotations(scores={"7a": both}, help=help_both),
    ]
    return ReplyInContext(list(zip(build_texts, evidence, strict=True)))


@pytest.mark.parametrize(
    ("earlier", "last"),
    [
        ("9 1", "1"), ("91", "1"), ("h e l", "p"), ("he", "lp"), ("help", "me"), ("so", "s"), ("hi ay", "uda"),
        ("98", "8"), ("need", "help"), ("see_you_in_class_then 9 1", "1"),
    ],
)  # fmt: skip
def test_a_call_in_several_texts_is_read_once(earlier: str, last: str) -> None:
    found = context_texts(reply(last), earlier_messages(*earlier.split()), NOW, NORMALIZER, "en")
    calls = [text.text for text in found if text.kind is PassageKind.OTHER]
    row = "".join((*earlier.split(), last)).removeprefix("hi").removeprefix("see_you_in_class_then")
    assert calls == ([] if "help" in (earlier, last) else [row])


@pytest.mark.parametrize(
    ("pieces", "call"),
    [
        (("p", "l", "e", "h"), "pleh"), (("me", "help"), ""), (("1. he", "2. lp"), "help"),
        (("(1/2) 9", "(2/2) 11"), "911"), (("1) ay", "2) u", "3) da"), "ayuda"),
    ],
)  # fmt: skip
def test_pieces_may_be_numbered_or_backwards(pieces: tuple[str, ...], call: str) -> None:
    found = calls_in_pieces(reply(pieces[-1]), earlier_messages(*pieces[:-1]), NOW)
    assert [text.text for text in found] == ([call] if call else [])


@pytest.mark.parametrize(
    ("earlier", "last"),
    [("9 3", "1"), ("hi there", "ok"), ("12 11", "7"), ("9 yes", "11"), ("sos", "ok"), ("h e", "y")],
)
def test_other_short_texts_in_a_row_are_no_call(earlier: str, last: str) -> None:
    found = context_texts(reply(last), earlier_messages(*earlier.split()), NOW, NORMALIZER, "en")
    assert PassageKind.OTHER not in [text.kind for text in found]


def test_a_reply_is_flagged_and_a_suspicious_one_held() -> None:
    (listed,) = reply_in_context(0.1, 0.2, 0.9).findings()
    assert listed == Finding("7a", 0.49, "conversation", (Span("1", 0, 13),), "answer")
    (held,) = reply_in_context(0.35, 0.2, 0.9).findings()
    assert held.score == 0.9


def test_earlier_messages_are_not_counted_again() -> None:
    assert not list(reply_in_context(0.1, 0.9, 0.92).findings())
    assert reply_in_context(0.0, 0.0, 0.0, help_before=0.9, help_both=0.92).help() == 0.0
    assert reply_in_context(0.0, 0.0, 0.0, help_before=0.2, help_both=0.92).help() == 0.92


def test_the_classifier_reads_replies_in_context() -> None:
    classifier = load()

    def findings(text: str, *earlier: str) -> dict[str, str]:
        content = text.encode()
        job = Job(
            "i", sha256_of(content), SMS, str(Direction.STAFF_TO_STUDENT), content,
            context=tuple(earlier_messages(*earlier)), at=NOW,
        )  # fmt: skip
        assert unpack_jobs(pack_jobs([job])) == [job]
        return {
            finding.clause: finding.by
            for finding in classifier.classify([job])[0].findings
            if finding.by == "conversation"
        }

    assert findings("I'll bring the beer", "are we still on for the bonfire coach?") == {"7b": "conversation"}
    assert not findings("ok", "I'll bring the beer for you boys tonight, tell nobody")
    assert not findings("Friday works", "when can i retake the quiz?")


@pytest.mark.parametrize(("last", "earlier"), [("p", ("h", "e", "l")), ("1", ("9", "1")), ("ok", ("h", "e", "l"))])
def test_a_first_look_reads_pieces_as_well(last: str, earlier: tuple[str, ...]) -> None:
    content = last.encode()
    job = Job(
        "i", sha256_of(content), SMS, str(Direction.STUDENT_TO_STAFF), content,
        context=tuple(earlier_messages(*earlier)), at=NOW,
    )  # fmt: skip
    (look,) = load().first_look([job])
    assert (look.help >= 0.9) == (last != "ok")
