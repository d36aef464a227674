"""Moderation: a person releases, rejects or discards the held copies of a message. The first decision wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from gateway.core.messages.delivery import State
from gateway.core.policy.decision import AuditEntry, PendingMessage, RecipientStatus, Transition, TransitionRule
from gateway.core.policy.transitions import discard, reject, release
from gateway.core.policy.transitions import hold_longer as longer
from gateway.ports.clock import StoreClock
from gateway.ports.messages import DispositionStore
from gateway.ports.review import UndoStore

Deed = Literal["release", "reject", "discard"]
_DEEDS = {"release": release, "discard": discard}


@dataclass(frozen=True, slots=True)
class Moderated:
    """How it ended: the recipients changed now; who had decided before, and to which state, where none was."""

    changed: tuple[str, ...]
    earlier: tuple[RecipientStatus, ...]
    channel: str
    clauses: tuple[str, ...]

    @property
    def first(self) -> RecipientStatus | None:
        """The decision that came first, where this one changed nothing."""
        return next(iter(self.earlier), None) if not self.changed else None


async def moderate(
    dispositions: DispositionStore, clock: StoreClock, message_id: str, deed: Deed, *, by: str, reason: str,
    may: Callable[[RecipientStatus], bool] | None = None, after: float = 0.0, words: str = "",
) -> Moderated | None:  # fmt: skip
    """Carry out a person's decision on the held recipients that `may` allows; None for an unknown id.

    It takes effect `after` so many seconds, and until then `undo` takes it back. `words`: for the sender of what is
    rejected, instead of the usual ones.
    """
    now = await clock.now()

    def rule(pending: PendingMessage) -> Transition:
        if deed == "reject":
            return replace(reject(pending, by, reason, now, may, words), after=after)
        return replace(_DEEDS[deed](pending, by=by, reason=reason, now=now, may=may), after=after)

    return await _ruled(dispositions, message_id, rule, may)


async def hold_longer(
    dispositions: DispositionStore, clock: StoreClock, message_id: str, seconds: float, *, by: str, reason: str,
    may: Callable[[RecipientStatus], bool] | None = None,
) -> Moderated | None:  # fmt: skip
    """Give the held recipients that `may` allows a new due time; None for an unknown id."""
    now = await clock.now()
    return await _ruled(dispositions, message_id, lambda seen: longer(seen, by, reason, now, may, seconds), may)


async def _ruled(
    dispositions: DispositionStore, message_id: str, rule: TransitionRule, may: Callable[[RecipientStatus], bool] | None
) -> Moderated | None:
    (settled,) = await dispositions.apply([(message_id, rule)])
    if settled is None:
        return None
    changed = tuple(change.recipient for change in settled.ruling.changes)
    theirs = [each for each in settled.pending.recipients if each.pairs and (may is None or may(each))]
    earlier = tuple(each for each in theirs if each.state is not State.HELD)
    decisions = [each.decision for each in theirs if each.decision is not None]
    clauses = tuple(dict.fromkeys(clause for decision in decisions for clause in decision.clauses))
    return Moderated(changed, earlier, settled.pending.channel, clauses)


async def undo(undo_store: UndoStore, clock: StoreClock, message_id: str, *, by: str) -> tuple[str, ...]:
    """Take one's own decision back while nothing of it has left; the recipients that are held again."""
    return await undo_store.hold_again(
        message_id, by, AuditEntry(await clock.now(), by, "decision taken back", message_id)
    )
