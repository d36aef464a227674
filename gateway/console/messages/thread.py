"""The conversation around a message, over both channels, and how it goes on before and after that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from gateway.console.service import NEIGHBOURS, Desk
from gateway.core.accounts.account import User
from gateway.core.review.views import ConversationMessage, MessageDetail

PAGE = 30
"""Messages of one page of a conversation."""
Beyond = tuple[float, str]
"""A place in a conversation: the time and the id of the last message that was shown."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A stretch of a conversation; `earlier` and `later` are where it goes on, None where it does not."""

    explained: MessageDetail
    said: Sequence[ConversationMessage]
    earlier: Beyond | None
    later: Beyond | None


async def talk(desk: Desk, user: User, id_: str, beyond: Beyond | None = None, *, earlier: bool = True) -> Thread:
    """The conversation around a message or, on one side of a place in it, further on. The view is on record."""
    explained = await desk.explained(user, id_, "conversation")
    if beyond is None:
        said = await desk.store.around(id_, NEIGHBOURS)
    else:
        said = await desk.store.further(id_, beyond, PAGE, earlier=earlier)
    ends = await further_of(desk, id_, said) if said else (None, None)
    return Thread(explained, desk.near(user, said), *ends)


async def further_of(desk: Desk, id_: str, said: Sequence[ConversationMessage]) -> tuple[Beyond | None, Beyond | None]:
    """Where a stretch of a conversation goes on before it, and after it."""
    first, last = (said[0].at, said[0].id), (said[-1].at, said[-1].id)
    before = await desk.store.further(id_, first, 1, earlier=True)
    after = await desk.store.further(id_, last, 1, earlier=False)
    return first if before else None, last if after else None


def place_text(beyond: Beyond) -> str:
    """A place as a URL has it."""
    return f"{beyond[0]!r}~{beyond[1]}"


def read_place(text: str) -> Beyond | None:
    """The place of a URL; None for none, and for what is none."""
    at, _, id_ = text.partition("~")
    try:
        time = float(at)
    except ValueError:
        return None
    return (time, id_) if isfinite(time) and id_ else None
