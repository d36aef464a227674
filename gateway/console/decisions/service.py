"""Decisions on held messages: release, reject, discard, and undo. The first decision wins."""

from __future__ import annotations

from collections.abc import Callable

from gateway.console.auth.authorization import Authorization
from gateway.console.decisions.two_person import TwoPersonRule
from gateway.console.policy.service import PolicyService
from gateway.console.queue.cache import HeldQueue
from gateway.console.web.errors import Problem, already_decided, not_found, reason_missing
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import Proposal
from gateway.core.messages.delivery import State
from gateway.core.policy.decision import RecipientStatus
from gateway.observability.events import EventLog
from gateway.ports.clock import StoreClock
from gateway.ports.messages import DispositionStore
from gateway.ports.review import ClaimStore, UndoStore
from gateway.stages.moderation import ModerationResult, ReviewAction, moderate, undo

UNDO_SECONDS = 5.0
"""How long a decision on a page can be undone before it takes effect."""


class DecisionService:
    """Decides for accounts that may."""

    def __init__(
        self, authorization: Authorization, queue: HeldQueue, policy: PolicyService, two_person: TwoPersonRule,
        clock: StoreClock, dispositions: DispositionStore, claims: ClaimStore, undo_store: UndoStore,
        event_log: EventLog, decided: Callable[[], None],
    ) -> None:  # fmt: skip
        self._authorization, self._queue, self._policy, self._two_person = authorization, queue, policy, two_person
        self._clock, self._dispositions, self._claims = clock, dispositions, claims
        self._undo_store, self._event_log, self._decided = undo_store, event_log, decided

    async def decide(
        self, user: User, id_: str, action: ReviewAction, reason: str, *, after: float = 0.0, words: str = ""
    ) -> ModerationResult | Proposal:
        """Release, reject or discard the held copies of a message that belong to the account's buildings.

        It takes effect `after` some seconds. `words` go to the sender of what is rejected. The result is a Proposal if
        the policy wants two people and this is the first. Raises a Problem if the account may not decide, if a reason
        is missing, or if somebody decided first.
        """
        trace = await self._authorization.message_to_decide(user, id_, action)
        entry = await self._queue.entry(id_)
        clauses = entry.message.clauses if entry else trace.clauses
        needs = self._policy.requirements(clauses, action)
        deciders = [user]
        if entry is not None and needs.reason and not reason:
            raise reason_missing(action)
        if entry is not None and needs.second:
            mine = Proposal(action, user.name, 0.0, reason, words)
            proposal, first = await self._two_person.propose(user, trace, mine)
            if proposal.by == user.name:
                return proposal
            deciders.append(first)
            reason = "; ".join(filter(None, (f"{proposal.by}: {proposal.reason}" if proposal.reason else "", reason)))
            words = words or proposal.words
        words = words or self._policy.default_rejection_text(clauses)
        known = set(entry.message.clauses) if entry else set()

        def may(recipient: RecipientStatus) -> bool:
            """A verdict may have come since the queue was read: new clauses may need a reason or a second person."""
            current = recipient.decision.clauses if recipient.decision else ()
            unchanged = recipient.state is not State.HELD or (entry is not None and known.issuperset(current))
            return unchanged and all(self._authorization.sees_pairs(decider, recipient.pairs) for decider in deciders)

        done = await moderate(
            self._dispositions, self._clock, id_, action, by=user.name, reason=reason, may=may, after=after,
            words=words,
        )  # fmt: skip
        if done is None:
            raise not_found(id_)
        if not done.changed:
            raise already_decided(done.first, hides_names=self._authorization.hides_names(user))
        if (entry is not None and entry.review.proposal is not None) or needs.second:
            await self._claims.withdraw(id_, None)
        self._event_log.decided(id_, done.channel, action, len(done.changed), done.clauses, (), None, user.name)
        self._decided()
        return done

    async def undo(self, user: User, id_: str) -> tuple[str, ...]:
        """Hold again what this account decided a moment ago; the recipients. Raises a Problem if it has left."""
        await self._authorization.require(user, Right.DECIDE, id_)
        await self._authorization.visible_message(user, id_)
        held_again = await undo(self._undo_store, self._clock, id_, by=user.name)
        if not held_again:
            raise Problem(409, "It is too late to undo this: it has left, or was decided by somebody else.")
        self._event_log.decision_undone(id_)
        return held_again
