"""Pages of one's own messages, and of the link by mail that opens them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.authenticator import BrowserSession
from gateway.console.auth.cookies import check_form
from gateway.console.mine.service import MAX_SUBJECT, MAX_TEXT, MAX_WORDS
from gateway.console.mine.words import words_in
from gateway.console.templating import Pages
from gateway.console.web.deps import AuthenticatorDep, LinksDep, MessageId, MineDep, PagesDep, Sent, Signed
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text, read_form
from gateway.console.web.languages import LANGUAGES, language_of

mine_pages = APIRouter(include_in_schema=False)


def _page(
    request: Request, pages: Pages, template: str, signed: BrowserSession | None, status: int = 200, **values: object
) -> Response:  # fmt: skip
    language = language_of(request)
    return pages.page(
        request, template, signed, status, lang=language, languages=LANGUAGES, t=words_in(language), **values
    )


@mine_pages.get("/mine")
async def own_messages(request: Request, signed: Signed, pages: PagesDep, mine: MineDep) -> Response:
    """Where one's own messages are, and why one was not delivered. No content, no verdict."""
    person, found = await mine.all(signed.user)
    return _page(request, pages, "mine.html", signed, found=found, person=person)


@mine_pages.get("/mine/message/{id}")
async def own_text(request: Request, id: MessageId, signed: Signed, pages: PagesDep, mine: MineDep) -> Response:
    """The text of one's own message that was not delivered, in a form to correct it."""
    return _page(request, pages, "own_text.html", signed, own=await mine.read(signed.user, id))


@mine_pages.post("/mine/message/{id}/again")
async def send_again(id: MessageId, signed: Signed, sent: Sent, mine: MineDep) -> Response:
    """Send a corrected text."""
    subject = clean_text(sent.get("subject", ""), MAX_SUBJECT)
    await mine.send_again(signed.user, id, subject, clean_text(sent.get("text", ""), MAX_TEXT))
    return RedirectResponse("/mine", 303)


@mine_pages.post("/mine/message/{id}/anyway")
async def send_anyway(id: MessageId, signed: Signed, sent: Sent, mine: MineDep) -> Response:
    """Send a message unchanged that was returned with a question."""
    await mine.send_anyway(signed.user, id)
    return RedirectResponse("/mine", 303)


@mine_pages.post("/mine/message/{id}/look")
async def ask(id: MessageId, signed: Signed, sent: Sent, mine: MineDep) -> Response:
    """Ask reviewers for another look."""
    await mine.ask(signed.user, id, clean_text(sent.get("words", ""), MAX_WORDS))
    return RedirectResponse("/mine", 303)


# the link by mail


@mine_pages.get("/mine/sign-in")
async def link_page(request: Request, authenticator: AuthenticatorDep, pages: PagesDep, links: LinksDep) -> Response:
    """The form that asks for a link."""
    return _link_form(request, authenticator, pages, enabled=links.enabled)


@mine_pages.post("/mine/sign-in")
async def send_link(request: Request, authenticator: AuthenticatorDep, pages: PagesDep, links: LinksDep) -> Response:
    """Send a link by mail, to a staff member only. The answer is the same for every address."""
    form = await read_form(request)
    check_form(request, form.get("form", ""), authenticator.cookies.form_secret(request))
    await links.send(request, form.get("address", ""))
    return _link_form(request, authenticator, pages, enabled=True, sent=True)


@mine_pages.get("/mine/link/{secret}")
async def open_link(
    request: Request, secret: Annotated[str, Path(max_length=200)], authenticator: AuthenticatorDep, pages: PagesDep,
    links: LinksDep,
) -> Response:  # fmt: skip
    """A button: programs that look at links in mail must not use them up."""
    return _link_form(request, authenticator, pages, enabled=links.enabled, secret=secret)


@mine_pages.post("/mine/link")
async def use_link(request: Request, authenticator: AuthenticatorDep, links: LinksDep) -> Response:
    """Sign in with a link, once."""
    form, cookies = await read_form(request), authenticator.cookies
    check_form(request, form.get("form", ""), cookies.form_secret(request))
    session = await links.sign_in(request, form.get("secret", ""))
    response = RedirectResponse("/mine", 303)
    cookies.set_session(request, response, session)
    return response


def _link_form(
    request: Request, authenticator: AuthenticatorDep, pages: Pages, *, enabled: bool, sent: bool = False,
    secret: str = "",
) -> Response:  # fmt: skip
    if not enabled:
        raise Problem(404, "There is no such page.")
    form_secret = authenticator.cookies.new_form_secret(request)
    response = _page(
        request, pages, "own_link.html", None, sent=sent, secret=secret, form_secret=form_secret,
        service=request.app.state.sign_in_service is not None,
    )  # fmt: skip
    authenticator.cookies.set_form_secret(response, form_secret)
    return response
