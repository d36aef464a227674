"""Turns of texts: a student's next text does not wait for one that the next hop goes on refusing.

Texts of a conversation leave in order, so that one that an application cannot process would keep back all later ones
for a day, any of which may be a call for help. One that was not offered at all keeps its turn: the next hop is down.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable

from gateway.core.messages.message import Message
from gateway.core.messages.parties import Direction
from gateway.ports.messages import StoreDown

EndTurn = Callable[[str, int], Awaitable[None]]
"""Ends the turn of a text for the recipient at a position. See gateway.ports.channels.SmsPartStore."""

REFUSALS = 3
"""How often a text is refused before it loses its turn: an application that starts again gets its texts in order."""


def is_by_student(message: Message) -> bool:
    """Whether a student wrote the text to staff."""
    return any(pair.direction is Direction.STUDENT_TO_STAFF for pair in message.relation.pairs)


async def end_refused_turn(message: Message, position: int, attempts: int, end_turn: EndTurn) -> None:
    """End the turn of a text that was just refused for now, after so many earlier `attempts`, if it is a student's."""
    if attempts + 1 >= REFUSALS and is_by_student(message):
        with contextlib.suppress(StoreDown):
            await end_turn(message.id, position)
