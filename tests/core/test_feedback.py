"""People's decisions as labelled examples: what a release and a rejection say, and what says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.messages.delivery import State
from gateway.core.messages.message import Channel
from gateway.core.messages.parties import Direction
from gateway.core.review.feedback import HOLDING, call_example_of, example_of
from gateway.core.review.views import MessageDetail, RecipientTrace, Trace

CONTENT = b"Subject: Practice\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nStay late.\r\n"


def explained(*recipients: tuple[State, str], clauses: tuple[str, ...] = ("7a", "6")) -> MessageDetail:
    found = tuple(
        RecipientTrace(f"s{at}@x.example", state, 1.0, decided_by=by) for at, (state, by) in enumerate(recipients)
    )
    trace = Trace("01M", "<m@x>", Channel.MAIL, Direction.STAFF_TO_STUDENT, "t@x.example", found, "0", "hold", clauses)
    return MessageDetail(trace, CONTENT, Channel.MAIL)


def test_what_was_rejected_was_held_rightly() -> None:
    row = example_of(explained((State.REJECTED, "ann")))
    assert row is not None
    assert (row["labels"], row["hold"], row["known"]) == (["7a"], True, ["7a", "hold"])
    assert (row["subject"], row["from"], row["channel"]) == ("Practice", "staff", "mail")
    assert "Stay late." in str(row["text"])


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.BOUNCED])
def test_what_was_released_should_not_have_been_held(state: State) -> None:
    row = example_of(explained((state, "ann"), (State.SENT, "policy")))
    assert row is not None
    assert (row["labels"], row["hold"], row["known"]) == ([], False, [*HOLDING, "hold"])


@pytest.mark.parametrize(
    "of",
    [
        explained((State.SENT, "policy")),
        explained((State.HELD, "")),
        explained((State.SENT, "ann"), (State.REJECTED, "ben")),
        explained((State.HELD, "ann")),
        explained((State.REJECTED, "ann"), clauses=()),
        replace(explained((State.REJECTED, "ann")), content=b""),
    ],
)
def test_what_nobody_decided_or_several_differently_says_nothing(of: MessageDetail) -> None:
    assert example_of(of) is None


def alerted(direction: Direction = Direction.STUDENT_TO_STAFF) -> MessageDetail:
    sent = explained((State.SENT, "policy"), clauses=())
    return replace(sent, trace=replace(sent.trace, direction=direction, action="alert"))


@pytest.mark.parametrize("right", [True, False])
def test_what_is_said_of_an_alert_is_a_label_of_help_and_of_nothing_else(right: bool) -> None:
    row = call_example_of(alerted(), right)
    assert row is not None
    assert (row["help_seeking"], row["known"], row["labels"], row["hold"]) == (right, ["help"], [], False)
    assert (row["from"], row["id"]) == ("student", "feedback-help-01M")
    assert "Stay late." in str(row["text"])


def test_an_alert_without_text_or_from_staff_says_nothing() -> None:
    assert call_example_of(replace(alerted(), content=b""), True) is None
    assert call_example_of(alerted(Direction.STAFF_TO_STUDENT), True) is None
