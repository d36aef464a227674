"""Messages that ask for attention until somebody takes them: urgent ones that were delivered, and those of distress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.names import PersonView, person_view
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.messages.delivery import State
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.policy.urgency import AttentionKind
from gateway.ports.clock import StoreClock
from gateway.ports.urgency import AttentionMessage, UrgencyStore

TAKEN, GIVEN_BACK = "attention taken", "attention given back"
_LIMIT, _MAX_RECIPIENTS = 500, 5
_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class AttentionRow:
    """A message that asks for attention, as its list shows it."""

    message: AttentionMessage
    sender: PersonView
    recipients: tuple[PersonView, ...]


class UrgencyService:
    """What asks for the attention of an account."""

    def __init__(
        self, authorization: Authorization, urgency: UrgencyStore, directory: ConsoleDirectory, clock: StoreClock
    ) -> None:  # fmt: skip
        self._authorization, self._urgency = authorization, urgency
        self._directory, self._clock = directory, clock

    async def urgent(self, user: User, *, delivered: bool = False) -> list[AttentionRow]:
        """Urgent messages that nobody has taken; only those that were `delivered`, if wanted. Raises a Problem.

        Those that are held stand first in the queue.
        """
        await self._authorization.require(user, Right.QUEUE)
        found = await self._urgency.open(AttentionKind.URGENT, _LIMIT)
        return self._rows(user, [message for message in found if not (delivered and _is_held(message))])

    async def distress(self, user: User, *, days: float) -> list[AttentionRow]:
        """Messages of distress: those that nobody has looked at, the earliest due first, then the others."""
        await self._authorization.require(user, Right.QUEUE)
        now = await self._clock.now()
        waiting = await self._urgency.open(AttentionKind.DISTRESS, _LIMIT)
        taken = await self._urgency.taken(AttentionKind.DISTRESS, now - days * _DAY, _LIMIT)
        return self._rows(user, [*waiting, *taken])

    async def take(self, user: User, id_: str) -> None:
        """Take a message: nobody gets further notices of it. Raises a Problem if somebody else did first."""
        await self._authorization.message_to_decide(user, id_, "take")
        first = "nobody"
        for kind in AttentionKind:
            entry = AuditEntry(await self._clock.now(), user.name, TAKEN, id_, {"what": kind.value})
            answer = await self._urgency.take(id_, kind, user.name, entry)
            if answer is None or answer == user.name:
                return
            first = answer or first
        if first == "nobody":
            raise Problem(409, "This message does not ask for attention.")
        raise Problem(409, f"{first} took this message first. Speak with them before you do something.")

    async def give_back(self, user: User, id_: str) -> None:
        """Give a message back, so that people get notices again: by who took it, or by a director. Raises a Problem."""
        await self._authorization.message_to_decide(user, id_, "give back")
        is_director = user.role is AccountRole.TECHNOLOGY_DIRECTOR
        for kind in AttentionKind:
            entry = AuditEntry(await self._clock.now(), user.name, GIVEN_BACK, id_, {"what": kind.value})
            if await self._urgency.give_back(id_, kind, None if is_director else user.name, entry):
                return
        raise Problem(409, "You have not taken this message.")

    def _rows(self, user: User, messages: Sequence[AttentionMessage]) -> list[AttentionRow]:
        visible = {
            listed.trace.id
            for listed in self._authorization.visible_messages(user, [message.listed for message in messages])
        }
        return [
            AttentionRow(
                message,
                person_view(message.listed.trace.sender, self._directory),
                tuple(
                    person_view(to.address, self._directory) for to in message.listed.trace.recipients[:_MAX_RECIPIENTS]
                ),
            )
            for message in messages
            if message.listed.trace.id in visible
        ]


def _is_held(message: AttentionMessage) -> bool:
    return any(copy.state is State.HELD for copy in message.listed.trace.recipients)
