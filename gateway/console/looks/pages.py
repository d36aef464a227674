"""The form to answer a sender who asks for another look."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from gateway.console.looks.service import MAX_ANSWER
from gateway.console.web.deps import LooksDep, MessageId, NavigationDep, Sent, Signed
from gateway.console.web.forms import clean_text

look_pages = APIRouter(include_in_schema=False)


@look_pages.post("/messages/{id}/look")
async def answer(id: MessageId, signed: Signed, sent: Sent, looks: LooksDep, navigation: NavigationDep) -> Response:
    """Answer the sender."""
    await looks.answer(signed.user, id, clean_text(sent.get("text", ""), MAX_ANSWER))
    return await navigation.return_to_form(signed.user, id, sent)
