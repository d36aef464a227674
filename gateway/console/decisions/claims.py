"""What can be done with a message short of deciding it: claim it, assign it, comment, hold it longer."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from gateway.console.auth.authorization import Authorization
from gateway.console.messages.mask_names import NameMasking
from gateway.console.messages.names import Names
from gateway.console.policy.service import PolicyService
from gateway.console.queue.cache import HeldQueue
from gateway.console.web.errors import Problem, already_decided, not_found, reason_missing
from gateway.console.web.labels import local_time
from gateway.core.accounts.account import Right, User
from gateway.core.cases.case import Assignment, CaseFile, LegalHold, note_entry
from gateway.core.policy.decision import AuditEntry, RecipientStatus
from gateway.core.review.views import Trace
from gateway.ports.accounts import AccountStore
from gateway.ports.audit import AuditStore
from gateway.ports.cases import CaseStore, LegalHoldStore
from gateway.ports.clock import StoreClock
from gateway.ports.flags import FlagStore
from gateway.ports.messages import DispositionStore
from gateway.ports.review import ClaimStore, ReviewState
from gateway.stages.moderation import hold_longer

HOLD_LONGER = {"1h": 3600.0, "4h": 4 * 3600.0, "1d": 86400.0, "3d": 3 * 86400.0, "7d": 7 * 86400.0}
"""How much longer a message can be held at a time, in seconds."""


@dataclass(frozen=True, slots=True)
class ReviewOfMessage:
    """What the reviewers of a message know about it; `names` are as the account sees them."""

    trace: Trace
    names: Names
    state: ReviewState
    cases: list[CaseFile]
    legal_hold: LegalHold | None


class ClaimService:
    """Claims, comments and due times of held messages."""

    def __init__(
        self, authorization: Authorization, masking: NameMasking, queue: HeldQueue, policy: PolicyService,
        local_time: StoreClock, dispositions: DispositionStore, claims: ClaimStore, accounts: AccountStore,
        audit: AuditStore, cases: CaseStore, legal_holds: LegalHoldStore, flags: FlagStore, zone: ZoneInfo,
    ) -> None:  # fmt: skip
        self._authorization, self._masking, self._queue, self._policy = authorization, masking, queue, policy
        self._clock, self._dispositions, self._claims = local_time, dispositions, claims
        self._accounts, self._audit, self._zone = accounts, audit, zone
        self._cases, self._legal_holds, self._flags = cases, legal_holds, flags

    async def review(self, user: User, id_: str) -> ReviewOfMessage:
        """Who claimed a message, what was proposed, its cases and legal hold. Raises a Problem."""
        await self._authorization.require(user, Right.QUEUE, id_)
        trace = await self._authorization.visible_message(user, id_)
        await self._authorization.require_no_conflict(user, trace, "look at the review")
        return ReviewOfMessage(
            trace,
            await self._masking.names_of(user, trace),
            await self._claims.review_state(id_),
            await self._authorization.visible_cases(user, await self._cases.of_message(id_)),
            (await self._legal_holds.of_messages([id_])).get(id_),
        )

    async def colleagues(self, trace: Trace) -> list[User]:
        """The accounts that may decide on a message."""
        return [user for user in await self._accounts.list_all() if self._authorization.may_decide(user, trace)]

    async def assign(self, user: User, id_: str, to: str, instead_of: str | None, reason: str = "") -> None:
        """Assign a message that is held, or that people should look at, to an account, or to nobody with "".

        `instead_of` is the account that is thought to have it, None for whichever has it. The policy may ask for a
        reason to assign it to somebody else or to take it from them; claiming a free message and giving it back need
        none. Raises a Problem, also if another account has the message.
        """
        trace = await self._authorization.message_to_decide(user, id_, "assign")
        held = any(recipient.state == "held" for recipient in trace.recipients)
        if not held and all(item.outcome is not None for item in await self._flags.of(id_)):
            raise Problem(409, "This message is neither held nor flagged any more: there is nothing to take.")
        if to and to not in {colleague.name for colleague in await self.colleagues(trace)}:
            raise Problem(422, f"{to} cannot decide on this message: choose somebody of its building, or a director.")
        if not reason and await self._needs_reason(trace, "assign"):
            if instead_of is None:
                assignment = (await self._claims.review_state(id_)).assignment
                instead_of = assignment.user if assignment is not None else ""
            if to != instead_of and not {to, instead_of} <= {"", user.name}:
                raise reason_missing("assign")
        now = await self._clock.now()
        act = "taken" if to == user.name else "assigned" if to else "given back"
        entry = AuditEntry(now, user.name, act, id_, {"to": to, **({"reason": reason} if reason else {})})
        holder = await self._claims.assign(id_, Assignment(to, user.name, now), instead_of, entry)
        if holder is not None:
            raise Problem(409, f"{holder or 'Nobody'} has this message now. Load the page again to see it.")

    async def comment(self, user: User, id_: str, text: str) -> None:
        """Write a comment about a message, for those who look at it later. Raises a Problem."""
        await self._authorization.message_to_decide(user, id_, "comment")
        if not text:
            raise Problem(422, "The comment is empty: write something.")
        await self._audit.record([note_entry(await self._clock.now(), user.name, id_, text)])

    def latest_due_time(self, trace: Trace) -> float:
        """When a message is due at the latest, however often it is held longer: by the policy in force."""
        return trace.received_at + self._policy.current.review.put_off

    async def hold_longer(self, user: User, id_: str, seconds: float, reason: str) -> tuple[str, ...]:
        """Give the held copies of the account's buildings a new due time; the recipients. Raises a Problem."""
        trace = await self._authorization.message_to_decide(user, id_, "hold longer")
        if not reason and await self._needs_reason(trace, "hold"):
            raise reason_missing("hold")
        latest = self.latest_due_time(trace)
        if await self._clock.now() + seconds > latest:
            raise Problem(
                422,
                f"The policy lets this message be put off until {local_time(latest, self._zone)} at most: "
                "choose a shorter time, or decide it.",
            )

        def may(recipient: RecipientStatus) -> bool:
            return self._authorization.sees_pairs(user, recipient.pairs)

        done = await hold_longer(
            self._dispositions, self._clock, id_, seconds, by=user.name, reason=reason, may=may
        )  # fmt: skip
        if done is None:
            raise not_found(id_)
        if not done.changed:
            raise already_decided(done.first, hides_names=self._authorization.hides_names(user))
        return done.changed

    async def withdraw(self, user: User, id_: str) -> None:
        """Take a proposal away: one's own or, as the second person, another's. Raises a Problem."""
        await self._authorization.message_to_decide(user, id_, "withdraw")
        entry = AuditEntry(await self._clock.now(), user.name, "proposal taken away", id_)
        if not await self._claims.withdraw(id_, entry):
            raise Problem(409, "There is no proposal any more.")

    async def _needs_reason(self, trace: Trace, action: str) -> bool:
        entry = await self._queue.entry(trace.id)
        return self._policy.requirements(entry.message.clauses if entry else trace.clauses, action).reason
