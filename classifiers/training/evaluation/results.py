"""Labeled messages with their verdicts and the policy's decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.pipeline.classifier import Classifier
from classifiers.pipeline.explain import StandaloneMessage, decide_message, message_from_row
from classifiers.training.examples.labeled import Example, Progress
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """One example with its verdict and the policy's decision."""

    example: Example
    verdict: Verdict
    action: Action
    clauses: tuple[str, ...]
    reasons: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """Whether the message would be held."""
        return self.action is Action.HOLD

    @property
    def reported(self) -> bool:
        """Whether reviewers would see it: held, or delivered and flagged."""
        return self.action in (Action.HOLD, Action.FLAG)


def classify_examples(
    classifier: Classifier, examples: Sequence[Example], policy: Policy, progress: Progress | None = None
) -> list[ExampleResult]:
    """Classify every example, from bytes to the policy's decision."""
    out: list[ExampleResult] = []
    for at in range(0, len(examples), 64):
        batch = examples[at : at + 64]
        cases = [message_from_example(example) for example in batch]
        for example, case, verdict in zip(batch, cases, classifier.classify(cases), strict=True):
            out.append(example_result(example, case, verdict, policy))
        if progress is not None:
            progress("classifying", len(out), len(examples))
    return out


def example_result(example: Example, case: StandaloneMessage, verdict: Verdict, policy: Policy) -> ExampleResult:
    """An example with its verdict and the policy's decision."""
    decision = decide_message(case, verdict, policy)
    return ExampleResult(example, verdict, decision.action, decision.clauses, decision.reasons)


def message_from_example(example: Example) -> StandaloneMessage:
    """An example as a message."""
    row = {"id": example.id, "text": example.text, "subject": example.subject, "channel": example.channel}
    return message_from_row(row | {"from": example.sender})
