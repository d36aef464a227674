"""Lists of messages as pages: delivered messages to look at, and what people decided."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from gateway.console.messages.names import PersonView
from gateway.console.messages.reveal_names import NameAccess
from gateway.console.web.deps import ListsDep, NamesDep, PagesDep, Signed
from gateway.core.accounts.account import User
from gateway.core.review.views import ListedMessage, RecipientTrace

list_pages = APIRouter(include_in_schema=False)

_DAYS = 30
_MAX_RECIPIENTS, _MAX_DECIDED = 6, 3
_LISTS = (("late", "hold"), ("flagged", "flag"), ("help", "alert"))
"""The lists of delivered messages, by the action of the policy."""


@dataclass(frozen=True, slots=True)
class ListItem:
    """One row. Of the copies in `decided`, templates show the state and never the address."""

    message: ListedMessage
    sender: PersonView
    recipients: list[PersonView]
    decided: list[RecipientTrace]


def _item(names_access: NameAccess, user: User, message: ListedMessage) -> ListItem:
    names, trace = names_access.names_in_list(user, message.trace), message.trace
    return ListItem(
        names.listed(message),
        names.person(trace.sender),
        [names.person(recipient.address) for recipient in trace.recipients[:_MAX_RECIPIENTS]],
        [recipient for recipient in trace.recipients if recipient.decided_by][:_MAX_DECIDED],
    )


@list_pages.get("/delivered")
async def delivered(request: Request, signed: Signed, lists: ListsDep, names: NamesDep, pages: PagesDep) -> Response:
    """Delivered messages in which something was found."""
    found = {
        name: [
            _item(names, signed.user, message)
            for message in (await lists.delivered(signed.user, action, days=_DAYS)).items
        ]
        for name, action in _LISTS
    }
    return pages.page(request, "delivered.html", signed, lists=found, days=_DAYS)


@list_pages.get("/decided")
async def decided(request: Request, signed: Signed, lists: ListsDep, names: NamesDep, pages: PagesDep) -> Response:
    """What people decided recently: who and what."""
    page = await lists.decided(signed.user, days=_DAYS)
    items = [_item(names, signed.user, message) for message in page.items]
    return pages.page(request, "decided.html", signed, items=items, days=_DAYS)
