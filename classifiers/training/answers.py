"""Short answers measured with what they answer and without: where the conversation helps, and where it does harm."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from classifiers.pipeline.job import Job
from classifiers.pipeline.pipeline import Classifier
from classifiers.training.examples import MEASURES, Example, example_of
from classifiers.training.metrics import rate
from classifiers.training.results import Result, case_of, judged
from gateway.core.messages.message import Channel, EarlierMessage
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy

CONVERSATIONS = MEASURES / "conversations.jsonl"
"""Rows of the corpus's form with `earlier`: the texts said before, the oldest first."""

_APART = 60.0  # seconds between what was said

Answer = tuple[Example, tuple[str, ...]]


def answers(path: Path = CONVERSATIONS) -> list[Answer]:
    """The short last messages of conversations, each with what was said before it."""
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line)
    return [(example_of(row, path.stem), tuple(map(str, row["earlier"]))) for row in rows]


def report(classifier: Classifier, policy: Policy, found: Sequence[Answer] | None = None) -> Iterator[str]:
    """The figures of answers alone, and of answers with what was said before them."""
    chosen = answers() if found is None else found
    yield f"short answers in conversations, {len(chosen)}: alone, then with what they answer"
    alone, within = (_results(classifier, policy, chosen, context) for context in (False, True))
    for what, of, hit in (
        ("should be held: held or flagged", lambda each: each.hold, lambda each: each.raised),
        ("should be held: held", lambda each: each.hold, lambda each: each.held),
        ("clean: held", lambda each: not each.labels, lambda each: each.held),
        ("clean: flagged", lambda each: not each.labels, lambda each: each.action is Action.FLAG),
        ("calls for help: recognised", lambda each: each.help, lambda each: each.action is Action.ALERT),
        ("others taken for help", lambda each: not each.help, lambda each: each.action is Action.ALERT),
    ):
        before, after = (rate([hit(each) for each in results if of(each.example)]) for results in (alone, within))
        yield f"  {what:32} {before!s:38} {after}"


def _results(classifier: Classifier, policy: Policy, found: Sequence[Answer], context: bool) -> list[Result]:
    out = []
    for example, earlier in found:
        case = case_of(example)
        said = tuple(
            EarlierMessage(str(number), "", _APART * (number + 1), text)
            for number, text in enumerate(earlier if context else ())
        )
        job = Job(
            case.id, case.sha256, Channel(case.channel), str(case.direction), case.content,
            context=said, at=_APART * (len(earlier) + 1),
        )  # fmt: skip
        out.append(judged(example, case, classifier.classify([job])[0], policy))
    return out
