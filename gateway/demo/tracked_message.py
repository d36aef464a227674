"""One message as the demo's terminal follows it, from the first sign of it to its final state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.core.messages.delivery import FINAL, State
from gateway.core.policy.decision import Action
from gateway.demo.mailboxes import DeliveredCopy
from gateway.demo.message_status import MessageStatus

VERDICT_WAIT = 8.0
"""Seconds to wait for a verdict before the message is shown as waiting."""

_COPIES_TOGETHER = 0.3  # seconds in which the copies of one message arrive
_DELIVERY_WAIT = 3.0


class DemoResult(StrEnum):
    """What the terminal shows for a message."""

    RELEASED = "release"
    FLAGGED = "flag"
    HELD = "hold"
    ALERTED = "alert"
    PASSED = "passed"  # out of scope: passed through in its own transaction
    REFUSED = "refused"  # the gateway did not accept it
    NOTICE = "notice"  # written by the gateway itself: an alert, a bounce
    WAITING = "waiting"  # accepted, shown before its verdict


_BY_ACTION: Mapping[str, DemoResult] = {action.value: DemoResult(action.value) for action in Action}


class LaterResult(StrEnum):
    """What can happen to a message after it was first shown."""

    RELEASED = "released"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    BOUNCED = "bounced"


@dataclass(slots=True)
class TrackedMessage:
    """One message. `sender` and `recipients` are those of the envelope, as far as they are known.

    `noticed_at` is the wall clock; `noticed` and `last_copy_at` are seconds of the loop's clock. `refusal` is the
    gateway's reply when it accepted nothing. `result` and `states` are what the terminal showed last.
    """

    noticed_at: datetime
    noticed: float
    message_id: str = ""
    id: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    note: str = ""
    is_notice: bool = False
    refusal: str = ""
    status: MessageStatus | None = None
    copies: list[DeliveredCopy] = field(default_factory=list)
    last_copy_at: float = 0.0
    result: DemoResult | None = None
    states: dict[str, State] = field(default_factory=dict)

    def update(self, status: MessageStatus) -> None:
        """Take over what the store knows."""
        self.status = status
        self.id = status.id
        self.message_id = self.message_id or status.message_id
        self.sender = self.sender or status.sender
        self.recipients = tuple(recipient.address for recipient in status.recipients) or self.recipients
        self.subject = self.subject or status.subject

    def add_copy(self, copy: DeliveredCopy, at: float) -> None:
        """Note a copy that was delivered."""
        self.copies.append(copy)
        self.last_copy_at = at
        self.id = self.id or copy.gateway_id
        self.sender = self.sender or copy.sender
        self.subject = self.subject or copy.subject
        if self.status is None and copy.recipient not in self.recipients:
            self.recipients += (copy.recipient,)

    def mark_shown(self, result: DemoResult) -> None:
        """Note that it was shown in its present state. A release counts as shown only once its copy is delivered."""
        self.result = result
        now = {recipient.address: recipient.state for recipient in self.status.recipients} if self.status else {}
        released = {name for name in now if (self.states.get(name), now[name]) == (State.HELD, State.QUEUED)}
        self.states = now | dict.fromkeys(released, State.HELD)

    def copies_for(self, *recipients: str) -> list[DeliveredCopy]:
        """The copies in these recipients' mailboxes; all copies if no recipient is given."""
        wanted = {address.lower() for address in recipients}
        return [copy for copy in self.copies if not wanted or copy.recipient.lower() in wanted]

    @property
    def finished(self) -> bool:
        """Whether nothing more can happen to it."""
        if self.result in (DemoResult.PASSED, DemoResult.REFUSED, DemoResult.NOTICE):
            return True
        return self.result not in (None, DemoResult.WAITING) and set(self.states.values()) <= FINAL


def first_result(message: TrackedMessage, now: float) -> DemoResult | None:
    """What to show for a message that was not shown yet, or only as waiting; None if it is too early."""
    waited = now - message.noticed
    if message.refusal:
        return DemoResult.REFUSED
    if message.is_notice:
        return DemoResult.NOTICE
    if message.status is None and message.copies and (not message.id or waited >= _DELIVERY_WAIT):
        return DemoResult.PASSED if now - message.last_copy_at >= _COPIES_TOGETHER else None
    if message.status is None or not message.status.decided:
        return DemoResult.WAITING if waited >= VERDICT_WAIT and message.result is None else None
    if message.status.addresses_in(State.QUEUED) and waited < _DELIVERY_WAIT:
        return None
    undelivered = message.status.addresses_in(State.HELD, State.REJECTED, State.DISCARDED)
    return _BY_ACTION.get(message.status.action, DemoResult.HELD if undelivered else DemoResult.RELEASED)


def later_results(message: TrackedMessage) -> dict[LaterResult, tuple[str, ...]]:
    """What happened to recipients since the message was shown.

    Call it with a fresh status, then call `mark_shown` again.
    """
    found: dict[LaterResult, tuple[str, ...]] = {}
    for recipient in message.status.recipients if message.status else ():
        before = message.states.get(recipient.address)
        if before is None or before is recipient.state or before in FINAL:
            continue
        match recipient.state:
            case State.SENT:
                result = LaterResult.RELEASED if before is State.HELD else LaterResult.DELIVERED
            case State.REJECTED | State.DISCARDED:
                result = LaterResult.REJECTED
            case State.BOUNCED:
                result = LaterResult.BOUNCED
            case _:
                continue
        found[result] = (*found.get(result, ()), recipient.address)
    return found


@dataclass(slots=True)
class DemoCounts:
    """How many messages had which result.

    `held_before` were held when the demo started; `released_later` and `rejected_later` count decisions on held
    messages since then.
    """

    results: dict[DemoResult, int] = field(default_factory=dict)
    held_before: int = 0
    released_later: int = 0
    rejected_later: int = 0

    def add(self, result: DemoResult, before: DemoResult | None) -> None:
        """Count one more message; one that was counted as waiting moves over."""
        if before is not None:
            self.results[before] -= 1
        self.results[result] = self.of(result) + 1

    def of(self, result: DemoResult) -> int:
        """How many messages had this result."""
        return self.results.get(result, 0)

    @property
    def messages(self) -> int:
        """All messages except the gateway's own notices."""
        return sum(self.results.values()) - self.of(DemoResult.NOTICE)

    @property
    def still_held(self) -> int:
        """Held messages without a decision."""
        return self.held_before + self.of(DemoResult.HELD) - self.released_later - self.rejected_later
