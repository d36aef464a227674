"""Feedback: the examples that reviewers' decisions give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.channels.capabilities import MAIL
from gateway.core.messages.delivery import State
from gateway.core.messages.parties import Direction
from gateway.core.policy.clauses import HELD
from gateway.core.review.feedback import decision_example, help_example
from gateway.core.review.views import MessageDetail, RecipientTrace, Trace
from gateway.ports.content import header_of, parts_of

CONTENT = b"Subject: Practice\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nStay late.\r\n"


def explained(*recipients: tuple[State, str], clauses: tuple[str, ...] = ("7a", "6")) -> MessageDetail:
    found = tuple(
        RecipientTrace(f"s{at}@x.example", state, 1.0, decided_by=by) for at, (state, by) in enumerate(recipients)
    )
    trace = Trace("01M", "<m@x>", MAIL, Direction.STAFF_TO_STUDENT, "t@x.example", found, "0", "hold", clauses)
    return MessageDetail(
        trace, CONTENT, MAIL, read_header=header_of(MAIL, CONTENT), read_parts=tuple(parts_of(MAIL, CONTENT))
    )


def test_rejected_message_was_held_rightly() -> None:
    row = decision_example(explained((State.REJECTED, "ann")))
    assert row is not None
    assert (row["labels"], row["hold"], row["known"]) == (["7a"], True, ["7a", "hold"])
    assert (row["subject"], row["from"], row["channel"]) == ("Practice", "staff", "mail")
    assert "Stay late." in str(row["text"])


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.BOUNCED])
def test_released_message_should_not_have_been_held(state: State) -> None:
    row = decision_example(explained((state, "ann"), (State.SENT, "policy")))
    assert row is not None
    assert (row["labels"], row["hold"], row["known"]) == ([], False, [*HELD, "hold"])


@pytest.mark.parametrize(
    "of",
    [
        explained((State.SENT, "policy")),
        explained((State.HELD, "")),
        explained((State.SENT, "ann"), (State.REJECTED, "ben")),
        explained((State.HELD, "ann")),
        explained((State.REJECTED, "ann"), clauses=()),
        replace(explained((State.REJECTED, "ann")), content=b"", read_parts=()),
    ],
)
def test_undecided_or_contradicting_decisions_give_no_example(of: MessageDetail) -> None:
    assert decision_example(of) is None


def alerted(direction: Direction = Direction.STUDENT_TO_STAFF) -> MessageDetail:
    sent = explained((State.SENT, "policy"), clauses=())
    return replace(sent, trace=replace(sent.trace, direction=direction, action="alert"))


@pytest.mark.parametrize("right", [True, False])
def test_answer_to_an_alert_is_a_help_label_only(right: bool) -> None:
    row = help_example(alerted(), right)
    assert row is not None
    assert (row["help_seeking"], row["known"], row["labels"], row["hold"]) == (right, ["help"], [], False)
    assert (row["from"], row["id"]) == ("student", "feedback-help-01M")
    assert "Stay late." in str(row["text"])


def test_alert_without_text_or_from_staff_gives_no_example() -> None:
    assert help_example(replace(alerted(), content=b"", read_parts=()), True) is None
    assert help_example(alerted(Direction.STAFF_TO_STUDENT), True) is None
