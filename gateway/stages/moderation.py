"""Moderation: a person releases, rejects or discards the held copies of a message. The first decision wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gateway.core.decision import Pending, Ruling, Waiting
from gateway.core.delivery import State
from gateway.core.rulings import discard, reject, release
from gateway.ports import Dispositions, Review

Deed = Literal["release", "reject", "discard"]
_DEEDS = {"release": release, "reject": reject, "discard": discard}


@dataclass(frozen=True, slots=True)
class Moderated:
    """How it ended: the recipients changed now; who had decided before, and to which state, where none was."""

    changed: tuple[str, ...]
    earlier: tuple[Waiting, ...]

    @property
    def first(self) -> Waiting | None:
        """The decision that came first, where this one changed nothing."""
        return next(iter(self.earlier), None) if not self.changed else None


async def moderate(
    store: Dispositions, review: Review, message_id: str, deed: Deed, *, by: str, reason: str,
    may: Callable[[Waiting], bool] | None = None,
) -> Moderated | None:  # fmt: skip
    """Carry out a person's decision on the held recipients that `may` allows; None for an unknown id."""
    now = await review.now()

    def rule(pending: Pending) -> Ruling:
        return _DEEDS[deed](pending, by=by, reason=reason, now=now, may=may)

    (settled,) = await store.settle([(message_id, rule)])
    if settled is None:
        return None
    changed = tuple(change.recipient for change in settled.ruling.changes)
    earlier = tuple(each for each in settled.pending.recipients if each.pairs and each.state is not State.HELD)
    return Moderated(changed, earlier)
