"""Rows of the queue as its page shows them: people by name or pseudonym."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.messages.names import Names, PairView, PersonView
from gateway.console.queue.index import QueueEntry
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.review.views import HeldMessage
from gateway.ports.review import ReviewState

MAX_ROWS = 300
"""Rows of one page. A filter shows the others."""
_MAX_RECIPIENTS = 6


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One row of the queue. `similar`: how many more near-duplicates of the message are in the list."""

    message: HeldMessage
    sender: PersonView
    recipients: tuple[PersonView, ...]
    pairs: tuple[PairView, ...]
    review: ReviewState
    similar: int = 0


def queue_rows(
    items: Sequence[tuple[QueueEntry, int]], directory: ConsoleDirectory, *, hide_names: bool
) -> list[QueueRow]:
    """The rows of a list. Near-duplicates share the row of the first of them."""
    return [
        _row(entry, similar, Names(directory, hidden=hide_names).add_held(entry.message)) for entry, similar in items
    ]


def _row(entry: QueueEntry, similar: int, names: Names) -> QueueRow:
    message = entry.message
    return QueueRow(
        names.held(message),
        names.person(message.sender),
        tuple(names.person(address) for address in message.recipients[:_MAX_RECIPIENTS]),
        names.pairs(message.relation.pairs, 1),
        entry.review,
        similar,
    )
