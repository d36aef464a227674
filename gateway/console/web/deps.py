"""Who asks for a page and with which form: what every page of ours is given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from gateway.console.auth.authenticator import Authenticator, SignedIn
from gateway.console.service import Desk
from gateway.console.templating import Pages, SetUpFirst, SignInFirst
from gateway.console.web.errors import not_found
from gateway.console.web.forms import MESSAGE_ID, read_form

_BEFORE_A_STEP = ("/account/codes", "/account/passkeys", "/sign-out")
"""What somebody may do who owes a second step, beside seeing the page of the account."""


async def signed_in(request: Request) -> SignedIn:
    """Who is signed in. Raises SignInFirst."""
    door: Authenticator = request.app.state.door
    signed = await door.browser(request)
    if signed is None:
        raise SignInFirst
    if signed.owes_step and request.url.path != "/account" and not request.url.path.startswith(_BEFORE_A_STEP):
        raise SetUpFirst
    request.state.signed = signed
    return signed


async def form_sent(request: Request, signed: Annotated[SignedIn, Depends(signed_in)]) -> dict[str, str]:
    """The fields of a form that comes from a page of ours."""
    door: Authenticator = request.app.state.door
    sent = await read_form(request)
    door.check_form(request, sent.get("form", ""), signed.form)
    return sent


def the_desk(request: Request) -> Desk:
    """The desk of this application."""
    desk: Desk = request.app.state.desk
    return desk


def the_pages(request: Request) -> Pages:
    """The templates of this application."""
    shown: Pages = request.app.state.pages
    return shown


def known(id: str) -> str:
    """An id that a message can have."""
    if not MESSAGE_ID.fullmatch(id):
        raise not_found()
    return id


Signed = Annotated[SignedIn, Depends(signed_in)]
Sent = Annotated[dict[str, str], Depends(form_sent)]
TheDesk = Annotated[Desk, Depends(the_desk)]
ThePages = Annotated[Pages, Depends(the_pages)]
Id = Annotated[str, Depends(known)]
