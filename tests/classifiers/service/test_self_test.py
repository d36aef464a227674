"""The self-test passes for the shipped model and fails for a useless one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from classifiers.pipeline.classifier import Classifier, load
from classifiers.service import self_test as self_test
from gateway.core.messages.verdict import Finding, Verdict


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load()


def test_the_self_test_passes(classifier: Classifier) -> None:
    assert self_test.failures(classifier) == ()


def test_the_self_test_fails_for_constant_scores() -> None:
    class Fixed:
        def __init__(self, score: float) -> None:
            self.score = score

        def classify(self, jobs: Sequence[self_test.SelfTestMessage]) -> list[Verdict]:
            found = tuple(Finding(clause, self.score, "fixed") for clause in ("7a", "7b", "7d", "7e"))
            return [Verdict(job.id, job.sha256, "fixed", findings=found, help=self.score) for job in jobs]

    assert len(self_test.failures(Fixed(0.0))) == sum(
        finding.expected != "clean" for finding in self_test.SELF_TEST_MESSAGES
    )
    assert len(self_test.failures(Fixed(1.0))) == sum(
        finding.expected == "clean" for finding in self_test.SELF_TEST_MESSAGES
    )
