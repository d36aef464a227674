"""Decisions by forms: release, reject, discard, hold longer, take, give on, comment; a whole mailing at once; undo."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from gateway.console.auth.authenticator import BrowserSession
from gateway.console.decisions import claims as handling
from gateway.console.decisions.bulk import (  # fmt: skip
    DEEDS_TOGETHER,
    MOST_TOGETHER,
    UNDO_TOGETHER,
    decide_together,
    mailing,
    undo_together,
)
from gateway.console.help.alerts import give_back, judge, take_up
from gateway.console.queue.navigation import back_to, next_of, onward, place_of
from gateway.console.service import UNDO, Desk
from gateway.console.web.deps import Id, Sent, Signed, TheDesk, ThePages, known
from gateway.console.web.errors import Problem
from gateway.console.web.forms import clean_text, read_values
from gateway.stages.moderation import Deed

decision_pages = APIRouter(include_in_schema=False)


def _words(desk: Desk, sent: dict[str, str]) -> str:
    """What the sender is told where it is not the usual: "" for what was left as it was."""
    words = clean_text(sent.get("words", ""), 4000)
    return "" if words == clean_text(sent.get("usual", ""), 4000) else words


async def _decide(desk: Desk, signed: BrowserSession, id_: str, deed: Deed, sent: dict[str, str]) -> Response:
    """Decide, and go on in the list that somebody came from: also where another was first."""
    reason, user = clean_text(sent.get("reason", "")), signed.user
    link = await place_of(desk, user, sent.get("place", ""))
    try:
        await desk.decide(user, id_, deed, reason, after=UNDO, words=_words(desk, sent))
    except Problem as problem:
        if problem.status == 409:
            problem.onward = onward(link, at=await next_of(desk, user, link, id_, sent.get("due", "")))
        problem.back = f"/messages/{id_}{link}"
        raise
    return RedirectResponse(onward(link, done=id_, at=await next_of(desk, user, link, id_, sent.get("due", ""))), 303)


async def _back(desk: Desk, signed: BrowserSession, id_: str, sent: dict[str, str]) -> Response:
    """To where somebody was: beside the list, or on the page of the message. A line there says what was done."""
    link = await place_of(desk, signed.user, sent.get("place", ""))
    return RedirectResponse(back_to(link, id_, sent.get("from", ""), told=True), 303)


@decision_pages.post("/messages/{id}/release")
async def release(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Deliver what is held, unless it is undone in time."""
    return await _decide(desk, signed, id, "release", sent)


@decision_pages.post("/messages/{id}/reject")
async def reject(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Refuse what is held and tell the sender, unless it is undone in time."""
    return await _decide(desk, signed, id, "reject", sent)


@decision_pages.post("/messages/{id}/discard")
async def discard(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Deliver nothing and tell nobody, unless it is undone in time."""
    return await _decide(desk, signed, id, "discard", sent)


@decision_pages.post("/messages/{id}/undo")
async def undo(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Hold again what was decided a moment ago."""
    await desk.undo(signed.user, id)
    return await _back(desk, signed, id, sent)


@decision_pages.post("/messages/{id}/hold")
async def hold(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Hold it longer."""
    seconds = handling.LONGER.get(sent.get("for", ""))
    if seconds is None:
        raise Problem(422, "Choose how much longer it is to be held.")
    await handling.longer(desk, signed.user, id, seconds, clean_text(sent.get("reason", "")))
    return await _back(desk, signed, id, sent)


@decision_pages.post("/messages/{id}/assign")
async def assign(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Take it, give it on, or give it back. The form says who had it when the page was made."""
    to = signed.user.name if sent.get("to") == "me" else sent.get("to", "")
    await handling.assign(desk, signed.user, id, to, sent.get("instead_of", ""), clean_text(sent.get("reason", "")))
    return await _back(desk, signed, id, sent)


@decision_pages.post("/messages/{id}/comments")
async def comment(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Note something about it."""
    await handling.comment(desk, signed.user, id, clean_text(sent.get("text", ""), 4000))
    return await _back(desk, signed, id, sent)


@decision_pages.post("/messages/{id}/withdraw")
async def withdraw(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Take a proposal away."""
    await handling.withdraw(desk, signed.user, id)
    return await _back(desk, signed, id, sent)


@decision_pages.post("/messages/{id}/acknowledge")
async def acknowledge(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Take a call for help up."""
    await take_up(desk, signed.user, id)
    return await _back(desk, signed, id, sent)


@decision_pages.post("/messages/{id}/give-back")
async def return_call(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Nobody has taken a call for help up any more: people are told of it again."""
    await give_back(desk, signed.user, id)
    return await _back(desk, signed, id, sent)


@decision_pages.post("/messages/{id}/call")
async def call(id: Id, signed: Signed, sent: Sent, desk: TheDesk) -> Response:
    """Say that an alert was right, or that the message was no call for help."""
    if sent.get("was") not in ("right", "wrong"):
        raise Problem(422, "Choose whether it was a call for help or none.")
    await judge(desk, signed.user, id, sent["was"] == "right")
    return await _back(desk, signed, id, sent)


# --- a whole mailing -------------------------------------------------------------------------------------------------


@decision_pages.get("/together/{id}")
async def preview(request: Request, id: Id, signed: Signed, desk: TheDesk, shown: ThePages) -> Response:
    """The messages of one mailing, before they are decided together."""
    found = await mailing(desk, signed.user, id)
    return shown.page(
        request, "together.html", signed, mailing=found, most=MOST_TOGETHER,
        usual=desk.default_rejection_text(found.clauses), seconds=UNDO_TOGETHER,
        link=await place_of(desk, signed.user, request.url.query),
    )  # fmt: skip


@decision_pages.post("/together")
async def together(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """Decide on those that were chosen; what could not be decided is named."""
    ids = [known(each) for each in await read_values(request, "id")]
    deed = sent.get("deed", "")
    if deed not in DEEDS_TOGETHER:
        raise Problem(422, "Choose what is to be done: release or reject.")
    reason, words = clean_text(sent.get("reason", "")), _words(desk, sent)
    told = await decide_together(desk, signed.user, ids, deed, reason, words)
    return shown.page(
        request, "together_done.html", signed, deed=deed, done=told.done, left=list(told.left.items()),
        seconds=UNDO_TOGETHER, link=await place_of(desk, signed.user, sent.get("place", "")),
    )  # fmt: skip


@decision_pages.post("/together/undo")
async def take_back(request: Request, signed: Signed, sent: Sent, desk: TheDesk, shown: ThePages) -> Response:
    """Hold again what was decided together a moment ago, as far as it has not left; what has left is named."""
    ids = list(dict.fromkeys(known(each) for each in sent.get("ids", "").split(",") if each))
    back = await undo_together(desk, signed.user, ids)
    return shown.page(
        request, "together_undone.html", signed, back=back, left=[each for each in ids if each not in back],
        link=await place_of(desk, signed.user, sent.get("place", "")),
    )  # fmt: skip
