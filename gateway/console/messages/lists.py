"""Lists of messages outside the queue: delivered messages to look at, and what people decided. Newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from gateway.console.auth.authorization import Authorization
from gateway.console.web.pagination import ListPage, ListPosition, listed_position, newest_page
from gateway.core.accounts.account import AccountRole, Right, User
from gateway.core.review.views import ListedMessage
from gateway.ports.clock import StoreClock
from gateway.ports.review import ListStore

DAY = 86400.0
_LIMIT = 200


class MessageLists:
    """The lists of an account: messages of its buildings that cause no conflict of interest."""

    def __init__(self, authorization: Authorization, clock: StoreClock, lists: ListStore) -> None:
        self._authorization, self._clock, self._lists = authorization, clock, lists

    async def delivered(
        self, user: User, action: str, *, days: float, limit: int = _LIMIT, before: ListPosition | None = None
    ) -> ListPage[ListedMessage]:
        """Delivered messages of an action: alert, flag, or hold if the verdict came too late. Raises a Problem."""
        await self._authorization.require(user, Right.QUEUE)
        now = await self._clock.now()

        async def fetch(position: ListPosition, batch: int) -> Sequence[ListedMessage]:
            return await self._lists.delivered(action, now - days * DAY, position, batch)

        visible = partial(self._authorization.visible_messages, user)
        return await newest_page(fetch, visible, listed_position, before or (now + DAY, ""), limit)

    async def decided(
        self, user: User, *, days: float, limit: int = _LIMIT, before: ListPosition | None = None
    ) -> ListPage[ListedMessage]:
        """What people decided, without subjects for roles that see no content. Raises a Problem."""
        is_auditor = user.role is AccountRole.AUDITOR
        await self._authorization.require(user, Right.AUDIT if is_auditor else Right.QUEUE)
        now = await self._clock.now()

        async def fetch(position: ListPosition, batch: int) -> Sequence[ListedMessage]:
            return await self._lists.decided(now - days * DAY, position, batch)

        visible = partial(self._authorization.visible_messages, user)
        page = await newest_page(fetch, visible, listed_position, before or (now + DAY, ""), limit)
        if user.may(Right.CONTENT):
            return page
        return replace(page, items=[replace(message, subject="") for message in page.items])
