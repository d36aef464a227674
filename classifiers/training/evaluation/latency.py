"""How early grooming is raised in whole conversations, and how often innocent ones are.

F-latency: Farig Sadeque, Dongfang Xu and Steven Bethard, "Measuring the Latency of Depression Detection in Social
Media", WSDM 2018, https://doi.org/10.1145/3159652.3159725. The F1 of conversations is multiplied by 1 minus the median
penalty of those that are found. The penalty of the k-th message is -1 + 2 / (1 + exp(-p (k - 1))). Here k counts from
the first message that an adult would call grooming, which is 1; an earlier alarm counts as 1 too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from statistics import median

from classifiers.pipeline.classifier import Classifier
from classifiers.pipeline.reply_context import CONTEXT_MESSAGES
from classifiers.training.evaluation.replies import classify_after
from classifiers.training.evaluation.results import ExampleResult
from classifiers.training.examples.labeled import CONVERSATIONS, CORPUS, Example, evaluation_file
from gateway.core.policy.clauses import SEXUAL
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy

HALF_LATE = 6
"""The message, counted from the first that is grooming, at which an alarm is worth half."""

IsRaised = Callable[[ExampleResult], bool]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A whole conversation. `first` is the number of its first message that is grooming, from 1; None if innocent.

    A slow one begins with messages that are unusual but not plainly wrong.
    """

    id: str
    first: int | None
    messages: tuple[Example, ...]
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Latency:
    """What is found of conversations. `messages_late` are those from the first grooming one on, for each found one."""

    found: int
    grooming: int
    raised: int
    innocent: int
    early: int
    messages_late: tuple[int, ...]

    @property
    def f1(self) -> float:
        """The F1 of grooming conversations."""
        return 2 * self.found / max(self.found + self.raised + self.grooming, 1)

    @property
    def f_latency(self) -> float:
        """F1 times the median of how early the found ones are raised; 0 if none is found."""
        return self.f1 * (1 - median(map(penalty, self.messages_late))) if self.messages_late else 0.0

    def __str__(self) -> str:
        at = f"{median(self.messages_late) - 1:g}" if self.messages_late else "-"
        return (
            f"{self.found} of {self.grooming} found, {self.early} of them before the first; median messages after it "
            f"{at}; innocent raised {self.raised} of {self.innocent}; F1 {self.f1:.2f}, F-latency {self.f_latency:.2f}"
        )


def penalty(number: float) -> float:
    """The penalty of an alarm at a message, counted from the first that is grooming, which is 1: from 0 up to 1."""
    return -1 + 2 / (1 + exp(-log(3) / (HALF_LATE - 1) * (number - 1)))


def load_conversations(corpus: Path = CORPUS) -> list[Conversation]:
    """The conversations, in both channels. Their messages have no labels of their own."""
    path = evaluation_file(CONVERSATIONS, corpus)
    rows = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line)
    return [
        Conversation(
            row["id"],
            row["first"],
            tuple(
                Example(
                    f"{row['id']}-{number}", message["text"], message.get("subject", ""), message["channel"],
                    message["from"], frozenset(), "", row["lang"], False, path.stem,
                )
                for number, message in enumerate(row["messages"], 1)
            ),
            bool(row.get("slow")),
        )
        for row in rows
    ]  # fmt: skip


def latency_report(
    classifier: Classifier, policy: Policy, conversations: Sequence[Conversation] | None = None
) -> Iterator[str]:
    """How early conversations are raised, message by message alone and with the messages before."""
    chosen = load_conversations() if conversations is None else conversations
    messages = sum(len(conversation.messages) for conversation in chosen)
    yield f"whole conversations, {len(chosen)} with {messages} messages: how early grooming is raised"
    alarms = {context: [_read(classifier, policy, one, context) for one in chosen] for context in (0, CONTEXT_MESSAGES)}
    for title, slow in (("begins openly", False), ("begins slowly", True)):
        for context, results in alarms.items():
            group = [
                (one, read) for one, read in zip(chosen, results, strict=True) if one.slow is slow or not one.first
            ]
            for alarm, is_raised in _ALARMS.items():
                found = latency([one for one, _ in group], [read for _, read in group], is_raised)
                yield f"  {title}, {_TITLES[bool(context)]:13} {alarm:24} {found}"
    for context, results in alarms.items():
        innocent = [read for one, read in zip(chosen, results, strict=True) if one.first is None]
        alerted = sum(any(result.action is Action.ALERT for result in read) for read in innocent)
        yield f"  innocent, {_TITLES[bool(context)]:17} a student's message alerted in {alerted} of {len(innocent)}"


_TITLES = ("alone", "with context")


def _read(classifier: Classifier, policy: Policy, conversation: Conversation, context: int) -> list[ExampleResult]:
    """Every message of a conversation, after `context` messages before it."""
    texts = [message.text for message in conversation.messages]
    return [
        classify_after(classifier, policy, message, texts[max(0, at - context) : at])
        for at, message in enumerate(conversation.messages)
    ]


_ALARMS: dict[str, IsRaised] = {
    "held": lambda result: result.held,
    "held or flagged for 7a": lambda result: result.reported and SEXUAL in result.clauses,
    "held or flagged at all": lambda result: result.reported,
}


def latency(
    conversations: Sequence[Conversation], read: Sequence[Sequence[ExampleResult]], is_raised: IsRaised
) -> Latency:
    """What is found, by this alarm, of conversations whose messages were classified."""
    first_alarms = [
        next((number for number, result in enumerate(results, 1) if is_raised(result)), None) for results in read
    ]
    grooming = [(one.first, at) for one, at in zip(conversations, first_alarms, strict=True) if one.first is not None]
    innocent = [at for one, at in zip(conversations, first_alarms, strict=True) if one.first is None]
    found = [(first, at) for first, at in grooming if at is not None]
    return Latency(
        len(found), len(grooming), sum(at is not None for at in innocent), len(innocent),
        sum(at < first for first, at in found), tuple(max(1, at - first + 1) for first, at in found),
    )  # fmt: skip
