"""The forms to take a message that asks for attention, and to give it back."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from gateway.console.web.deps import MessageId, NavigationDep, Sent, Signed, UrgencyDep

urgency_pages = APIRouter(include_in_schema=False)


@urgency_pages.post("/messages/{id}/take")
async def take(id: MessageId, signed: Signed, sent: Sent, urgency: UrgencyDep, navigation: NavigationDep) -> Response:
    """Take a message that asks for attention."""
    await urgency.take(signed.user, id)
    return await navigation.return_to_form(signed.user, id, sent)


@urgency_pages.post("/messages/{id}/leave")
async def leave(id: MessageId, signed: Signed, sent: Sent, urgency: UrgencyDep, navigation: NavigationDep) -> Response:
    """Give it back, so that people get notices again."""
    await urgency.give_back(signed.user, id)
    return await navigation.return_to_form(signed.user, id, sent)
