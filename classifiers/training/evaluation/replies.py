"""Measures short replies with and without the messages they reply to: where context helps, and where it harms."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from classifiers.pipeline.classifier import Classifier
from classifiers.pipeline.job import Job
from classifiers.training.evaluation.metrics import rate
from classifiers.training.evaluation.results import ExampleResult, example_result, message_from_example
from classifiers.training.examples.labeled import CORPUS, SHORT_REPLIES, Example, evaluation_file, example_from_row
from gateway.core.messages.message import EarlierMessage
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy

_SECONDS_APART = 60.0  # seconds between messages

Reply = tuple[Example, tuple[str, ...]]


def load_replies(corpus: Path = CORPUS) -> list[Reply]:
    """The short last messages of conversations, each with the messages before it.

    Their rows have the format of the corpus, with `earlier`: the messages before, oldest first.
    """
    path = evaluation_file(SHORT_REPLIES, corpus)
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line)
    return [(example_from_row(row, path.stem), tuple(map(str, row["earlier"]))) for row in rows]


def reply_report(classifier: Classifier, policy: Policy, replies: Sequence[Reply] | None = None) -> Iterator[str]:
    """The figures of replies alone, and of replies with their context."""
    chosen = load_replies() if replies is None else replies
    yield f"short replies in conversations, {len(chosen)}: alone, then with their context"
    alone, with_context = (reply_results(classifier, policy, chosen, context) for context in (False, True))
    for what, applies, is_hit in (
        ("should be held: held or flagged", lambda example: example.hold, lambda result: result.reported),
        ("should be held: held", lambda example: example.hold, lambda result: result.held),
        ("clean: held", lambda example: not example.labels, lambda result: result.held),
        ("clean: flagged", lambda example: not example.labels, lambda result: result.action is Action.FLAG),
        ("calls for help: recognized", lambda example: example.help, lambda result: result.action is Action.ALERT),
        ("other messages: alerted", lambda example: not example.help, lambda result: result.action is Action.ALERT),
    ):
        before, after = (
            rate([is_hit(result) for result in results if applies(result.example)]) for results in (alone, with_context)
        )
        yield f"  {what:32} {before!s:38} {after}"


def reply_results(
    classifier: Classifier, policy: Policy, replies: Sequence[Reply], context: bool
) -> list[ExampleResult]:
    """The results of replies, alone or with their context."""
    return [classify_after(classifier, policy, example, earlier if context else ()) for example, earlier in replies]


def classify_after(classifier: Classifier, policy: Policy, example: Example, earlier: Sequence[str]) -> ExampleResult:
    """The result of a message that comes a minute after earlier messages, which are a minute apart."""
    message = message_from_example(example)
    context = tuple(
        EarlierMessage(str(number), "", _SECONDS_APART * (number + 1), text) for number, text in enumerate(earlier)
    )
    job = Job(
        message.id, message.sha256, message.channel, str(message.direction), message.content,
        context=context, at=_SECONDS_APART * (len(earlier) + 1),
    )  # fmt: skip
    return example_result(example, message, classifier.classify([job])[0], policy)
