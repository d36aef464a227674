"""People's decisions as labelled examples: what a release and a rejection say, and what says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.delivery import State
from gateway.core.feedback import HOLDING, call_of, example_of
from gateway.core.message import Channel
from gateway.core.moderation import Explained, Trace, Whereabouts
from gateway.core.parties import Direction

CONTENT = b"Subject: Practice\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nStay late.\r\n"


def explained(*recipients: tuple[State, str], clauses: tuple[str, ...] = ("7a", "6")) -> Explained:
    found = tuple(
        Whereabouts(f"s{at}@x.example", state, 1.0, decided_by=by) for at, (state, by) in enumerate(recipients)
    )
    trace = Trace("01M", "<m@x>", Channel.MAIL, Direction.STAFF_TO_STUDENT, "t@x.example", found, "0", "hold", clauses)
    return Explained(trace, CONTENT, Channel.MAIL)


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
def test_what_nobody_decided_or_several_differently_says_nothing(of: Explained) -> None:
    assert example_of(of) is None


def alerted(action: str = "alert") -> Explained:
    of = explained((State.SENT, "policy"), clauses=())
    return replace(of, trace=replace(of.trace, action=action, direction=Direction.STUDENT_TO_STAFF))


def test_a_closed_case_says_whether_an_alert_was_a_call_for_help() -> None:
    right, wrong = call_of(alerted(), "law_enforcement"), call_of(alerted(), "unfounded")
    assert right is not None
    assert wrong is not None
    assert (right["help_seeking"], right["hold"], right["labels"], right["known"]) == (
        True,
        False,
        [],
        ["help", "hold"],
    )
    assert (wrong["help_seeking"], wrong["known"], wrong["from"]) == (False, ["help"], "student")


def test_an_open_case_and_one_of_no_alert_say_nothing_of_help() -> None:
    assert call_of(alerted(), "") is None
    assert call_of(alerted(action="hold"), "unfounded") is None
    assert call_of(replace(alerted(), content=b""), "unfounded") is None
