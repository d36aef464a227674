"""Ordinary talk is not held in bulk, and a student in danger is told apart from one in distress.

The messages are those of the corpus that the shipped model has not learned from. The bounds are loose: the exact
figures are those of the card, and these tests fail where a class of errors comes back.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from classifiers.pipeline.classifier import load
from classifiers.training.evaluation.results import ExampleResult, classify_examples
from classifiers.training.examples.labeled import CALIBRATION, CORPUS, TEST, assign_folds, read_examples
from gateway import policies
from gateway.core.messages.parties import Direction
from gateway.core.policy.decision import Action
from gateway.core.policy.urgency import DISTRESS

ORDINARY = ("short_ordinary_talk", "classroom_utterances_style", "ordinary_staff_talk", "ordinary_student_talk")
NEED = ("student_danger_distress_neither", "students_second_author", "contrast_danger_distress_neither")
NO_VERDICT = {Direction.STAFF_TO_STUDENT: Action.HOLD, Direction.STUDENT_TO_STAFF: Action.FLAG}


@pytest.fixture(scope="module")
def results() -> list[ExampleResult]:
    """What the shipped model and policy do with messages of these files that it has hardly learned from."""
    corpus = [example for name in (*ORDINARY, *NEED) for example in read_examples(CORPUS / f"{name}.jsonl")]
    unseen = [
        example for example, fold in zip(corpus, assign_folds(corpus, 1), strict=True) if fold in (TEST, CALIBRATION)
    ]
    return classify_examples(load(), unseen, policies.read(None, NO_VERDICT))


def _share(results: Sequence[ExampleResult], action: Action) -> float:
    return sum(one.action is action for one in results) / len(results)


def _of(results: Sequence[ExampleResult], files: Sequence[str]) -> list[ExampleResult]:
    return [one for one in results if one.example.source in files]


@pytest.mark.parametrize("sender", ["staff", "student"])
def test_ordinary_talk_is_not_held(results: list[ExampleResult], sender: str) -> None:
    talk = [one for one in _of(results, ORDINARY) if one.example.sender == sender and not one.example.labels]
    talk = [one for one in talk if not one.example.hard]
    assert len(talk) > 150
    assert _share(talk, Action.HOLD) <= 0.015
    assert _share(talk, Action.ALERT) <= 0.08
    assert _share(talk, Action.FLAG) <= 0.05


def test_danger_is_told_from_distress_and_from_neither(results: list[ExampleResult]) -> None:
    students = [one for one in _of(results, NEED) if one.example.sender == "student"]
    danger = [one for one in students if one.example.help]
    distress = [one for one in students if one.example.distress]
    neither = [one for one in students if not (one.example.help or one.example.distress)]
    assert min(map(len, (danger, distress, neither))) > 100
    certain = [one for one in danger if one.example.degree != "borderline"]
    assert _share(certain, Action.ALERT) >= 0.88  # they are far more veiled than those of a district
    assert _share([*certain, *distress], Action.HOLD) == 0.0
    assert _share(distress, Action.ALERT) < _share(danger, Action.ALERT)
    noticed = [one for one in distress if one.action is Action.ALERT or DISTRESS in one.reasons]
    assert len(noticed) >= 0.8 * len(distress)
    assert _share(neither, Action.ALERT) < _share(distress, Action.ALERT)


def test_a_verdict_names_cues_of_distress(results: list[ExampleResult]) -> None:
    flagged = [one for one in _of(results, NEED) if DISTRESS in one.reasons]
    cues = {finding.cue for one in flagged for finding in one.verdict.findings if finding.clause == DISTRESS}
    assert cues & {"fear", "sadness", "overwhelmed", "loneliness", "loss", "self_blame"}
