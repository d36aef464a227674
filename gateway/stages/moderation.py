"""Moderation: a reviewer releases, rejects or discards the held copies of a message. The first decision wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from gateway.core.messages.delivery import State
from gateway.core.notices.sender_rules import with_release_notice
from gateway.core.policy import transitions
from gateway.core.policy.decision import AuditEntry, PendingMessage, RecipientStatus, Transition, TransitionRule
from gateway.ports.clock import StoreClock
from gateway.ports.messages import DispositionStore
from gateway.ports.review import UndoStore

ReviewAction = Literal["release", "reject", "discard"]
_TRANSITIONS = {"release": transitions.release, "discard": transitions.discard}


@dataclass(frozen=True, slots=True)
class ModerationResult:
    """The result of a decision: the recipients changed, and those that were decided `earlier`."""

    changed: tuple[str, ...]
    earlier: tuple[RecipientStatus, ...]
    channel: str
    clauses: tuple[str, ...]

    @property
    def first(self) -> RecipientStatus | None:
        """The earlier decision, if this one changed nothing."""
        return next(iter(self.earlier), None) if not self.changed else None


async def moderate(
    dispositions: DispositionStore, clock: StoreClock, message_id: str, action: ReviewAction, *, by: str, reason: str,
    may: Callable[[RecipientStatus], bool] | None = None, after: float = 0.0, words: str = "",
) -> ModerationResult | None:  # fmt: skip
    """Apply a decision to the held recipients that `may` allows. None for an unknown id.

    It takes effect `after` seconds, and until then `undo` takes it back. `words`: text for the sender of a rejected
    message, instead of the default one.
    """
    now = await clock.now()

    def rule(pending: PendingMessage) -> Transition:
        if action == "reject":
            return replace(transitions.reject(pending, by, reason, now, may, words), delay=after)
        decided = _TRANSITIONS[action](pending, by=by, reason=reason, now=now, allowed=may)
        return with_release_notice(replace(decided, delay=after), pending, now)

    return await _apply(dispositions, message_id, rule, may)


async def hold_longer(
    dispositions: DispositionStore, clock: StoreClock, message_id: str, seconds: float, *, by: str, reason: str,
    may: Callable[[RecipientStatus], bool] | None = None,
) -> ModerationResult | None:  # fmt: skip
    """Give the held recipients that `may` allows a new due time. None for an unknown id."""
    now = await clock.now()

    def rule(pending: PendingMessage) -> Transition:
        return transitions.hold_longer(pending, by, reason, now, may, seconds)

    return await _apply(dispositions, message_id, rule, may)


async def _apply(
    dispositions: DispositionStore, message_id: str, rule: TransitionRule, may: Callable[[RecipientStatus], bool] | None
) -> ModerationResult | None:
    (settled,) = await dispositions.apply([(message_id, rule)])
    if settled is None:
        return None
    changed = tuple(change.recipient for change in settled.transition.changes)
    recipients = [
        recipient for recipient in settled.pending.recipients if recipient.pairs and (may is None or may(recipient))
    ]
    earlier = tuple(recipient for recipient in recipients if recipient.state is not State.HELD)
    decisions = [recipient.decision for recipient in recipients if recipient.decision is not None]
    clauses = tuple(dict.fromkeys(clause for decision in decisions for clause in decision.clauses))
    return ModerationResult(changed, earlier, settled.pending.channel, clauses)


async def undo(undo_store: UndoStore, clock: StoreClock, message_id: str, *, by: str) -> tuple[str, ...]:
    """Take back one's own decision while nothing has been sent. The recipients that are held again."""
    return await undo_store.hold_again(
        message_id, by, AuditEntry(await clock.now(), by, "decision taken back", message_id)
    )
