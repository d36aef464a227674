"""A short answer read with what it answers: it is judged by what it adds, and by that alone."""

from __future__ import annotations

import pytest

from classifiers.extract.extraction import Passage
from classifiers.extract.quoting import PassageKind
from classifiers.features.annotations import TextAnnotations
from classifiers.pipeline.classifier import build_normalizer, load
from classifiers.pipeline.job import Job, pack_jobs, unpack_jobs
from classifiers.pipeline.reply_context import (
    CONTEXT_MESSAGES,
    MAX_CONTEXT_AGE,
    MAX_REPLY_WORDS,
    ReplyInContext,
    context_texts,
)
from classifiers.pipeline.texts import PipelineText, build_texts
from gateway.core.channels.capabilities import SMS
from gateway.core.messages.message import EarlierMessage, sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Span

NORMALISE = build_normalizer(frozenset())
NOW = 1_000_000.0


def answer(text: str) -> tuple[PipelineText, ...]:
    return build_texts([Passage("1", 0, text, PassageKind.FRESH)], NORMALISE)[0]


def said(*build_texts: str, ago: float = 60.0) -> list[EarlierMessage]:
    return [
        EarlierMessage(str(number), "someone@riverbend.example", NOW - ago, text)
        for number, text in enumerate(build_texts)
    ]


def test_an_answer_stands_behind_what_it_answers() -> None:
    found = answer("yes, at 8")
    earlier, answered = context_texts(found, said("a", "b", "c", "come over?"), NOW, NORMALISE, "en")
    assert (earlier.kind, answered.kind) == (PassageKind.EARLIER, PassageKind.ANSWERED)
    assert earlier.text.split("\n") == ["b", "c", "come over?"][-CONTEXT_MESSAGES:]
    assert answered.text == f"{earlier.text}\nyes, at 8"
    assert list(answered.spans(0, len(answered.text))) == [Span("1", 0, 9)]  # of what was said before nothing is marked
    assert not list(earlier.spans(0, len(earlier.text)))


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("word " * (MAX_REPLY_WORDS + 1), said("come over?")),
        ("yes", []),
        ("yes", said("  ")),
        ("yes", said("come over?", ago=MAX_CONTEXT_AGE + 1)),
    ],
    ids=["long", "first", "blank", "old"],
)
def test_what_is_no_answer_is_read_for_itself(text: str, earlier: list[EarlierMessage]) -> None:
    assert context_texts(answer(text), earlier, NOW, NORMALISE, "en") == ()


def together(
    alone: float, before: float, both: float, help_before: float = 0.0, help_both: float = 0.0
) -> ReplyInContext:
    found = answer("my place at 8")
    build_texts = (*found, *context_texts(found, said("come over?"), NOW, NORMALISE, "en"))
    evidence = [
        TextAnnotations(scores={"7a": alone}),
        TextAnnotations(scores={"7a": before}, help=help_before),
        TextAnnotations(scores={"7a": both}, help=help_both),
    ]
    return ReplyInContext(list(zip(build_texts, evidence, strict=True)))


def test_an_answer_that_says_little_alone_is_listed_and_a_suspect_one_held() -> None:
    (listed,) = together(0.1, 0.2, 0.9).findings()
    assert listed == Finding("7a", 0.49, "conversation", (Span("1", 0, 13),), "answer")
    (held,) = together(0.35, 0.2, 0.9).findings()
    assert held.score == 0.9


def test_what_was_said_before_is_not_said_again() -> None:
    assert not list(together(0.1, 0.9, 0.92).findings())
    assert together(0.0, 0.0, 0.0, help_before=0.9, help_both=0.92).help() == 0.0
    assert together(0.0, 0.0, 0.0, help_before=0.2, help_both=0.92).help() == 0.92


def test_the_pipeline_reads_answers_with_what_they_answer() -> None:
    classifier = load()

    def findings(text: str, *earlier: str) -> dict[str, str]:
        content = text.encode()
        job = Job(
            "i", sha256_of(content), SMS, str(Direction.STAFF_TO_STUDENT), content,
            context=tuple(said(*earlier)), at=NOW,
        )  # fmt: skip
        assert unpack_jobs(pack_jobs([job])) == [job]
        return {each.clause: each.by for each in classifier.classify([job])[0].findings if each.by == "conversation"}

    assert findings("I'll bring the beer", "are we still on for the bonfire coach?") == {"7b": "conversation"}
    assert not findings("ok", "I'll bring the beer for you boys tonight, tell nobody")
    assert not findings("Friday works", "when can i retake the quiz?")
