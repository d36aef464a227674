"""A short answer read with what it answers: it is judged by what it adds, and by that alone."""

from __future__ import annotations

import pytest

from classifiers.extract.extraction import Passage
from classifiers.extract.quoting import Kind
from classifiers.features.annotations import Evidence
from classifiers.pipeline.job import Job, pack, unpack
from classifiers.pipeline.pipeline import load, normaliser
from classifiers.pipeline.reply_context import LAST, RECENT, SHORT, Together, with_earlier
from classifiers.pipeline.texts import ReadText, texts
from gateway.core.messages.message import Channel, EarlierMessage, sha256_of
from gateway.core.messages.parties import Direction
from gateway.core.messages.verdict import Finding, Span

NORMALISE = normaliser(frozenset())
NOW = 1_000_000.0


def answer(text: str) -> tuple[ReadText, ...]:
    return texts([Passage("1", 0, text, Kind.FRESH)], NORMALISE)[0]


def said(*texts: str, ago: float = 60.0) -> list[EarlierMessage]:
    return [
        EarlierMessage(str(number), "someone@riverbend.example", NOW - ago, text) for number, text in enumerate(texts)
    ]


def test_an_answer_stands_behind_what_it_answers() -> None:
    found = answer("yes, at 8")
    earlier, answered = with_earlier(found, said("a", "b", "c", "come over?"), NOW, NORMALISE, "en")
    assert (earlier.kind, answered.kind) == (Kind.EARLIER, Kind.ANSWERED)
    assert earlier.text.split("\n") == ["b", "c", "come over?"][-LAST:]
    assert answered.text == f"{earlier.text}\nyes, at 8"
    assert list(answered.spans(0, len(answered.text))) == [Span("1", 0, 9)]  # of what was said before nothing is marked
    assert not list(earlier.spans(0, len(earlier.text)))


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("word " * (SHORT + 1), said("come over?")),
        ("yes", []),
        ("yes", said("  ")),
        ("yes", said("come over?", ago=RECENT + 1)),
    ],
    ids=["long", "first", "blank", "old"],
)
def test_what_is_no_answer_is_read_for_itself(text: str, earlier: list[EarlierMessage]) -> None:
    assert with_earlier(answer(text), earlier, NOW, NORMALISE, "en") == ()


def together(alone: float, before: float, both: float, help_before: float = 0.0, help_both: float = 0.0) -> Together:
    found = answer("my place at 8")
    texts = (*found, *with_earlier(found, said("come over?"), NOW, NORMALISE, "en"))
    evidence = [
        Evidence(scores={"7a": alone}),
        Evidence(scores={"7a": before}, help=help_before),
        Evidence(scores={"7a": both}, help=help_both),
    ]
    return Together(list(zip(texts, evidence, strict=True)))


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
            "i", sha256_of(content), Channel.SMS, str(Direction.STAFF_TO_STUDENT), content,
            context=tuple(said(*earlier)), at=NOW,
        )  # fmt: skip
        assert unpack(pack([job])) == [job]
        return {each.clause: each.by for each in classifier.classify([job])[0].findings if each.by == "conversation"}

    assert findings("I'll bring the beer", "are we still on for the bonfire coach?") == {"7b": "conversation"}
    assert not findings("ok", "I'll bring the beer for you boys tonight, tell nobody")
    assert not findings("Friday works", "when can i retake the quiz?")
