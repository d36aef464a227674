"""When a message is shown, and as what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.core.messages.delivery import State
from gateway.core.review.views import RecipientTrace
from gateway.demo.mailboxes import DeliveredCopy
from gateway.demo.message_status import MessageStatus
from gateway.demo.tracked_message import (
    VERDICT_WAIT,
    DemoCounts,
    DemoResult,
    LaterResult,
    TrackedMessage,
    first_result,
    later_results,
)


def tracked(**more: Any) -> TrackedMessage:
    return TrackedMessage(datetime(2026, 2, 3, 9, 30, tzinfo=UTC), 100.0, **more)


def status(action: str = "release", **states: State) -> MessageStatus:
    recipients = tuple(RecipientTrace(name, state, 0.0) for name, state in states.items())
    return MessageStatus("id1", "<m@x>", "s", "title", "staff_to_student", action, recipients)


def copy(recipient: str = "k", gateway_id: str = "") -> DeliveredCopy:
    return DeliveredCopy(recipient, "s", "s", "title", "<m@x>", gateway_id, Path("/box/1.eml"), 0.0)


def test_a_message_is_shown_when_its_result_is_known() -> None:
    followed = tracked(message_id="<m@x>")
    assert first_result(followed, 100.5) is None
    followed.update(status("hold", k=State.RECEIVED))
    assert first_result(followed, 101.0) is None
    followed.update(status("hold", k=State.HELD))
    assert first_result(followed, 101.1) is DemoResult.HELD


def test_a_delivery_is_awaited_for_three_seconds() -> None:
    followed = tracked()
    followed.update(status("flag", k=State.QUEUED))
    assert first_result(followed, 101.0) is None
    assert first_result(followed, 110.0) is DemoResult.FLAGGED
    followed.update(status("flag", k=State.SENT))
    assert first_result(followed, 101.0) is DemoResult.FLAGGED


def test_copies_unknown_to_the_store_are_out_of_scope() -> None:
    followed = tracked()
    followed.add_copy(copy(), 100.1)
    assert first_result(followed, 100.2) is None  # other copies may still arrive
    followed.add_copy(copy("j"), 100.2)
    assert first_result(followed, 101.0) is DemoResult.PASSED
    assert followed.recipients == ("k", "j")
    in_scope = tracked()
    in_scope.add_copy(copy(gateway_id="id1"), 100.1)
    assert first_result(in_scope, 101.0) is None


def test_a_slow_message_is_shown_as_waiting_and_again_with_its_result() -> None:
    followed = tracked(message_id="<m@x>")
    assert first_result(followed, 100 + VERDICT_WAIT) is DemoResult.WAITING
    followed.mark_shown(DemoResult.WAITING)
    assert first_result(followed, 200.0) is None
    assert not followed.finished
    followed.update(status("alert", k=State.SENT))
    assert first_result(followed, 200.0) is DemoResult.ALERTED


def test_an_unknown_action_is_shown_by_its_states() -> None:
    followed = tracked()
    followed.update(status("reject", k=State.REJECTED))
    assert first_result(followed, 101.0) is DemoResult.HELD
    followed.update(status("", k=State.SENT))
    assert first_result(followed, 101.0) is DemoResult.RELEASED


def test_refusals_and_notices_are_shown_at_once() -> None:
    assert first_result(tracked(refusal="452 full"), 100.0) is DemoResult.REFUSED
    assert first_result(tracked(is_notice=True), 100.0) is DemoResult.NOTICE


def test_later_results_of_a_held_message() -> None:
    followed = tracked()
    followed.update(status("hold", k=State.HELD, j=State.HELD, p=State.SENT))
    followed.mark_shown(DemoResult.HELD)
    assert not followed.finished
    assert later_results(followed) == {}
    followed.update(status("hold", k=State.QUEUED, j=State.REJECTED, p=State.SENT))
    assert later_results(followed) == {LaterResult.REJECTED: ("j",)}
    followed.mark_shown(DemoResult.HELD)
    followed.update(status("hold", k=State.SENT, j=State.REJECTED, p=State.SENT))
    assert later_results(followed) == {LaterResult.RELEASED: ("k",)}
    followed.mark_shown(DemoResult.HELD)
    assert followed.finished


def test_a_release_seen_after_its_delivery() -> None:
    followed = tracked()
    followed.update(status("hold", k=State.HELD))
    followed.mark_shown(DemoResult.HELD)
    followed.update(status("hold", k=State.SENT))
    assert later_results(followed) == {LaterResult.RELEASED: ("k",)}


def test_a_message_is_counted_once() -> None:
    counts = DemoCounts(held_before=2)
    counts.add(DemoResult.WAITING, None)
    counts.add(DemoResult.HELD, DemoResult.WAITING)
    counts.add(DemoResult.PASSED, None)
    counts.add(DemoResult.NOTICE, None)
    counts.released_later = 1
    assert (counts.messages, counts.of(DemoResult.WAITING), counts.still_held) == (2, 0, 2)
