"""F-latency of conversations: how early they are raised counts, and innocent ones that are raised count against it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from classifiers.training.evaluation.latency import HALF_LATE, Conversation, latency, load_conversations, penalty
from classifiers.training.evaluation.results import ExampleResult
from gateway.core.messages.verdict import Verdict
from gateway.core.policy.decision import Action
from tests.classifiers.training.made_examples import make_example


def _conversation(first: int | None, alarms: Sequence[int]) -> tuple[Conversation, list[ExampleResult]]:
    messages = tuple(make_example(str(number), "text") for number in range(1, 13))
    results = [
        ExampleResult(message, Verdict("x", "0", "made"), Action.HOLD if number in alarms else Action.RELEASE, ())
        for number, message in enumerate(messages, 1)
    ]
    return Conversation("made", first, messages), results


def _latency(*cases: tuple[int | None, Sequence[int]]) -> tuple[float, float]:
    conversations, results = zip(*(_conversation(first, alarms) for first, alarms in cases), strict=True)
    found = latency(conversations, results, lambda result: result.held)
    return found.f1, found.f_latency


def test_penalty_rises_from_nothing_to_half() -> None:
    assert penalty(1) == 0
    assert penalty(HALF_LATE) == pytest.approx(0.5)
    assert penalty(2) < penalty(3) < penalty(100) <= 1


def test_alarm_at_or_before_the_first_message_costs_nothing() -> None:
    assert _latency((3, [3]), (3, [1]), (None, [])) == (1.0, 1.0)


def test_late_alarms_cost_and_only_the_first_alarm_counts() -> None:
    assert _latency((3, [8, 9]), (None, [])) == pytest.approx((1.0, 0.5))


def test_missed_and_innocent_conversations_lower_f1() -> None:
    assert _latency((3, [3]), (3, []), (None, [5]), (None, [])) == (0.5, 0.5)
    assert _latency((3, []), (None, [])) == (0.0, 0.0)


def test_the_shipped_conversations_are_complete() -> None:
    conversations = load_conversations()
    assert len({one.id for one in conversations}) == len(conversations)
    grooming = [one for one in conversations if one.first is not None]
    assert len(grooming) >= 20
    assert len(conversations) - len(grooming) >= 20
    for one in conversations:
        assert {message.channel for message in one.messages} <= {"mail", "sms"}
        assert 8 <= len(one.messages) <= 16
    assert all(one.messages[(one.first or 1) - 1].sender == "staff" for one in grooming)
