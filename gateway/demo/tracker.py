"""Follows every message that reaches the gateway and shows it once its result is known.

The demo announces its own samples. Other mail is noticed when it arrives in a mailbox or is held. Held messages are
followed until somebody decides, in the console or from another terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from gateway.core.messages.delivery import State
from gateway.demo.mailboxes import DeliveredCopy
from gateway.demo.message_status import StatusLookup
from gateway.demo.phones import SampleText, short_title
from gateway.demo.tracked_message import (
    DemoCounts,
    DemoResult,
    LaterResult,
    TrackedMessage,
    first_result,
    later_results,
)
from gateway.demo.traffic import SampleMail
from gateway.ports.messages import StoreDown

_BUSY = 0.1
_IDLE = 1.0


class Display(Protocol):
    """What shows messages: the screen, or a recorder in tests."""

    def show(self, message: TrackedMessage, result: DemoResult) -> None:
        """Show a message with its result."""

    def show_change(
        self, message: TrackedMessage, result: LaterResult, recipients: Sequence[str], at: datetime
    ) -> None:
        """Show what happened to a message that was shown before."""

    def show_counts(self, counts: DemoCounts) -> None:
        """Show how many messages there were."""


class MessageTracker:
    """All messages that are not finished. `notices` is the sender address of the gateway's own messages."""

    def __init__(self, lookup: StatusLookup, display: Display, clock: Callable[[], datetime], notices: str) -> None:
        self._lookup, self._display, self._clock, self._notices = lookup, display, clock, notices
        self._messages: list[TrackedMessage] = []
        self._changed = asyncio.Event()
        self._shown = asyncio.Condition()
        self._held: frozenset[str] = frozenset()
        self._held_at = float("-inf")
        self.counts = DemoCounts()

    async def begin(self) -> None:
        """Follow messages that an earlier run left held; they are shown when somebody decides."""
        with suppress(StoreDown):
            await self._refresh_held()
            for message in self._messages:
                message.mark_shown(DemoResult.HELD)
            self.counts.held_before = len(self._messages)
            self._display.show_counts(self.counts)

    def announce(self, sample: SampleMail) -> TrackedMessage:
        """Follow a sample mail from before it is sent."""
        return self._add(
            TrackedMessage(
                self._clock(), _now(), message_id=sample.message_id, sender=sample.sender,
                recipients=sample.recipients, subject=sample.subject, note=sample.note,
            )
        )  # fmt: skip

    def announce_text(self, text: SampleText) -> TrackedMessage:
        """Follow a sample text from before it is sent."""
        return self._add(
            TrackedMessage(
                self._clock(), _now(), sender=text.sender, recipients=(text.recipient,),
                subject=short_title(text.text), note=f"text: {text.note}",
            )
        )  # fmt: skip

    def delivered(self, copy: DeliveredCopy) -> None:
        """A copy arrived in a mailbox or on a phone."""
        message = self._find(copy.message_id, copy.gateway_id)
        if message is None:
            message = self._add(TrackedMessage(self._clock(), _now(), message_id=copy.message_id))
            message.is_notice = copy.author == self._notices and not copy.sender
        message.add_copy(copy, _now())
        self._changed.set()

    async def wait_shown(self, message: TrackedMessage, within: float) -> None:
        """Wait until a message was shown, at most `within` seconds."""
        self._changed.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(within), self._shown:
                await self._shown.wait_for(lambda: message.result is not None)

    async def run(self) -> None:
        """Look and show until cancelled."""
        while True:
            with suppress(StoreDown):  # the gateway logs it; the next look tries again
                await self._look()
            async with self._shown:
                self._shown.notify_all()
            busy = any(
                message.result is not DemoResult.HELD or State.QUEUED in message.states.values()
                for message in self._messages
            )
            with suppress(TimeoutError):
                async with asyncio.timeout(_BUSY if busy else _IDLE):
                    await self._changed.wait()
            self._changed.clear()

    async def _look(self) -> None:
        await self._refresh_held()
        for message in list(self._messages):
            if self._may_have_changed(message):
                status = await self._lookup.status(id=message.id, message_id=message.message_id)
                if status is not None:
                    message.update(status)
            self._show(message)
        self._messages = [message for message in self._messages if not message.finished]

    def _may_have_changed(self, message: TrackedMessage) -> bool:
        if message.is_notice:
            return False
        still_held = (
            message.result is DemoResult.HELD
            and message.id in self._held
            and State.QUEUED not in message.states.values()
        )
        # A copy for a held recipient means a release, even while other recipients stay held.
        held = [address for address, state in message.states.items() if state is State.HELD]
        return not still_held or bool(held and message.copies_for(*held))

    async def _refresh_held(self) -> None:
        """Look once a second at what is held; follow held messages that nobody announced."""
        if _now() - self._held_at < _IDLE:
            return
        held = frozenset(await self._lookup.held_ids())
        for id in sorted(held - self._held):
            status = None if self._find("", id) else await self._lookup.status(id=id)
            if status is not None:
                message = self._find(status.message_id, id) or self._add(TrackedMessage(self._clock(), _now()))
                message.update(status)
        self._held, self._held_at = held, _now()

    def _show(self, message: TrackedMessage) -> None:
        if message.result in (None, DemoResult.WAITING):
            result = first_result(message, _now())
            if result is None:
                return
            self._display.show(message, result)
            self.counts.add(result, message.result)
            message.mark_shown(result)
        else:
            later = later_results(message)
            if not later:
                return
            for change, recipients in later.items():
                self._display.show_change(message, change, recipients, self._clock())
                self.counts.released_later += change is LaterResult.RELEASED
                self.counts.rejected_later += change is LaterResult.REJECTED
            message.mark_shown(message.result)
        self._display.show_counts(self.counts)

    def _add(self, message: TrackedMessage) -> TrackedMessage:
        self._messages.append(message)
        self._changed.set()
        return message

    def _find(self, message_id: str, id: str) -> TrackedMessage | None:
        for message in self._messages:
            if (id and message.id == id) or (message_id and message.message_id == message_id):
                return message
        return None


def _now() -> float:
    return asyncio.get_running_loop().time()
