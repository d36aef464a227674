"""Labelled messages with what the classifier says of them and what the policy would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.pipeline.explain import Case, case_of_row, decision_of
from classifiers.pipeline.pipeline import Classifier
from classifiers.training.examples import Example, Progress
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action
from gateway.core.policy.policy import Policy


@dataclass(frozen=True, slots=True)
class Result:
    """One example with what was said of it and what the policy would do."""

    example: Example
    verdict: Verdict
    action: Action
    clauses: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether it would be kept back."""
        return self.action is Action.HOLD

    @property
    def raised(self) -> bool:
        """Whether an administrator would hear of it: held, or delivered and listed."""
        return self.action in (Action.HOLD, Action.FLAG)


def results(
    classifier: Classifier, examples: Sequence[Example], policy: Policy, progress: Progress | None = None
) -> list[Result]:
    """Every example classified, from bytes to the policy's word."""
    out: list[Result] = []
    for at in range(0, len(examples), 64):
        batch = examples[at : at + 64]
        cases = [case_of(each) for each in batch]
        for each, case, verdict in zip(batch, cases, classifier.classify(cases), strict=True):
            out.append(judged(each, case, verdict, policy))
        if progress is not None:
            progress("classifying", len(out), len(examples))
    return out


def judged(example: Example, case: Case, verdict: Verdict, policy: Policy) -> Result:
    """An example with its verdict, and what the policy makes of it."""
    decision = decision_of(case, verdict, policy)
    return Result(example, verdict, decision.action, decision.clauses)


def case_of(example: Example) -> Case:
    """An example as a message."""
    row = {"id": example.id, "text": example.text, "subject": example.subject, "channel": example.channel}
    return case_of_row(row | {"from": example.sender})
