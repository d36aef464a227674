"""Requests for another look: the list for those who may decide on the messages, and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.names import PersonView, person_view
from gateway.console.web.errors import Problem
from gateway.core.accounts.account import Right, User
from gateway.core.messages.followup import Followup, FollowupKind
from gateway.core.policy.authorization import ConsoleDirectory
from gateway.core.policy.decision import AuditEntry
from gateway.core.review.views import Trace
from gateway.core.serialization.json_fields import rfc3339
from gateway.ports.cases import CaseStore
from gateway.ports.clock import StoreClock
from gateway.ports.review import RequestKind, SenderRequest, SenderStore

ANSWERED = "another look answered"
MAX_ANSWER = 2000
_LIMIT = 500


@dataclass(frozen=True, slots=True)
class LookRow:
    """A request for another look, with where its message is. `sender` is None where names are hidden."""

    request: SenderRequest
    trace: Trace
    sender: PersonView | None


class LookService:
    """What senders ask of an account that decides."""

    def __init__(
        self, authorization: Authorization, directory: ConsoleDirectory, clock: StoreClock, senders: SenderStore,
        cases: CaseStore,
    ) -> None:  # fmt: skip
        self._authorization, self._directory, self._clock = authorization, directory, clock
        self._senders, self._cases = senders, cases

    async def open(self, user: User) -> list[LookRow]:
        """Requests that nobody has answered, the oldest first. Raises a Problem."""
        await self._authorization.require(user, Right.QUEUE)
        requests = await self._senders.open_looks(_LIMIT)
        traces = await self._cases.traces({request.message for request in requests}) if requests else {}
        hidden = self._authorization.hides_names(user)
        return [
            LookRow(request, trace, None if hidden else person_view(trace.sender, self._directory))
            for request in requests
            if (trace := traces.get(request.message)) is not None and self._authorization.may_decide(user, trace)
        ]

    async def of(self, id_: str) -> SenderRequest | None:
        """The request about a message, answered or not."""
        requests: Sequence[SenderRequest] = (await self._senders.of([id_])).get(id_, ())
        return next((request for request in requests if request.kind is RequestKind.LOOK), None)

    async def answer(self, user: User, id_: str, words: str) -> None:
        """Answer the sender, who gets a notice and reads the words on the page of their own messages. Raises a Problem.

        It decides nothing: a held message stays held.
        """
        trace = await self._authorization.message_to_decide(user, id_, "answer the sender")
        request = await self.of(id_)
        if request is None or request.answered_at is not None:
            raise Problem(409, "Nobody asks for another look at this message, or somebody has answered.")
        if not words:
            raise Problem(422, "Write your answer: the sender reads it.")
        now = await self._clock.now()
        body = {"received_at": rfc3339(trace.received_at), "at": rfc3339(now), "people": [request.person]}
        followups = [Followup(FollowupKind.LOOK_ANSWERED, id_, body)]
        if not await self._senders.answer(id_, user.name, words, followups, AuditEntry(now, user.name, ANSWERED, id_)):
            raise Problem(409, "Somebody has answered this request first.")
